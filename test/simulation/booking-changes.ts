import type { BookingStatus, PaymentStatus } from '#domain/booking-status.ts';
import type { SeatStatus } from '#domain/inventory/seat-status.ts';

export type InventoryRow = {
  eventId: string;
  version: number;
  capacity: number;
  available: number;
  held: number;
  booked: number;
  blocked: number;
};
export type SeatRow = {
  eventId: string;
  seatNo: number;
  status: SeatStatus;
  bookingId: string | null;
  expiresMs: number | null;
  allocation: string | null;
};
export type BookingRow = {
  id: string;
  userId: string;
  eventId: string;
  status: BookingStatus;
  paymentStatus: PaymentStatus;
  totalMinor: number;
  key: string;
  requestHash: string;
  createdMs: number;
  expiresMs: number;
  extendedMs: number | null;
  version: number;
  linesMinor: number;
  voidedMinor: number | null;
  /** Each seat has its level, and the face price of its ticket type, in the list that is in force. */
  isInForce: boolean;
  hasCodes: boolean;
  /** Null: a fan made it. */
  tender: string | null;
};
export type Published = {
  id: string;
  type: string;
  bookingId: string;
  eventId: string;
  version: number | null;
  seatNos: number[] | null;
  retaken: boolean | null;
  reason: string | null;
};
export type State = {
  next: string;
  inventories: InventoryRow[] | null;
  seats: SeatRow[] | null;
  bookings: BookingRow[] | null;
  outbox: Published[] | null;
};

/** Finds the rows that the last commits changed; rows carry the id of the transaction that wrote them. */
export const CHANGES = `select json_build_object(
  'next', pg_snapshot_xmax(pg_current_snapshot())::text,
  'inventories', (select json_agg(json_build_object('eventId', event_id, 'version', version, 'capacity', capacity,
    'available', available, 'held', held, 'booked', booked,
    'blocked', blocked)) from seat_inventories),
  'seats', (select json_agg(json_build_object('eventId', event_id, 'seatNo', seat_no, 'status', status,
    'bookingId', booking_id, 'expiresMs', round(extract(epoch from hold_expires_at) * 1000), 'allocation', allocation) order by event_id, seat_no)
    from event_seats where xmin::text::bigint >= $1::bigint),
  'bookings', (select json_agg(json_build_object('id', b.id, 'userId', user_id, 'eventId', b.event_id, 'status', status,
    'paymentStatus', payment_status, 'totalMinor', total_minor, 'key', idempotency_key, 'requestHash', request_hash,
    'createdMs', round(extract(epoch from created_at) * 1000), 'expiresMs', round(extract(epoch from hold_expires_at) * 1000),
    'extendedMs', round(extract(epoch from hold_extended_at) * 1000), 'version', b.version,
    'hasCodes', b.code_ids is not null, 'tender', b.tender,
    'voidedMinor', b.voided_minor, 'linesMinor', b.fee_minor + (select sum(s.price_minor + s.fee_minor) from (
      select booking_id, price_minor, fee_minor from booking_seats
      union all select booking_id, price_minor, fee_minor from refunded_seats) s where s.booking_id = b.id),
    'isInForce', (select bool_and(exists (
      select from jsonb_array_elements(l.content -> 'levels') with ordinality as v (level, position),
        jsonb_array_elements(level -> 'prices') as price
      where level ->> 'key' = s.line ->> 'level' and price ->> 'ticketType' = s.line ->> 'type'
        and (l.seat_levels is null or get_byte(l.seat_levels, s.seat_no) = position - 1)
        and (price ->> 'amountMinor')::bigint = s.price_minor))
      from booking_seats s where s.booking_id = b.id)) order by b.version, b.id)
    from bookings b
    left join lateral (select content, seat_levels from price_lists p where p.event_id = b.event_id
      order by p.version desc limit 1) l on true
    where b.xmin::text::bigint >= $1::bigint),
  'outbox', (select json_agg(json_build_object('id', o.id, 'type', type, 'bookingId', aggregateid, 'eventId', event_id,
    'version', payload -> 'version', 'seatNos', payload -> 'seatNos', 'retaken', payload -> 'retaken',
    'reason', payload -> 'reason') order by position)
    from outbox o join feed f using (id) where o.xmin::text::bigint >= $1::bigint)) as state`;
