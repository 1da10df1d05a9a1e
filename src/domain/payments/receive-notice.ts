import type { Db } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { notices } from '#db/payments/tables.ts';
import { applyNotice, type NoticeOutcome, type Resume } from './apply-notice.ts';
import type { NoticeHeaders, PaymentGateway } from './gateway.ts';

/**
 * Takes one webhook delivery. When this resolves, the notice is durable and may be acknowledged. When it throws any
 * error except `NoticeRejected`, the notice may not be stored and the gateway must send it again. The age of the
 * signature is measured against `now`.
 * @param delivery `rawBody`: the bytes as they arrived; the signature is checked before anything is read from them
 * @throws NoticeRejected when the delivery is not from the gateway; nothing of it is stored
 */
export async function receiveNotice(
  needs: { db: Db; gateway: PaymentGateway; now: () => Date; resume?: Resume },
  delivery: { rawBody: Buffer; headers: NoticeHeaders },
): Promise<{ gatewayEventId: string; type: string; outcome: NoticeOutcome | 'STORED'; cause?: unknown }> {
  const notice = needs.gateway.verifyNotice(delivery.rawBody, delivery.headers, needs.now());
  const key = { gateway: needs.gateway.name, gatewayEventId: notice.gatewayEventId };
  await needs.db
    .insert(notices)
    .values({
      ...key,
      type: notice.type,
      reference: notice.reference,
      bookingId: notice.bookingId,
      amountMinor: notice.amountMinor,
      currency: notice.currency,
      occurredAt: notice.occurredAt,
    })
    .onConflictDoNothing();
  failpoint('payments.notice-stored');
  const about = { gatewayEventId: notice.gatewayEventId, type: notice.type };
  try {
    const outcome = await applyNotice(needs, key);
    failpoint('payments.notice-applied');
    return { ...about, outcome };
  } catch (cause) {
    // The notice is stored, so it is not lost: the sweep over waiting notices applies it later.
    return { ...about, outcome: 'STORED', cause };
  }
}
