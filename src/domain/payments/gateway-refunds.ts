import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { isUuid } from '#shared/uuid.ts';
import type { GatewayRefund } from './gateway.ts';
import { lockPaymentOfBooking, type Payment } from './payment-statements.ts';
import {
  askForRefund,
  type Refund,
  recordRefundAccepted,
  recordRefundDone,
  recordRefundFailed,
  refundsOf,
} from './refund-statements.ts';

export const keyOfRefund = ({ id }: Pick<Refund, 'id'>): string => `refund:${id}`;

/**
 * Brings our refunds up to date with those that the gateway has of a payment: those that arrived or failed, and those
 * that were made there without our request, such as on its dashboard. `payment` is locked. Returns how many changed.
 */
export async function recordGatewayRefunds(tx: Tx, payment: Payment, seen: readonly GatewayRefund[]): Promise<number> {
  let changed = 0;
  for (const refund of failedFirst(seen)) {
    const now = await lockPaymentOfBooking(tx, payment.bookingId);
    if (!now || now.capturedAt === null) return changed;
    const ours = match(await refundsOf(tx, payment.bookingId), refund);
    const isChanged = ours ? await update(tx, now, { ours, seen: refund }) : await adopt(tx, now, refund);
    if (isChanged) changed += 1;
  }
  return changed;
}

/** What a failed refund gives free may be what another one took. */
export const failedFirst = (seen: readonly GatewayRefund[]): GatewayRefund[] =>
  seen.toSorted((a, b) => Number(b.status === 'FAILED') - Number(a.status === 'FAILED'));

/** By the reference, else by the key; a gateway without keys returns the amount only. */
export function match<T extends Pick<Refund, 'id' | 'status' | 'amountMinor' | 'gatewayReference'>>(
  all: readonly T[],
  seen: GatewayRefund,
): T | undefined {
  const open = all.filter(({ gatewayReference }) => gatewayReference === null);
  return (
    all.find(({ gatewayReference }) => gatewayReference === seen.refundReference) ??
    (seen.key === undefined
      ? open.find(
          ({ status, amountMinor }) =>
            status === 'PENDING' && seen.status !== 'FAILED' && amountMinor === seen.amountMinor,
        )
      : open.find((refund) => keyOfRefund(refund) === seen.key))
  );
}

/** A refund that the gateway itself had reported as failed does not succeed again: that news is older. */
export const isMadeAnyway = (
  ours: Pick<Refund, 'status' | 'failureReason' | 'gatewayReference'>,
  seen: GatewayRefund,
): boolean =>
  ours.status === 'FAILED' &&
  ours.failureReason !== 'GATEWAY_FAILED' &&
  ours.gatewayReference === null &&
  seen.status !== 'FAILED';

/** A refund of the gateway that is not in our books yet. */
export function isUnknown<
  T extends Pick<Refund, 'id' | 'status' | 'amountMinor' | 'gatewayReference' | 'failureReason'>,
>(all: readonly T[], seen: GatewayRefund): boolean {
  const ours = match(all, seen);
  return seen.status !== 'FAILED' && (!ours || isMadeAnyway(ours, seen));
}

async function update(
  tx: Tx,
  payment: Payment,
  { ours, seen }: { ours: Refund; seen: GatewayRefund },
): Promise<boolean> {
  if (seen.status === 'FAILED') return recordRefundFailed(tx, payment, ours, 'GATEWAY_FAILED');
  // We had given it up, and the gateway has made it nevertheless.
  if (isMadeAnyway(ours, seen)) return adopt(tx, payment, seen);
  if (ours.status !== 'PENDING') return false;
  if (seen.status === 'SUCCEEDED') return recordRefundDone(tx, payment, ours, seen.refundReference);
  if (ours.gatewayReference === null)
    await recordRefundAccepted(tx, payment, ours, { reference: seen.refundReference, askAfterSeconds: 0 });
  return false;
}

/**
 * A refund of ours that a restore has lost keeps its id, so its message does not ask for it again. One that does not fit
 * beside refunds of ours that the gateway has not made yet waits until it refuses one of those.
 */
async function adopt(tx: Tx, payment: Payment, seen: GatewayRefund): Promise<boolean> {
  if (seen.status === 'FAILED') return false;
  const own = seen.key?.replace(/^refund:/, '');
  const isFree =
    own !== undefined && isUuid(own) && (await refundsOf(tx, payment.bookingId)).every(({ id }) => id !== own);
  const refund = await askForRefund(tx, payment, {
    id: isFree ? own : randomUUIDv7(),
    origin: 'GATEWAY',
    reason: 'MADE_AT_GATEWAY',
    of: { exactMinor: seen.amountMinor },
    gatewayReference: seen.refundReference,
  });
  if (!refund) return false;
  const after = await lockPaymentOfBooking(tx, payment.bookingId);
  if (seen.status === 'SUCCEEDED' && after) await recordRefundDone(tx, after, refund);
  return true;
}

/**
 * The gateway has refused a refund of ours for good, and may have others that we did not ask for. One of the same amount
 * is ours, made by other means. Otherwise ours makes room for them, and what of it they leave is asked for by a new
 * refund. `payment` is locked.
 */
export async function makeRoomForGatewayRefunds(
  tx: Tx,
  payment: Payment,
  { refused, seen }: { refused: Refund; seen: readonly GatewayRefund[] },
): Promise<'REFUNDED' | 'SUPERSEDED' | 'REFUND_REFUSED'> {
  const isChanged = (await recordGatewayRefunds(tx, payment, seen)) > 0;
  const all = await refundsOf(tx, payment.bookingId);
  if (all.find(({ id }) => id === refused.id)?.status !== 'PENDING') return 'REFUNDED';
  const unknown = seen.filter((one) => isUnknown(all, one));
  if (unknown.length === 0) {
    if (!(await isBeyondReach(tx, payment.bookingId, refused))) return isChanged ? 'SUPERSEDED' : 'REFUND_REFUSED';
    await recordRefundFailed(tx, payment, refused, 'CHARGED_BACK');
    return 'SUPERSEDED';
  }
  const same = unknown.find(({ status, amountMinor }) => status === 'SUCCEEDED' && amountMinor === refused.amountMinor);
  if (same) {
    await recordRefundDone(tx, payment, refused, same.refundReference);
    return 'REFUNDED';
  }
  await recordRefundFailed(tx, payment, refused, 'MADE_AT_GATEWAY');
  await askForTheRest(tx, payment, { refused, seen });
  return 'SUPERSEDED';
}

/** Whether a bank has taken so much for good that this refund can never be made. */
async function isBeyondReach(tx: Tx, bookingId: string, { amountMinor }: Refund): Promise<boolean> {
  const [row] = await tx.execute<{ reach: number }>(sql`
    select (captured_minor - refunded_minor - (select coalesce(sum(amount_minor), 0) from disputes d
      where d.booking_id = p.booking_id and status = 'LOST'))::float8 as reach
    from payments p where booking_id = ${bookingId}`);
  return row !== undefined && amountMinor > row.reach;
}

async function askForTheRest(
  tx: Tx,
  payment: Payment,
  { refused, seen }: { refused: Refund; seen: readonly GatewayRefund[] },
): Promise<void> {
  const { bookingId } = payment;
  const before = await lockPaymentOfBooking(tx, bookingId);
  if (!before || (await recordGatewayRefunds(tx, before, seen)) === 0) return;
  const after = await lockPaymentOfBooking(tx, bookingId);
  if (!after) return;
  const amountMinor = refused.amountMinor - (after.refundedMinor - before.refundedMinor);
  const { reason, seatNos } = refused;
  if (amountMinor > 0)
    await askForRefund(tx, after, { id: randomUUIDv7(), origin: 'BOOKING', reason, seatNos, of: { amountMinor } });
}
