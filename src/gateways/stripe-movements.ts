import type { Stripe } from 'stripe';
import { fromStripeAmount } from '#domain/gateway-amount-rules.ts';
import type { GatewayMovement, ListMovements, MovementKind, MovementPage } from '#domain/payments/gateway.ts';

type Entry = Stripe.BalanceTransaction;

/**
 * Reads a page of https://docs.stripe.com/api/balance_transactions/list, the newest first. An entry is in the currency of
 * the balance; what the fan paid is read from its source. Payouts and other entries without a fan are left out.
 */
export async function listStripeMovements(stripe: Stripe, { from, to, cursor }: ListMovements): Promise<MovementPage> {
  const page = await stripe.balanceTransactions.list({
    created: { gte: Math.floor(from.getTime() / 1000), lt: Math.ceil(to.getTime() / 1000) },
    limit: 100,
    expand: ['data.source'],
    ...(cursor !== undefined && { starting_after: cursor }),
  });
  const read = page.data.filter(isOfFans).map(readMovement);
  const movements = read.filter((movement) => movement !== undefined);
  return {
    movements,
    foreign: read.length - movements.length,
    nextCursor: page.has_more ? page.data.at(-1)?.id : undefined,
  };
}

const kinds: Readonly<Partial<Record<Entry['type'], MovementKind>>> = {
  charge: 'CAPTURE',
  payment: 'CAPTURE',
  refund: 'REFUND',
  payment_refund: 'REFUND',
  refund_failure: 'REFUND_RETURNED',
  payment_failure_refund: 'REFUND_RETURNED',
};

/** Disputes are adjustments, and so are corrections that Stripe makes by itself. */
const isDispute = ({ type, source }: Entry): boolean =>
  type === 'adjustment' && source !== null && typeof source === 'object' && source.object === 'dispute';

const isOfFans = (entry: Entry): boolean => entry.type in kinds || isDispute(entry);

/** Undefined for an entry of another shop. A refund or dispute names its payment, so the caller finds out whose it is. */
function readMovement(entry: Entry): GatewayMovement | undefined {
  const { source } = entry;
  if (source === null || typeof source !== 'object') return undefined;
  if (source.object !== 'charge' && source.object !== 'refund' && source.object !== 'dispute') return undefined;
  const { payment_intent: intent, metadata } = source;
  const paymentReference = typeof intent === 'string' ? intent : intent?.id;
  const bookingId = metadata?.booking_id;
  if (paymentReference === undefined || (source.object === 'charge' && bookingId === undefined)) return undefined;
  const currency = source.currency.toUpperCase();
  const key = source.object === 'refund' ? metadata?.refund_key : undefined;
  const kind = kinds[entry.type] ?? (entry.amount < 0 ? 'DISPUTE_WITHDRAWN' : 'DISPUTE_RETURNED');
  const reference = kind === 'CAPTURE' ? paymentReference : source.id;
  const amountMinor = fromStripeAmount(amountOf(source), currency);
  const at = new Date(entry.created * 1000);
  return { ...{ kind, reference, bookingId, paymentReference, key, amountMinor, currency, at }, fee: readFee(entry) };
}

const amountOf = (source: Stripe.Charge | Stripe.Refund | Stripe.Dispute): number =>
  source.object === 'charge' ? source.amount_captured : source.amount;

/** Stripe gives fees back with a negative amount. */
function readFee({ fee, currency: lower }: Entry): GatewayMovement['fee'] {
  if (fee === 0) return undefined;
  const currency = lower.toUpperCase();
  return { amountMinor: Math.sign(fee) * fromStripeAmount(Math.abs(fee), currency), currency };
}
