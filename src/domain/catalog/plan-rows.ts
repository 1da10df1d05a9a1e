import { countsBySection, type PublishedPlan, type SeatingPlanDraft } from './layout.ts';
import { seatFlags } from './seat-features-rules.ts';

/** A row of `sections`, without its plan. */
export type SectionRow = {
  readonly id: string | undefined;
  readonly position: number;
  readonly label: string;
  readonly tier_label: string;
  readonly seat_tier_labels: readonly string[];
  readonly kind?: 'GENERAL_ADMISSION';
  readonly places?: number;
};

/** The rows of the sections of a plan. */
export function sectionRows({ sectionIds, draft }: PublishedPlan): SectionRow[] {
  const own = ownTiersBySection(draft);
  const counts = countsBySection(draft.seats.section, draft.sections.length);
  return draft.sections.map(({ label, tierLabel, kind }, position) => ({
    id: sectionIds[position],
    position,
    label,
    tier_label: tierLabel,
    seat_tier_labels: [...(own[position] ?? [])],
    ...(kind && { kind, places: counts[position] ?? 0 }),
  }));
}

/** For each section the tiers of seats that do not have the section's tier. */
function ownTiersBySection({ sections, seats, tiers = [] }: SeatingPlanDraft): ReadonlySet<string>[] {
  const own = sections.map(() => new Set<string>());
  for (const [seatNo, tier] of (seats.tier ?? []).entries()) {
    const label = tiers[tier - 1];
    if (label !== undefined) own[seats.section[seatNo] ?? -1]?.add(label);
  }
  return own;
}

const SEATS_PER_CHUNK = 2_000;

/**
 * The rows of the seats of a plan in COPY's text format, some thousand lines at a time: a write per line would take longer
 * than PostgreSQL does.
 */
export function* seatLines({ planId, sectionIds, draft: { seats } }: PublishedPlan): Generator<string> {
  let chunk = '';
  for (const [seatNo, x] of seats.x.entries()) {
    const flags = seats.flags[seatNo] ?? 0;
    const columns = [
      planId,
      seatNo,
      sectionIds[seats.section[seatNo] ?? -1],
      escaped(seats.row[seatNo]),
      escaped(seats.label[seatNo]),
      x,
      seats.y[seatNo],
      (flags & (seatFlags.accessible | seatFlags.stepFree)) !== 0,
      (flags & seatFlags.restrictedView) !== 0,
    ];
    chunk += `${columns.join('\t')}\n`;
    if ((seatNo + 1) % SEATS_PER_CHUNK === 0) {
      yield chunk;
      chunk = '';
    }
  }
  if (chunk) yield chunk;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** COPY would interpret backslash, tab and line ends. */
function escaped(text = ''): string {
  return text.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? character);
}
