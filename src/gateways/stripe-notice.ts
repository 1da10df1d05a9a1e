import { z } from 'zod';
import { fromStripeAmount } from '#domain/gateway-amount-rules.ts';
import { type Notice, type NoticeHeaders, NoticeRejected, type NoticeType } from '#domain/payments/gateway.ts';
import { assertSigned, epochSeconds, gatewayName, parseSignedJson } from './signed-notice.ts';

/** Events of the newer kind have no `data.object`, and their time is a text. */
const event = z.object({
  id: gatewayName,
  type: z.string(),
  created: z
    .union([epochSeconds, z.iso.datetime({ offset: true })])
    .optional()
    .catch(undefined),
  data: z.object({ object: z.unknown().optional() }).optional().catch(undefined),
});

/** An id, or the object itself, as the version of the API has it. */
const reference = z
  .union([gatewayName, z.object({ id: gatewayName }).transform(({ id }) => id)])
  .nullish()
  .catch(undefined);

const ours = z.object({ metadata: z.record(z.string(), z.unknown()).nullish().catch(undefined) });
const about = ours.extend({ payment_intent: reference });
const checkoutSession = about.extend({
  id: gatewayName,
  amount_total: z.int().nullish(),
  currency: z.string().nullish(),
  payment_status: z.string().nullish(),
});
const charge = about.extend({ amount_refunded: z.int(), currency: z.string() });
const dispute = about.extend({ id: gatewayName, amount: z.int(), currency: z.string(), status: z.string() });

/** `completed` with `unpaid` means that the bank needs time: the result comes in one of the async notices. */
const sessionNotices: Readonly<Record<string, (status: string | null | undefined) => NoticeType>> = {
  'checkout.session.completed': (status) =>
    status === 'paid' || status === 'no_payment_required' ? 'SESSION_PAID' : 'IGNORED',
  'checkout.session.async_payment_succeeded': () => 'SESSION_PAID',
  'checkout.session.async_payment_failed': () => 'SESSION_DECLINED',
  'checkout.session.expired': () => 'SESSION_EXPIRED',
};

const refundNotices: ReadonlySet<string> = new Set([
  'charge.refund.updated',
  'refund.created',
  'refund.updated',
  'refund.failed',
]);

const disputeNotices: ReadonlySet<string> = new Set([
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.closed',
  'charge.dispute.funds_withdrawn',
  'charge.dispute.funds_reinstated',
]);

export interface Delivery {
  readonly rawBody: Buffer;
  readonly headers: NoticeHeaders;
  readonly now: Date;
}

type Base = Pick<Notice, 'gatewayEventId' | 'occurredAt'>;
type Reader = (base: Base, object: unknown, type: string) => Notice | undefined;

/**
 * https://docs.stripe.com/api/events/types. A declined card does not end a Stripe session (the fan may try another
 * card), so `payment_intent.payment_failed` is ignored. Sales of other shops are ignored too: one account may serve
 * several shops, and our sales have a booking_id. A notice about our subjects whose shape is not the expected one is
 * `UNKNOWN`, because Stripe would repeat a refused one for days and then turn the endpoint off.
 * @throws NoticeRejected
 */
export function readStripeNotice(secrets: readonly string[], { rawBody, headers, now }: Delivery): Notice {
  assertSigned({ rawBody, header: headers['stripe-signature'], secrets, now });
  const parsed = event.safeParse(parseSignedJson(rawBody));
  if (!parsed.success) throw new NoticeRejected('UNREADABLE', 'The notice has an unknown shape.');
  const { id, type, created, data } = parsed.data;
  const base = { gatewayEventId: id, occurredAt: timeOf(created, now) };
  const read = readerOf(type);
  if (!read) return { ...base, type: 'IGNORED' };
  return (
    read(base, data?.object, type) ?? { ...base, type: isOfAnotherShop(type, data?.object) ? 'IGNORED' : 'UNKNOWN' }
  );
}

const timeOf = (created: number | string | undefined, now: Date): Date =>
  created === undefined ? now : new Date(typeof created === 'number' ? created * 1000 : created);

function readerOf(type: string): Reader | undefined {
  if (type in sessionNotices) return readSession;
  if (type === 'charge.refunded') return readCharge;
  if (refundNotices.has(type)) return readRefund;
  return disputeNotices.has(type) ? readDispute : undefined;
}

const readSession: Reader = (base, object, type) => {
  const { data: session } = checkoutSession.safeParse(object);
  const bookingId = session && ourBooking(session);
  const noticeType = session && sessionNotices[type]?.(session.payment_status);
  if (!session || !bookingId || !noticeType) return undefined;
  const { amount_total: amount, payment_intent: payment } = session;
  const currency = session.currency?.toUpperCase();
  if (noticeType === 'SESSION_PAID' && (typeof amount !== 'number' || !currency)) return undefined;
  const amountMinor = typeof amount === 'number' ? fromStripeAmount(amount, currency ?? '') : undefined;
  const paymentReference = payment ?? undefined;
  return { ...base, type: noticeType, reference: session.id, bookingId, amountMinor, currency, paymentReference };
};

const readCharge: Reader = (base, object) => {
  const { data: refunded } = charge.safeParse(object);
  // A charge has the metadata of its payment, so one with other metadata is of another shop.
  const subject = refunded && (isWithoutBooking(refunded) ? undefined : subjectOf(refunded));
  if (!refunded || !subject) return undefined;
  const currency = refunded.currency.toUpperCase();
  return {
    ...{ ...base, ...subject },
    type: 'REFUNDED',
    amountMinor: fromStripeAmount(refunded.amount_refunded, currency),
    currency,
  };
};

/** What became of the refund is read from Stripe itself: notices of one refund may come in any order. */
const readRefund: Reader = (base, object) => {
  const { data: refund } = about.safeParse(object);
  const subject = refund && subjectOf(refund);
  return subject && { ...base, ...subject, type: 'REFUND_CHANGED' };
};

const readDispute: Reader = (base, object, type) => {
  const { data: disputed } = dispute.safeParse(object);
  const subject = disputed && subjectOf(disputed);
  if (!disputed || !subject) return undefined;
  const currency = disputed.currency.toUpperCase();
  const amountMinor = fromStripeAmount(disputed.amount, currency);
  const state = { id: disputed.id, state: disputeState(disputed.status, type) };
  return { ...base, ...subject, type: 'DISPUTE', amountMinor, currency, dispute: state };
};

/** https://docs.stripe.com/api/disputes/object: a `warning` is an inquiry, which takes no money. */
function disputeState(status: string, type: string): NonNullable<Notice['dispute']>['state'] {
  if (status === 'lost') return 'LOST';
  if (status === 'won' || status === 'prevented' || type.endsWith('funds_reinstated')) return 'WON';
  return status.startsWith('warning') && !type.endsWith('funds_withdrawn') ? 'INQUIRY' : 'OPEN';
}

/** Undefined for a sale of another shop, whose metadata may have any form. */
const ourBooking = ({ metadata }: z.infer<typeof ours>): string | undefined =>
  gatewayName.safeParse(metadata?.booking_id).data;

/** Refunds and disputes from the dashboard have no metadata of ours: then the payment names the booking. */
function subjectOf(object: z.infer<typeof about>): Pick<Notice, 'bookingId' | 'paymentReference'> | undefined {
  const [bookingId, paymentReference] = [ourBooking(object), object.payment_intent ?? undefined];
  if (bookingId !== undefined) return { bookingId, paymentReference };
  return paymentReference === undefined ? undefined : { paymentReference };
}

/** It has metadata, and ours always name the booking. Without any, the shape is not one that we know. */
const isWithoutBooking = (object: z.infer<typeof ours>): boolean =>
  object.metadata !== undefined && ourBooking(object) === undefined;

function isOfAnotherShop(type: string, object: unknown): boolean {
  const { data } = ours.safeParse(object);
  return data !== undefined && (type in sessionNotices || type === 'charge.refunded') && isWithoutBooking(data);
}
