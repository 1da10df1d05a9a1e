import { z } from 'zod';
import { fromStripeAmount } from '#domain/gateway-amount-rules.ts';
import { type Notice, type NoticeHeaders, NoticeRejected, type NoticeType } from '#domain/payments/gateway.ts';
import { assertSigned, epochSeconds, gatewayName, parseSignedJson } from './signed-notice.ts';

const event = z.object({
  id: gatewayName,
  type: z.string(),
  created: epochSeconds,
  data: z.object({ object: z.unknown() }),
});

const metadata = z.record(z.string(), z.string()).nullish();

const checkoutSession = z.object({
  id: gatewayName,
  amount_total: z.int().nullable(),
  currency: z.string().nullable(),
  payment_status: z.enum(['paid', 'unpaid', 'no_payment_required']),
  metadata,
});

const charge = z.object({ amount_refunded: z.int(), currency: z.string(), metadata });

/** `completed` with `unpaid` means that the bank needs time: the result comes in one of the async notices. */
const sessionNotices: Readonly<Record<string, (paid: boolean) => NoticeType>> = {
  'checkout.session.completed': (paid) => (paid ? 'SESSION_PAID' : 'IGNORED'),
  'checkout.session.async_payment_succeeded': () => 'SESSION_PAID',
  'checkout.session.async_payment_failed': () => 'SESSION_DECLINED',
  'checkout.session.expired': () => 'SESSION_EXPIRED',
};

export interface Delivery {
  readonly rawBody: Buffer;
  readonly headers: NoticeHeaders;
  readonly now: Date;
}

/**
 * https://docs.stripe.com/api/events/types. A declined card does not end a Stripe session (the fan may try another
 * card), so `payment_intent.payment_failed` is ignored. Sales of other shops are ignored too: one account may serve
 * several shops, and our sales have a booking_id.
 * @throws NoticeRejected
 */
export function readStripeNotice(secrets: readonly string[], { rawBody, headers, now }: Delivery): Notice {
  assertSigned({ rawBody, header: headers['stripe-signature'], secrets, now });
  const parsed = event.safeParse(parseSignedJson(rawBody));
  if (!parsed.success) throw new NoticeRejected('UNREADABLE', 'The notice has an unknown shape.');
  const { id, type, created, data } = parsed.data;
  const base = { gatewayEventId: id, occurredAt: new Date(created * 1000) };
  const typeOf = sessionNotices[type];
  if (typeOf) {
    const session = read(checkoutSession, data.object, type);
    const bookingId = ourBooking(session.metadata);
    if (bookingId === undefined) return { ...base, type: 'IGNORED' };
    const currency = session.currency?.toUpperCase();
    const amountMinor =
      session.amount_total === null ? undefined : fromStripeAmount(session.amount_total, currency ?? '');
    const noticeType = typeOf(session.payment_status !== 'unpaid');
    return { ...base, type: noticeType, reference: session.id, bookingId, amountMinor, currency };
  }
  if (type !== 'charge.refunded') return { ...base, type: 'IGNORED' };
  const refunded = read(charge, data.object, type);
  const bookingId = ourBooking(refunded.metadata);
  if (bookingId === undefined) return { ...base, type: 'IGNORED' };
  const currency = refunded.currency.toUpperCase();
  const amountMinor = fromStripeAmount(refunded.amount_refunded, currency);
  return { ...base, type: 'REFUNDED', bookingId, amountMinor, currency };
}

/** Undefined for a sale of another shop, whose metadata may have any form. */
const ourBooking = (about: z.infer<typeof metadata>): string | undefined =>
  gatewayName.safeParse(about?.booking_id).data;

function read<T>(schema: z.ZodType<T>, object: unknown, type: string): T {
  const parsed = schema.safeParse(object);
  if (parsed.success) return parsed.data;
  throw new NoticeRejected('UNREADABLE', `The notice ${type} has an unknown shape.`);
}
