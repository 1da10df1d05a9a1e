import type { Tx } from '#db/client.ts';
import { plainArray, prepared } from '#db/prepared.ts';
import type { BookingState } from './inventory-command.ts';
import { StaleRead } from './inventory-write-statements.ts';
import type { KnownRefund, RefundNote, RefundRequest } from './refund-command.ts';

/** The refunds that were asked for with these keys, at any event. */
export const readRefundsByKey = (
  tx: Tx,
  asked: readonly Pick<RefundRequest, 'requestedBy' | 'idempotencyKey'>[],
): Promise<readonly KnownRefund[]> =>
  prepared<KnownRefund>(tx, BY_KEY, [
    plainArray(asked.map(({ requestedBy }) => requestedBy)),
    asked.map(({ idempotencyKey }) => idempotencyKey),
  ]);

const BY_KEY = `select r.id, r.booking_id as "bookingId", r.status, r.origin, r.amount_minor::float8 as "amountMinor",
    r.currency, r.reason, to_json(r.seat_nos) as "seatNos", r.requested_by as "requestedBy",
    r.idempotency_key as "idempotencyKey", r.request_hash as "requestHash"
  from unnest($1::uuid[], $2::text[]) as k (requested_by, key)
  join booking_refunds r on r.requested_by = k.requested_by and r.idempotency_key = k.key`;

/** A refund, and its booking as it is after all commands of the write. */
type Recorded = {
  readonly note: RefundNote;
  readonly eventId: string;
  readonly atMs: number;
  readonly booking: BookingState;
};

/**
 * Stores refunds. The seats of a booking that goes on without them leave it, and their tickets are void. Must run after the
 * bookings are updated. Throws `StaleRead` if a key was used at another event meanwhile, or a seat has left its booking.
 */
export function recordRefunds(tx: Tx, recorded: readonly Recorded[]): Promise<void>[] {
  const refunds = recorded.map(({ note, eventId, atMs, booking }) => ({
    ...note,
    eventId,
    atMs,
    // The end of a booking voids its tickets, and it keeps the seats that it had until then.
    leaving: booking.seats.some(({ seatNo }) => note.seatNos.includes(seatNo)) ? [] : note.seatNos,
  }));
  const bookings = new Map(recorded.map(({ booking }) => [booking.id, booking]));
  return [storeRefunds(tx, refunds), noteVoided(tx, [...bookings.values()])];
}

async function storeRefunds(tx: Tx, refunds: readonly (RefundNote & { leaving: readonly number[] })[]): Promise<void> {
  const leaving = refunds.reduce((sum, one) => sum + one.leaving.length, 0);
  const [done] = await prepared<{ made: number; left: number; voided: number }>(tx, STORE, [JSON.stringify(refunds)]);
  if (done?.made !== refunds.length) throw new StaleRead('A refund');
  if (done.left !== leaving || done.voided !== leaving) throw new StaleRead('A ticket of a refund');
}

const STORE = `with asked as (
    select * from jsonb_to_recordset($1::text::jsonb) as r (id uuid, "bookingId" uuid, "eventId" uuid, status text, origin text,
      "amountMinor" bigint, currency text, reason text, "seatNos" integer[], leaving integer[], "requestedBy" uuid,
      "idempotencyKey" text, "requestHash" text, "atMs" float8)
  ), made as (
    insert into booking_refunds (id, booking_id, event_id, status, origin, amount_minor, currency, reason, seat_nos,
      requested_by, idempotency_key, request_hash)
    select id, "bookingId", "eventId", status, origin, "amountMinor", currency, reason, "seatNos", "requestedBy",
      "idempotencyKey", "requestHash" from asked
    on conflict do nothing returning 1
  ), gone as (
    delete from booking_seats s using asked where s.booking_id = asked."bookingId" and s.seat_no = any(asked.leaving)
    returning s.booking_id, s.event_id, s.seat_no, s.price_minor, s.fee_minor, s.line, asked.id as refund_id, asked."atMs" as at_ms
  ), kept as (
    insert into refunded_seats (booking_id, event_id, seat_no, price_minor, fee_minor, line, refund_id, refunded_at)
    select booking_id, event_id, seat_no, price_minor, fee_minor, line, refund_id, to_timestamp(at_ms / 1000) from gone
    returning 1
  ), voided as (
    update tickets t set voided_at = to_timestamp(asked."atMs" / 1000) from asked
    where t.booking_id = asked."bookingId" and t.seat_no = any(asked.leaving) and t.voided_at is null returning 1
  )
  select (select count(*) from made)::int as made, (select count(*) from kept)::int as left,
    (select count(*) from voided)::int as voided`;

/** What the box office gave back is known at once; what the gateway gives back is not. */
async function noteVoided(tx: Tx, bookings: readonly BookingState[]): Promise<void> {
  await prepared(tx, NOTE, [
    plainArray(bookings.map(({ id }) => id)),
    plainArray(bookings.map(({ voided }) => voided?.tickets ?? null)),
    plainArray(bookings.map(({ voided }) => voided?.backMinor ?? null)),
    plainArray(bookings.map(({ refundedMinor }) => refundedMinor)),
  ]);
}

const NOTE = `update bookings b set voided_tickets = t.tickets, voided_minor = t.back,
    refunded_minor = case when b.tender is null then b.refunded_minor else t.refunded end
  from unnest($1::uuid[], $2::int[], $3::bigint[], $4::bigint[]) as t (id, tickets, back, refunded)
  where b.id = t.id`;
