import { sql } from 'drizzle-orm';
import type { Queryable } from '#db/client.ts';
import { type PackedStatuses, packStatuses } from './packed-statuses-rules.ts';

/** The state in PostgreSQL: `packed` is the map at exactly `version`. */
export type SeatMapState = { version: number; seatCount: number; planId: string; packed: PackedStatuses };

type Row = {
  version: string;
  seat_count: number;
  plan_id: string;
  held: Buffer | null;
  booked: Buffer | null;
  blocked: Buffer | null;
};

/**
 * The seat map of a published or cancelled event; undefined for any other. One statement, so that version and
 * statuses come from one snapshot. Seat numbers travel as 4 bytes each, because a list of 90,000 numbers takes longer
 * to parse than to read.
 */
export async function loadSeatMap(db: Queryable, eventId: string): Promise<SeatMapState | undefined> {
  const rows = await db.execute<Row>(sql`
    select i.version, p.seat_count, p.id as plan_id, s.held, s.booked, s.blocked
    from seat_inventories i
    join events e on e.id = i.event_id and e.status <> 'DRAFT'
    join seating_plans p on p.id = e.plan_id
    cross join lateral (
      select string_agg(int4send(seat_no), ''::bytea) filter (where status = 'HELD') as held,
             string_agg(int4send(seat_no), ''::bytea) filter (where status = 'BOOKED') as booked,
             string_agg(int4send(seat_no), ''::bytea) filter (where status = 'BLOCKED') as blocked
      from event_seats where event_id = ${eventId}::uuid
    ) s
    where i.event_id = ${eventId}::uuid`);
  const row = rows[0];
  if (!row) return undefined;
  const packed = packStatuses(row.seat_count, {
    HELD: seatNosIn(row.held),
    BOOKED: seatNosIn(row.booked),
    BLOCKED: seatNosIn(row.blocked),
  });
  return { version: Number(row.version), seatCount: row.seat_count, planId: row.plan_id, packed };
}

function* seatNosIn(bytes: Buffer | null): Generator<number> {
  for (let offset = 0; bytes && offset < bytes.length; offset += 4) yield bytes.readInt32BE(offset);
}

/** The current version of each of these events, in one statement. */
export async function loadVersions(db: Queryable, eventIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await db.execute<{ event_id: string; version: string }>(
    sql`select event_id, version from seat_inventories where event_id = any(${sql.param(eventIds)}::uuid[])`,
  );
  return new Map(rows.map((row) => [row.event_id, Number(row.version)]));
}
