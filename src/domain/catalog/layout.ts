import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { createGzip, gunzip } from 'node:zlib';
import { encodeGlobalId, encodeSeatId } from '#domain/global-id-rules.ts';
import type { PlanSection, Point, SeatingPlan } from './seating-plan.ts';

const gunzipAsync = promisify(gunzip);

/** The columns of a plan as they are generated or read from a chart: position i of each is `seat_no` i. */
export type SeatColumns = {
  /** Index into the plan's sections. */
  section: number[];
  row: string[];
  label: string[];
  x: number[];
  y: number[];
  flags: number[];
  /** 0 for the tier of the seat's section, n for `tiers[n - 1]` of the plan. Absent when every seat has its section's. */
  tier?: number[];
};

/** A seating plan before it is published: it has content, but no ids and no hash yet. */
export type SeatingPlanDraft = {
  width: number;
  height: number;
  focalPoint?: Point;
  sections: Omit<PlanSection, 'id'>[];
  /** The tiers of seats that have one of their own. */
  tiers?: string[];
  seats: SeatColumns;
};

export type PublishedPlan = { planId: string; sectionIds: readonly string[]; draft: SeatingPlanDraft };

/** The JSON that clients fetch. Sections and seats carry GraphQL ids, so that a client can match them with the API. */
type LayoutDocument = {
  planId: string;
  hash: string;
  width: number;
  height: number;
  focalPoint?: Point;
  sections: PlanSection[];
  tiers?: string[];
  seats: SeatColumns & { id: string[] };
};

const SECTION_PREFIX = 'Section_';

/**
 * Writes the layout of a plan: gzipped JSON and its content hash, which is the first 32 hex digits of the SHA-256 over
 * the JSON without its `hash` field. Equal plans have equal hashes on every machine; the gzip bytes may differ.
 */
export async function buildLayout({ planId, sectionIds, draft }: PublishedPlan): Promise<{
  hash: string;
  seatCount: number;
  gzip: Buffer;
}> {
  const { width, height, focalPoint, tiers, seats } = draft;
  const sections = draft.sections.map(({ label, level, tierLabel, kind, outline, focalPoint: looksAt }, index) => {
    const id = sectionIds[index];
    if (id === undefined) throw new Error(`section ${label} of plan ${planId} has no id`);
    return {
      id: encodeGlobalId('Section', id),
      label,
      ...(level && { level }),
      tierLabel,
      ...(kind && { kind }),
      outline,
      ...(looksAt && { focalPoint: looksAt }),
    };
  });
  const content = {
    width,
    height,
    ...(focalPoint && { focalPoint }),
    sections,
    ...(tiers && { tiers }),
    seats: {
      id: seats.x.map((_, seatNo) => encodeGlobalId('Seat', encodeSeatId(planId, seatNo))),
      section: seats.section,
      row: seats.row,
      label: seats.label,
      x: seats.x,
      y: seats.y,
      flags: seats.flags,
      ...(seats.tier && { tier: seats.tier }),
    },
  };
  // Built by hand, because stringifying ten megabytes twice would cost as much as everything else here together.
  // As bytes, and in pieces, because each text of this size would be in memory several times.
  const body = Buffer.from(JSON.stringify(content)).subarray(1);
  const start = `{"planId":${JSON.stringify(planId)},`;
  const hash = createHash('sha256').update(start).update(body).digest('hex').slice(0, 32);
  const gzipped = Readable.from([Buffer.from(`${start}"hash":"${hash}",`), body]).pipe(createGzip());
  return { hash, seatCount: seats.x.length, gzip: await buffer(gzipped) };
}

/** Reads what `buildLayout` wrote. Throws an Error when the columns do not belong together. */
export async function parseLayout(gzipBytes: Uint8Array): Promise<SeatingPlan> {
  const layout = JSON.parse((await gunzipAsync(gzipBytes)).toString('utf8')) as LayoutDocument;
  const { seats } = layout;
  const seatCount = seats.id.length;
  for (const [name, column] of Object.entries(seats)) {
    if (column.length !== seatCount)
      throw new Error(`layout ${layout.hash}: column ${name} has ${column.length} seats`);
  }
  return {
    planId: layout.planId,
    hash: layout.hash,
    seatCount,
    width: layout.width,
    height: layout.height,
    ...(layout.focalPoint && { focalPoint: layout.focalPoint }),
    sections: withPlaces(layout),
    sectionOf: Uint16Array.from(seats.section),
    rowOf: interned(seats.row),
    labelOf: interned(seats.label),
    x: Float32Array.from(seats.x),
    y: Float32Array.from(seats.y),
    flags: Uint8Array.from(seats.flags),
    ...(layout.tiers && seats.tier && { tiers: layout.tiers, tierOf: Uint8Array.from(seats.tier) }),
  };
}

/** The number of seats of each section, from the column that has the section of each seat. */
export function countsBySection(sectionOf: readonly number[], sections: number): Uint32Array {
  const counts = new Uint32Array(sections);
  for (const section of sectionOf) counts[section] = (counts[section] ?? 0) + 1;
  return counts;
}

/** The sections with their raw ids, those of general admission with the number of their places. */
function withPlaces({ sections, seats }: LayoutDocument): PlanSection[] {
  const counts = countsBySection(seats.section, sections.length);
  return sections.map((section, index) => ({
    ...section,
    id: section.id.slice(SECTION_PREFIX.length),
    ...(section.kind && { places: counts[index] ?? 0 }),
  }));
}

/** 90,000 seats share some hundred labels: each text is kept once. */
function interned(texts: readonly string[]): string[] {
  const known = new Map<string, string>();
  return texts.map((text) => {
    const first = known.get(text);
    if (first !== undefined) return first;
    known.set(text, text);
    return text;
  });
}
