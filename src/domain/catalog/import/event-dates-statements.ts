import type { TransactionSql } from 'postgres';
import type { EventRecord } from './catalog-records.ts';
import { instantAfterWeeks, weeksAhead, weeksBetween } from './kickoff.ts';
import { nameBasedId } from './name-based-id.ts';

/** The first event of a file whose dates are all past is at least this far ahead when the file is first imported. */
const DAYS_AHEAD = 30;

/** By how many weeks the events of a file are moved. */
export type MovedWeeks = {
  /** As most of them are. */
  readonly ofFile: number;
  of(event: EventRecord): number;
};

/**
 * An event keeps the weeks of its first import, so that a date that changes in the file moves this event and no other.
 * A new event whose date is ahead takes place on that date. A date that is past is moved as the other events of the
 * file are; at the first import of a file, when all of its dates are past, so that the first is far enough ahead.
 */
export async function movedWeeks(tx: TransactionSql, events: readonly EventRecord[], now: Date): Promise<MovedWeeks> {
  const recorded = await recordedWeeks(tx, events);
  const startOf = ({ startsLocal, timeZone }: EventRecord) => instantAfterWeeks(startsLocal, timeZone, 0);
  const isAllPast = events.length > 0 && events.every((event) => startOf(event) <= now);
  const ofFile = mostCommon([...recorded.values()]) ?? (isAllPast ? weeksAhead(events, now, DAYS_AHEAD) : 0);
  return {
    ofFile,
    of: (event) => recorded.get(event.key) ?? (startOf(event) > now ? 0 : ofFile),
  };
}

/**
 * By key, for events that were imported before. Imports that did not record the weeks left only the start of the event,
 * which an organizer may have changed since.
 */
async function recordedWeeks(tx: TransactionSql, events: readonly EventRecord[]): Promise<Map<string, number>> {
  const byId = new Map(events.map((event) => [nameBasedId(event.key), event]));
  const rows = await tx<{ id: string; starts_at_ms: number; moved_weeks: number | null }[]>`
    select id, extract(epoch from starts_at)::float8 * 1000 as starts_at_ms, moved_weeks
    from events left join imported_records using (id) where id = any(${[...byId.keys()]}::uuid[])`;
  const found = rows.flatMap((row) => {
    const event = byId.get(row.id);
    if (!event) return [];
    const weeks = row.moved_weeks ?? weeksBetween(event.startsLocal, event.timeZone, new Date(row.starts_at_ms));
    return [{ key: event.key, weeks, isRecorded: row.moved_weeks !== null }];
  });
  const usual = mostCommon(found.map(({ weeks }) => weeks)) ?? 0;
  return new Map(found.map(({ key, weeks, isRecorded }) => [key, isRecorded ? weeks : usual]));
}

function mostCommon(values: readonly number[]): number | undefined {
  const votes = new Map<number, number>();
  for (const value of values) votes.set(value, (votes.get(value) ?? 0) + 1);
  return [...votes].sort(([, a], [, b]) => b - a)[0]?.[0];
}
