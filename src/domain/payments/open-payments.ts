import type { Db } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { plainArray, prepared } from '#db/prepared.ts';
import type { DomainEventOf } from '#events/contracts.ts';
import { type Origin, storedOrigin } from '#events/origin.ts';
import type { ClaimedPayment } from './claim-due-payments.ts';
import type { PaymentGateway } from './gateway.ts';
import { BOOKING_FOLLOWER, newPayment } from './open-payment.ts';
import type { NewPayment } from './payment-statements.ts';

type Opening = {
  readonly event: DomainEventOf<'BookingCreated'>;
  readonly messageId: string;
  readonly origin: Origin | undefined;
};

type Needs = { readonly db: Db; readonly gateway: Pick<PaymentGateway, 'name'> };

type Row = { booking_id: string; lease: string; now_ms: number };

/**
 * The same as `openPayment` for several bookings, in one statement. The first `claim.limit` payments are claimed for
 * this process by the same statement, and returned: their sessions can be opened at once. The others are due.
 */
export async function openPayments(
  { db, gateway }: Needs,
  openings: readonly Opening[],
  claim: { readonly limit: number; readonly leaseSeconds: number },
): Promise<ClaimedPayment[]> {
  const payments = openings.map(({ event, origin }) => newPayment(gateway, event, storedOrigin(origin)));
  const claimed = payments.map((_, index) => (index < claim.limit ? 1 : 0));
  const rows = await prepared<Row>(db, OPEN_PAYMENTS, [
    BOOKING_FOLLOWER,
    openings.map(({ messageId }) => messageId),
    plainArray(claimed),
    JSON.stringify(payments),
    claim.leaseSeconds,
  ]);
  failpoint('payments.row-stored');
  const byBooking = new Map(payments.map((payment) => [payment.bookingId, payment]));
  return rows.flatMap((row) => {
    const payment = byBooking.get(row.booking_id);
    return payment ? [claimedPayment(payment, row)] : [];
  });
}

const OPEN_PAYMENTS = `with wanted as (
    select * from rows from (unnest($2::text[], $3::int[]),
      jsonb_to_recordset($4::jsonb) as (id uuid, "bookingId" uuid, "eventId" uuid, "amountMinor" bigint, currency text,
        description text, lines jsonb, gateway text, "holdExpiresAt" timestamptz, "sessionExpiresAt" timestamptz,
        "requestId" text, traceparent text, "organizationId" uuid, credits jsonb))
      as p (message_id, checks, id, booking_id, event_id, amount_minor, currency, description, lines, gateway,
        hold_expires_at, session_expires_at, request_id, traceparent, organization_id, credits)
  ), fresh as (
    insert into inbox (consumer, message_id) select $1, message_id from wanted on conflict do nothing
    returning message_id
  ), made as (
    insert into payments (id, booking_id, event_id, status, amount_minor, currency, description, lines, gateway,
      hold_expires_at, session_expires_at, request_id, traceparent, organization_id, credits, checks, next_check_at)
    select id, booking_id, event_id, 'CREATING_SESSION', amount_minor, currency, description, lines, gateway,
      hold_expires_at, session_expires_at, request_id, traceparent, organization_id, credits, checks,
      case checks when 0 then now() else now() + make_interval(secs => $5::float8) end
    from wanted join fresh using (message_id)
    on conflict (booking_id) do nothing
    returning booking_id, checks, next_check_at
  )
  select booking_id, next_check_at::text as lease, (extract(epoch from now()) * 1000)::float8 as now_ms
  from made where checks > 0`;

/** The row as it was just inserted. */
function claimedPayment(payment: NewPayment, { lease, now_ms: nowMs }: Row): ClaimedPayment {
  const now = new Date(nowMs);
  return {
    ...payment,
    status: 'CREATING_SESSION',
    gatewayReference: null,
    paymentUrl: null,
    capturedMinor: 0,
    capturedCurrency: null,
    capturedAt: null,
    refundedMinor: 0,
    refundedAt: null,
    refundReference: null,
    refundReason: null,
    failureReason: null,
    closingAt: null,
    inDoubt: false,
    gatewayPayment: null,
    openRefunds: 0,
    disputedMinor: 0,
    nextCheckAt: new Date(lease),
    checks: 1,
    createdAt: now,
    updatedAt: now,
    lease,
    now,
  };
}
