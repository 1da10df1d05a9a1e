import type { Db, Tx } from '#db/client.ts';
import { prepared } from '#db/prepared.ts';
import { type CancellationFigures, type ConfirmedSums, figuresOf } from './figures-rules.ts';

/** Adds up the confirmed bookings of an event, in one statement and so at one moment. */
export async function readFigures(db: Db | Tx, eventId: string): Promise<CancellationFigures> {
  const [sums] = await prepared<ConfirmedSums>(db, CONFIRMED, [eventId]);
  if (!sums) throw new Error(`event ${eventId} is gone`);
  return figuresOf(sums);
}

// `json` has no equality, but charges that are equal were written as the same text.
const CONFIRMED = `
  with sold as materialized (
    select id, tender is null as is_online, total_minor, charges::text as charges, coalesce(voided_tickets, 0) as voided,
      case when voided_tickets is null then 0 else (
        select sum(price_minor + fee_minor) from refunded_seats r where r.booking_id = bookings.id) end as voided_minor,
      -- All tickets of a booking without refunds are one part of it.
      case when voided_tickets is null then 1 else (
        select count(*) from booking_seats s where s.booking_id = bookings.id) end as seats_left
    from bookings where event_id = $1::uuid and status = 'CONFIRMED'
  ), lines as (
    select count(*)::int as seats, s.line::text as line, sold.is_online
    from sold join booking_seats s on s.booking_id = sold.id group by s.line::text, sold.is_online
  ), charged as (
    select count(*)::int as bookings, charges, is_online, voided, voided + seats_left as tickets
    from sold where charges is not null group by charges, is_online, voided, voided + seats_left
  )
  select e.currency, t.bookings, t."byHand", t."onlineMinor", t."byHandMinor",
    (select coalesce(json_agg(json_build_object('seats', seats, 'line', line::json, 'isOnline', is_online)), '[]')
     from lines) as lines,
    (select coalesce(json_agg(json_build_object('bookings', bookings, 'charges', charges::json, 'isOnline', is_online,
       'voided', voided, 'tickets', tickets)), '[]')
     from charged) as charges
  from events e, (
    select count(*)::int as bookings, (count(*) filter (where not is_online))::int as "byHand",
      coalesce(sum(total_minor - voided_minor) filter (where is_online), 0)::float8 as "onlineMinor",
      coalesce(sum(total_minor - voided_minor) filter (where not is_online), 0)::float8 as "byHandMinor"
    from sold) t
  where e.id = $1::uuid`;

export type StoredPreview = {
  readonly revision: number;
  readonly figures: CancellationFigures;
  readonly madeAtMs: number;
  readonly isExpired: boolean;
};

/** The preview that this token names; undefined when it names none of this event. */
export async function findPreview(tx: Tx, token: string, eventId: string): Promise<StoredPreview | undefined> {
  const [row] = await prepared<StoredPreview>(tx, FIND_PREVIEW, [token, eventId]);
  return row;
}

const FIND_PREVIEW = `select revision, figures, (extract(epoch from made_at) * 1000)::float8 as "madeAtMs",
    expires_at <= clock_timestamp() as "isExpired"
  from event_cancellation_previews where id = $1::uuid and event_id = $2::uuid`;

type NewPreview = {
  readonly token: string;
  readonly eventId: string;
  readonly revision: number;
  readonly figures: CancellationFigures;
  readonly seconds: number;
};

/** Keeps a preview and returns when it expires. Deletes older ones of the event that expired a day ago. */
export async function keepPreview(tx: Tx, preview: NewPreview): Promise<Date> {
  const { token, eventId, revision, figures, seconds } = preview;
  const [, [row]] = await Promise.all([
    prepared(tx, FORGET_PREVIEWS, [eventId]),
    prepared<{ ms: number }>(tx, KEEP_PREVIEW, [token, eventId, revision, JSON.stringify(figures), seconds]),
  ]);
  return new Date(row?.ms ?? 0);
}

const FORGET_PREVIEWS = `delete from event_cancellation_previews
  where event_id = $1::uuid and expires_at < clock_timestamp() - interval '1 day'`;
const KEEP_PREVIEW = `
  insert into event_cancellation_previews (id, event_id, revision, figures, made_at, expires_at)
  select $1::uuid, $2::uuid, $3::int, $4::text::jsonb, now, now + make_interval(secs => $5::int) from clock_timestamp() as now
  returning (extract(epoch from expires_at) * 1000)::float8 as ms`;

type NewCancellation = {
  readonly eventId: string;
  readonly token: string;
  readonly refundFees: boolean;
  readonly reason: string;
  readonly createdBy: string;
  readonly now: Date;
  readonly previewed: StoredPreview;
  readonly figures: CancellationFigures;
};

/** Makes the job that ends the bookings of the event. */
export async function insertCancellation(tx: Tx, job: NewCancellation): Promise<void> {
  const { eventId, token, refundFees, reason, createdBy, now, previewed, figures } = job;
  const { madeAtMs, figures: shown } = previewed;
  await prepared(tx, INSERT, [
    ...[eventId, token, refundFees, reason, createdBy, now.toISOString()],
    ...[JSON.stringify({ ...shown, madeAtMs }), JSON.stringify(figures)],
  ]);
}

const INSERT = `
  insert into event_cancellations (event_id, token, refund_fees, reason, created_by, created_at, previewed, figures)
  values ($1::uuid, $2::uuid, $3::boolean, $4::text, $5::uuid, $6::timestamptz, $7::text::jsonb, $8::text::jsonb)`;

/** Whether the event was cancelled with this token: then the request is a repeated one. */
export async function wasCancelledWith(tx: Tx, token: string, eventId: string): Promise<boolean> {
  const rows = await prepared(tx, WAS_CANCELLED, [token, eventId]);
  return rows.length > 0;
}

const WAS_CANCELLED = 'select 1 from event_cancellations where token = $1::uuid and event_id = $2::uuid';
