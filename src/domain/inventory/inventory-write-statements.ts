import { randomUUIDv7 } from 'node:crypto';
import type { Tx } from '#db/client.ts';
import { plainArray, prepared } from '#db/prepared.ts';
import { aggregateTypeOf, type DomainEvent } from '#events/contracts.ts';
import { type Origin, storedOrigin } from '#events/origin.ts';
import type { UnpaidMark } from '../hoarding/unpaid-book-rules.ts';
import type { BookingState, NewTicket, SeatState } from './inventory-command.ts';
import type { InboxMark } from './inventory-read-statements.ts';

/**
 * A row changed between the read and the write although the lock should prevent it: the write starts again from its
 * read.
 */
export class StaleRead extends Error {
  constructor(what: string) {
    super(`${what} changed since it was read.`);
    this.name = 'StaleRead';
  }
}

function mustChange(what: string, count: number, expected: number): void {
  if (count !== expected) throw new StaleRead(what);
}

export type SeatWrite = {
  readonly eventId: string;
  readonly seatNo: number;
  readonly from: SeatState;
  readonly to: SeatState;
};

const column = <T>(rows: readonly T[], of: (row: T) => string | number | null): string => plainArray(rows.map(of));

/** AVAILABLE (with or without a row) -> HELD or BOOKED; throws `StaleRead` if one of them is no longer AVAILABLE. */
export async function takeSeats(tx: Tx, writes: readonly SeatWrite[]): Promise<void> {
  const { count } = await prepared(
    tx,
    `insert into event_seats as s (event_id, seat_no, status, booking_id, hold_expires_at)
     select event_id, n, status, booking_id, to_timestamp(expires_ms / 1000)
     from unnest($1::uuid[], $2::int[], $3::text[], $4::uuid[], $5::float8[])
       as t (event_id, n, status, booking_id, expires_ms)
     on conflict (event_id, seat_no) do update
       set status = excluded.status, booking_id = excluded.booking_id, hold_expires_at = excluded.hold_expires_at
       where s.status = 'AVAILABLE'`,
    [
      column(writes, (write) => write.eventId),
      column(writes, (write) => write.seatNo),
      column(writes, (write) => write.to.status),
      column(writes, (write) => write.to.bookingId),
      column(writes, (write) => write.to.holdExpiresAtMs),
    ],
  );
  mustChange('A free seat', count, writes.length);
}

/** Any status but AVAILABLE -> any status; throws `StaleRead` if one of them changed its booking or status meanwhile. */
export async function changeSeats(tx: Tx, writes: readonly SeatWrite[]): Promise<void> {
  const { count } = await prepared(
    tx,
    `update event_seats s
     set status = t.status, booking_id = t.booking_id, hold_expires_at = to_timestamp(t.expires_ms / 1000)
     from unnest($1::uuid[], $2::int[], $3::text[], $4::uuid[], $5::text[], $6::uuid[], $7::float8[])
       as t (event_id, n, old_status, old_booking_id, status, booking_id, expires_ms)
     where s.event_id = t.event_id and s.seat_no = t.n
       and s.status = t.old_status and s.booking_id is not distinct from t.old_booking_id`,
    [
      column(writes, (write) => write.eventId),
      column(writes, (write) => write.seatNo),
      column(writes, (write) => write.from.status),
      column(writes, (write) => write.from.bookingId),
      column(writes, (write) => write.to.status),
      column(writes, (write) => write.to.bookingId),
      column(writes, (write) => write.to.holdExpiresAtMs),
    ],
  );
  mustChange('A held or booked seat', count, writes.length);
}

/**
 * Inserts bookings with their seats. Throws `StaleRead` if one of the keys was used at another event meanwhile, or if
 * one of the viewers got another unpaid booking there that was not counted here.
 */
export async function insertBookings(
  tx: Tx,
  created: readonly BookingState[],
  marks: ReadonlyMap<string, UnpaidMark> = new Map(),
): Promise<void> {
  // One order everywhere, so that two writes that share keys or slots cannot deadlock.
  const slotOf = ({ id }: BookingState) => marks.get(id)?.slot ?? 0;
  const rows = created.toSorted(
    (a, b) => compare(a.userId, b.userId) || slotOf(a) - slotOf(b) || compare(a.idempotencyKey, b.idempotencyKey),
  );
  const seats = rows.flatMap(({ id, eventId, seats: own }) => own.map((seat) => ({ id, eventId, ...seat })));
  // Most seats of a write have one of a few lines, so each line is sent once.
  const lines = [...new Set(seats.map(({ line }) => line))];
  const placeOf = new Map(lines.map((line, index) => [line, index + 1]));
  const [done] = await prepared<{ count: number }>(tx, INSERT_BOOKINGS, [
    column(rows, (booking) => booking.id),
    column(rows, (booking) => booking.userId),
    column(rows, (booking) => booking.eventId),
    column(rows, (booking) => booking.status),
    column(rows, (booking) => booking.totalMinor),
    column(rows, (booking) => booking.currency),
    column(rows, (booking) => booking.holdExpiresAtMs),
    column(rows, (booking) => booking.holdExtendedAtMs),
    rows.map((booking) => booking.idempotencyKey),
    rows.map((booking) => booking.requestHash),
    column(rows, (booking) => booking.paymentStatus),
    rows.map((booking) => booking.paymentUrl),
    column(rows, (booking) => booking.version),
    column(rows, (booking) => booking.createdAtMs),
    column(rows, (booking) => booking.confirmedAtMs),
    column(seats, (seat) => seat.eventId),
    column(seats, (seat) => seat.id),
    column(seats, (seat) => seat.seatNo),
    column(seats, (seat) => seat.priceMinor),
    column(seats, (seat) => seat.feeMinor),
    column(rows, ({ id }) => marks.get(id)?.addressKey ?? null),
    column(rows, ({ id }) => marks.get(id)?.slot ?? null),
    column(rows, (booking) => booking.seats.length),
    column(rows, (booking) => booking.feeMinor),
    rows.map(({ charges }) => charges && JSON.stringify(charges)),
    lines.map((line) => line && JSON.stringify(line)),
    column(seats, ({ line }) => placeOf.get(line) ?? null),
    rows.map(({ codeIds }) => codeIds && plainArray(codeIds)),
  ]);
  mustChange('An idempotency key or an unpaid booking', done?.count ?? 0, rows.length);
}

const INSERT_BOOKINGS = `with made as (
    insert into bookings (id, user_id, event_id, status, total_minor, currency, hold_expires_at, hold_extended_at,
      idempotency_key, request_hash, payment_status, payment_url, version, created_at, confirmed_at, address_key, unpaid_slot, seat_count,
      fee_minor, charges, code_ids)
    select id, user_id, event_id, status, total, currency, to_timestamp(expires_ms / 1000),
      to_timestamp(extended_ms / 1000), key, hash, payment_status, payment_url, version,
      to_timestamp(created_ms / 1000), to_timestamp(confirmed_ms / 1000), address_key, unpaid_slot, seat_count,
      fee, charges::json, codes::uuid[]
    from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::text[], $7::float8[], $8::float8[],
      $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::float8[], $15::float8[], $21::uuid[],
      $22::smallint[], $23::smallint[], $24::bigint[], $25::text[], $28::text[])
      as t (id, user_id, event_id, status, total, currency, expires_ms, extended_ms, key, hash, payment_status,
        payment_url, version, created_ms, confirmed_ms, address_key, unpaid_slot, seat_count, fee, charges, codes)
    on conflict do nothing
    returning 1
  ), seats as (
    insert into booking_seats (event_id, booking_id, seat_no, price_minor, fee_minor, line)
    select event_id, booking_id, seat_no, price, fee, ($26::text[])[line]::json
    from unnest($16::uuid[], $17::uuid[], $18::int[], $19::bigint[], $20::bigint[], $27::int[])
      as t (event_id, booking_id, seat_no, price, fee, line)
  )
  select count(*)::int as count from made`;

const compare = (a: string, b: string): number => Number(a > b) - Number(a < b);

export type BookingWrite = { readonly from: BookingState; readonly to: BookingState };

/**
 * Throws `StaleRead` if a booking no longer has the status, or its payment no longer the state, that was decided on.
 */
export async function updateBookings(tx: Tx, writes: readonly BookingWrite[]): Promise<void> {
  const { count } = await prepared(tx, UPDATE_BOOKINGS, [
    column(writes, ({ to }) => to.id),
    column(writes, ({ from }) => from.status),
    column(writes, ({ from }) => from.paymentStatus),
    column(writes, ({ to }) => to.status),
    column(writes, ({ to }) => to.paymentStatus),
    writes.map(({ to }) => to.paymentUrl),
    column(writes, ({ to }) => to.version),
    column(writes, ({ to }) => to.holdExpiresAtMs),
    column(writes, ({ to }) => to.holdExtendedAtMs),
    column(writes, ({ to }) => to.confirmedAtMs),
    column(writes, ({ to }) => to.releasedAtMs),
  ]);
  mustChange('A booking', count, writes.length);
}

const UPDATE_BOOKINGS = `update bookings b
  set status = t.status, payment_status = t.payment_status, payment_url = t.payment_url, version = t.version,
    hold_expires_at = to_timestamp(t.expires_ms / 1000), hold_extended_at = to_timestamp(t.extended_ms / 1000),
    confirmed_at = to_timestamp(t.confirmed_ms / 1000), released_at = to_timestamp(t.released_ms / 1000),
    address_key = case when t.status = 'PENDING_PAYMENT' then b.address_key end
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::float8[],
    $9::float8[], $10::float8[], $11::float8[])
    as t (id, old_status, old_payment_status, status, payment_status, payment_url, version, expires_ms, extended_ms,
      confirmed_ms, released_ms)
  where b.id = t.id and b.status = t.old_status and b.payment_status = t.old_payment_status`;

/** How many seats each of these statuses gained or lost; BLOCKED seats are the rest. */
export type CounterChange = { available: number; held: number; booked: number };

export type InventoryChange = {
  readonly eventId: string;
  readonly from: number;
  readonly to: number;
  readonly counters: CounterChange;
};

/** A message, and the request that caused it. */
export type Publication = { readonly event: DomainEvent; readonly origin: Origin | undefined };

/** Writes the next versions and the messages about them: one statement, because every write has both. */
export async function updateInventories(
  tx: Tx,
  changes: readonly InventoryChange[],
  publications: readonly Publication[],
): Promise<void> {
  const events = publications.map(({ event }) => event);
  const origins = publications.map(({ origin }) => storedOrigin(origin));
  const [done] = await prepared<{ count: number }>(tx, UPDATE_INVENTORIES, [
    column(changes, (change) => change.eventId),
    column(changes, (change) => change.from),
    column(changes, (change) => change.to),
    column(changes, (change) => change.counters.available),
    column(changes, (change) => change.counters.held),
    column(changes, (change) => change.counters.booked),
    column(events, (event) => event.eventId),
    column(events, () => randomUUIDv7()),
    column(events, aggregateTypeOf),
    column(events, (event) => event.aggregateId),
    column(events, (event) => event.type),
    JSON.stringify(events),
    origins.map(({ requestId }) => requestId),
    origins.map(({ traceparent }) => traceparent),
  ]);
  mustChange('The inventory', done?.count ?? 0, changes.length);
}

const UPDATE_INVENTORIES = `with inventory as (
    update seat_inventories i set version = c.version_after,
      available = available + c.available_change, held = held + c.held_change, booked = booked + c.booked_change,
      blocked = blocked - c.available_change - c.held_change - c.booked_change
    from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::int[], $5::int[], $6::int[])
      as c (event_id, version_before, version_after, available_change, held_change, booked_change)
    where i.event_id = c.event_id and i.version = c.version_before
    returning 1
  ), published as (
    insert into outbox (event_id, id, aggregatetype, aggregateid, type, payload, request_id, traceparent)
    select event_id, id, topic, key, type, event, request_id, traceparent
    from rows from (unnest($7::uuid[], $8::uuid[], $9::text[], $10::text[], $11::text[]),
      jsonb_array_elements($12::jsonb), unnest($13::text[], $14::text[]))
      as t (event_id, id, topic, key, type, event, request_id, traceparent)
  )
  select count(*)::int as count from inventory`;

export type TicketRow = NewTicket & {
  readonly eventId: string;
  readonly bookingId: string;
  readonly issuedAtMs: number;
};

export async function insertTickets(tx: Tx, tickets: readonly TicketRow[]): Promise<void> {
  await prepared(
    tx,
    `insert into tickets (event_id, issued_at, id, booking_id, seat_no, code)
     select event_id, to_timestamp(issued_ms / 1000), id, booking_id, seat_no, code
     from unnest($1::uuid[], $2::float8[], $3::uuid[], $4::uuid[], $5::int[], $6::text[])
       as t (event_id, issued_ms, id, booking_id, seat_no, code)`,
    [
      column(tickets, (ticket) => ticket.eventId),
      column(tickets, (ticket) => ticket.issuedAtMs),
      column(tickets, (ticket) => ticket.id),
      column(tickets, (ticket) => ticket.bookingId),
      column(tickets, (ticket) => ticket.seatNo),
      tickets.map((ticket) => ticket.code),
    ],
  );
}

export type VoidedTickets = { readonly bookingId: string; readonly atMs: number };

export async function voidTickets(tx: Tx, voided: readonly VoidedTickets[]): Promise<void> {
  await prepared(
    tx,
    `update tickets t set voided_at = to_timestamp(v.at_ms / 1000)
     from unnest($1::uuid[], $2::float8[]) as v (booking_id, at_ms)
     where t.booking_id = v.booking_id and t.voided_at is null`,
    [column(voided, (of) => of.bookingId), column(voided, (of) => of.atMs)],
  );
}

/** Throws `StaleRead` if another process handled one of the messages meanwhile. */
export async function insertInbox(tx: Tx, marks: readonly InboxMark[]): Promise<void> {
  const { count } = await prepared(
    tx,
    `insert into inbox (consumer, message_id) select * from unnest($1::text[], $2::text[]) on conflict do nothing`,
    [marks.map((mark) => mark.consumer), marks.map((mark) => mark.messageId)],
  );
  mustChange('The inbox', count, marks.length);
}
