import type { TransactionSql } from 'postgres';
import { IMPORTED_ORGANIZATION_ID } from '#db/tables/catalog.ts';
import { buildLayout, type SeatingPlanDraft } from '../layout.ts';
import { seatFlags } from '../seat-features-rules.ts';
import type { VenueRecord } from './catalog-records.ts';
import { copyLines } from './copy-statements.ts';
import { nameBasedId } from './name-based-id.ts';

/** The id of the venue's current plan. Another capacity or another chart is another plan. */
export const planIdOf = (venue: Pick<VenueRecord, 'key' | 'planKey'>): string =>
  nameBasedId(`plan/${venue.key}/${venue.planKey}`);

/** Publishes the venue's plan as its next version, unless it exists already. Returns how many seats were written. */
export async function publishPlan(tx: TransactionSql, venueId: string, venue: VenueRecord): Promise<number> {
  const planId = planIdOf(venue);
  const [existing] = await tx`select 1 from seating_plans where id = ${planId}`;
  if (existing) return 0;
  const draft = venue.draftPlan();
  const sectionIds = draft.sections.map((section) => nameBasedId(`section/${planId}/${section.label}`));
  const layout = await buildLayout({ planId, sectionIds, draft });
  await tx`
    insert into seating_plans (id, organization_id, venue_id, version, seat_count, layout_hash, layout)
    values (${planId}, ${IMPORTED_ORGANIZATION_ID}, ${venueId},
            (select coalesce(max(version), 0) + 1 from seating_plans where venue_id = ${venueId}),
            ${layout.seatCount}, ${layout.hash}, ${layout.gzip})`;
  const own = ownTiersBySection(draft);
  const sections = draft.sections.map(({ label, tierLabel }, position) => ({
    id: sectionIds[position],
    position,
    label,
    tier_label: tierLabel,
    seat_tier_labels: [...(own[position] ?? [])],
  }));
  await tx`
    insert into sections (id, plan_id, position, label, tier_label, seat_tier_labels)
    select id, ${planId}, position, label, tier_label, seat_tier_labels
    from jsonb_to_recordset(${tx.json(sections)})
      as section(id uuid, position integer, label text, tier_label text, seat_tier_labels text[])`;
  await copySeats(tx, { planId, sectionIds, draft });
  return layout.seatCount;
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

type PlanSeats = { planId: string; sectionIds: readonly string[]; draft: SeatingPlanDraft };

async function copySeats(tx: TransactionSql, plan: PlanSeats): Promise<void> {
  const copy = tx`
    copy venue_seats (plan_id, seat_no, section_id, row_label, seat_label, x, y, accessible, restricted_view)
    from stdin`;
  await copyLines(copy, seatLines(plan));
}

const SEATS_PER_CHUNK = 2_000;

/** COPY's text format, some thousand lines at a time: a write per line would take longer than PostgreSQL does. */
function* seatLines({ planId, sectionIds, draft: { seats } }: PlanSeats): Generator<string> {
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
