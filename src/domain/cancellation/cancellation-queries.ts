import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { prepared } from '#db/prepared.ts';
import type { PageWindow, WindowOf } from '../page-window.ts';
import { chargesShareMinor } from '../pricing/refund-split-rules.ts';
import type { StoredCharges } from '../pricing/stored-line-rules.ts';
import type { Tender } from '../tender-rules.ts';
import { type CancellationFigures, refundsMinor } from './figures-rules.ts';

/** `CANCELLING`: bookings are left. `REFUNDING`: all have ended, and the gateway has not paid all money back. */
export type CancellationState = 'CANCELLING' | 'REFUNDING' | 'DONE';

/** A cancelled event and how far its bookings and refunds are. Amounts are minor units of the event's currency. */
export type Cancellation = {
  readonly eventId: string;
  readonly state: CancellationState;
  /** What was confirmed when the event was cancelled. */
  readonly figures: CancellationFigures;
  readonly done: number;
  readonly failed: number;
  /** What the gateway is to pay back in all, and what it has paid back. */
  readonly refundMinor: number;
  readonly refundedMinor: number;
  readonly refundFees: boolean;
  readonly reason: string;
  readonly cancelledAt: Date;
  /** When the last booking had ended; null before. */
  readonly finishedAt: Date | null;
  /** What the preview had shown. */
  readonly previewed: CancellationFigures & { readonly madeAtMs: number };
};

type Row = Omit<Cancellation, 'state' | 'refundMinor' | 'cancelledAt' | 'finishedAt'> & {
  readonly isRunning: boolean;
  readonly waiting: number;
  readonly cancelledMs: number;
  readonly finishedMs: number | null;
};

/** The cancellation of the event; undefined for an event that was not cancelled by a member. */
export async function findCancellation({ db }: { db: Db }, eventId: string): Promise<Cancellation | undefined> {
  const [row] = await prepared<Row>(db, FIND, [eventId]);
  if (!row) return undefined;
  const { isRunning: _isRunning, waiting: _waiting, cancelledMs, finishedMs, ...rest } = row;
  return {
    ...rest,
    state: stateOf(row),
    refundMinor: refundsMinor(rest.figures, rest),
    cancelledAt: new Date(cancelledMs),
    finishedAt: finishedMs === null ? null : new Date(finishedMs),
  };
}

function stateOf({ isRunning, waiting }: Row): CancellationState {
  if (isRunning) return 'CANCELLING';
  return waiting > 0 ? 'REFUNDING' : 'DONE';
}

/** The bookings of an event that ended with it. */
const ENDED = `b.event_id = c.event_id and b.status = 'CANCELLED' and b.confirmed_at is not null
  and b.released_at >= c.created_at`;

/** What arrived for tickets of the booking that were refunded before it ended. */
const BEFORE = `(select coalesce(sum(r.amount_minor), 0) from booking_refunds r
  where r.booking_id = b.id and r.id <> b.id and r.origin = 'BOOKING' and r.status = 'SUCCEEDED')`;

const FIND = `
  select c.event_id as "eventId", c.state = 'RUNNING' as "isRunning", c.figures, c.done, c.failed, c.previewed,
    c.refund_fees as "refundFees", c.reason, (extract(epoch from c.created_at) * 1000)::float8 as "cancelledMs",
    (extract(epoch from c.finished_at) * 1000)::float8 as "finishedMs", r.waiting, r."refundedMinor"
  from event_cancellations c, lateral (
    select (count(*) filter (where b.payment_status <> 'REFUNDED' and b.total_minor > 0))::int as waiting,
      coalesce(sum(b.refunded_minor - case when b.voided_tickets is null then 0 else ${BEFORE} end), 0)::float8
        as "refundedMinor"
    from bookings b where ${ENDED} and b.tender is null) r
  where c.event_id = $1::uuid`;

/** A booking that the box office had sold: its money is paid back by hand. */
export type Repayment = {
  /** The raw id of the booking. */
  readonly id: string;
  readonly tender: Tender;
  readonly reference: string | null;
  readonly amountMinor: number;
  readonly currency: string;
  readonly tickets: number;
};

type RepaymentRow = Omit<Repayment, 'amountMinor'> & {
  readonly totalMinor: number;
  readonly charges: StoredCharges | null;
  readonly voided: number;
  readonly voidedMinor: number;
};

/** Without what its refunded tickets had cost. */
function toRepayment({ totalMinor, charges, voided, voidedMinor, ...row }: RepaymentRow): Repayment {
  const progress = { before: 0, after: voided, all: voided + row.tickets };
  const shareMinor = charges && voided > 0 ? chargesShareMinor(charges, progress) : 0;
  return { ...row, amountMinor: totalMinor - voidedMinor - shareMinor };
}

/** The bookings of the box office that ended with the event and were paid, in the order of their sale; positions are raw ids. */
export async function listRepayments(
  { db }: { db: Db },
  eventId: string,
  { size, from, after, before }: PageWindow<string>,
): Promise<WindowOf<Repayment>> {
  const rows = await db.execute<RepaymentRow>(sql`
    select b.id, b.tender, b.tender_reference as reference, b.total_minor::float8 as "totalMinor", b.currency, b.charges,
      coalesce(b.voided_tickets, 0) as voided,
      (select coalesce(sum(r.price_minor + r.fee_minor), 0)::float8 from refunded_seats r where r.booking_id = b.id)
        as "voidedMinor",
      (select count(*)::int from booking_seats s where s.booking_id = b.id) as tickets
    from event_cancellations c join bookings b on ${sql.raw(ENDED)}
    where c.event_id = ${eventId} and b.tender is not null and b.total_minor > 0
      ${after === undefined ? sql`` : sql`and b.id > ${after}`}
      ${before === undefined ? sql`` : sql`and b.id < ${before}`}
    order by b.id ${from === 'end' ? sql`desc` : sql`asc`} limit ${size + 1}`);
  const items = rows.slice(0, size).map(toRepayment);
  return { items: from === 'end' ? items.reverse() : items, hasMore: rows.length > size };
}
