import type { Tx } from '#db/client.ts';
import { plainArray, prepared } from '#db/prepared.ts';
import type { NewAllocation } from './inventory-command.ts';
import { type SeatWrite, StaleRead } from './inventory-write-statements.ts';

const column = <T>(rows: readonly T[], of: (row: T) => string | number | null): string => plainArray(rows.map(of));

/**
 * Seats that come to an allocation, or leave one, with the rest of their state. Throws `StaleRead` if one of them is no
 * longer as it was read.
 */
export async function moveSeats(tx: Tx, writes: readonly SeatWrite[]): Promise<void> {
  const fresh = writes.filter(({ from }) => from.status === 'AVAILABLE');
  const known = writes.filter(({ from }) => from.status !== 'AVAILABLE');
  const counts = await Promise.all([
    fresh.length > 0 ? prepared(tx, TAKE, valuesOf(fresh)) : { count: 0 },
    known.length > 0 ? prepared(tx, MOVE, [...valuesOf(known), ...formerOf(known)]) : { count: 0 },
  ]);
  if (counts.reduce((sum, { count }) => sum + count, 0) !== writes.length) throw new StaleRead('An allocated seat');
}

const valuesOf = (writes: readonly SeatWrite[]) => [
  column(writes, ({ eventId }) => eventId),
  column(writes, ({ seatNo }) => seatNo),
  column(writes, ({ to }) => to.status),
  column(writes, ({ to }) => to.bookingId),
  column(writes, ({ to }) => to.holdExpiresAtMs),
  writes.map(({ to }) => to.allocation ?? null),
];

const formerOf = (writes: readonly SeatWrite[]) => [
  column(writes, ({ from }) => from.status),
  column(writes, ({ from }) => from.bookingId),
  writes.map(({ from }) => from.allocation ?? null),
];

const TAKE = `insert into event_seats as s (event_id, seat_no, status, booking_id, hold_expires_at, allocation)
  select event_id, n, status, booking_id, to_timestamp(expires_ms / 1000), allocation
  from unnest($1::uuid[], $2::int[], $3::text[], $4::uuid[], $5::float8[], $6::text[])
    as t (event_id, n, status, booking_id, expires_ms, allocation)
  on conflict (event_id, seat_no) do update
    set status = excluded.status, booking_id = excluded.booking_id, hold_expires_at = excluded.hold_expires_at,
      allocation = excluded.allocation
    where s.status = 'AVAILABLE'`;

const MOVE = `update event_seats s
  set status = t.status, booking_id = t.booking_id, hold_expires_at = to_timestamp(t.expires_ms / 1000),
    allocation = t.allocation
  from unnest($1::uuid[], $2::int[], $3::text[], $4::uuid[], $5::float8[], $6::text[], $7::text[], $8::uuid[], $9::text[])
    as t (event_id, n, status, booking_id, expires_ms, allocation, old_status, old_booking_id, old_allocation)
  where s.event_id = t.event_id and s.seat_no = t.n and s.status = t.old_status
    and s.booking_id is not distinct from t.old_booking_id and s.allocation is not distinct from t.old_allocation`;

/** When these allocations end, in milliseconds: null for never. An allocation that does not exist is left out. */
export async function readAllocationEnds(
  tx: Tx,
  eventId: string,
  names: readonly string[],
): Promise<Map<string, number | null>> {
  const rows = await prepared<{ name: string; endsAtMs: number | null }>(
    tx,
    `select name, (extract(epoch from release_at) * 1000)::float8 as "endsAtMs" from allocations
     where event_id = $1::uuid and name = any($2::text[])`,
    [eventId, [...names]],
  );
  return new Map(rows.map(({ name, endsAtMs }) => [name, endsAtMs]));
}

/** Makes, changes and ends allocations of an event, by name. */
export async function writeAllocations(
  tx: Tx,
  eventId: string,
  allocations: ReadonlyMap<string, NewAllocation | null>,
): Promise<void> {
  const ended = [...allocations].flatMap(([name, one]) => (one === null ? [name] : []));
  const kept = [...allocations.values()].filter((one) => one !== null);
  await Promise.all([
    ended.length > 0 &&
      prepared(tx, 'delete from allocations where event_id = $1::uuid and name = any($2::text[])', [eventId, ended]),
    kept.length > 0 && prepared(tx, MAKE, [eventId, JSON.stringify(kept.map(toRow))]),
    kept.length > 0 && prepared(tx, CHANGE, [eventId, JSON.stringify(kept.map(toRow))]),
  ]);
}

/** A value that is left out stays as it is. */
const toRow = ({ name, reason, releaseAtMs }: NewAllocation) => ({
  name,
  reason,
  release_ms: releaseAtMs,
  sets_reason: reason !== undefined,
  sets_release: releaseAtMs !== undefined,
});

const ROWS = `json_to_recordset($2::text::json)
  as r (name text, reason text, release_ms float8, sets_reason boolean, sets_release boolean)`;

const MAKE = `insert into allocations (event_id, name) select $1::uuid, name from ${ROWS} on conflict do nothing`;

const CHANGE = `update allocations a
  set reason = case when r.sets_reason then r.reason else a.reason end,
    release_at = case when r.sets_release then to_timestamp(r.release_ms / 1000) else a.release_at end
  from ${ROWS} where a.event_id = $1::uuid and a.name = r.name`;
