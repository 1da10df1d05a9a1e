import type { Db } from '#db/client.ts';
import type { NoticeOutcome, Resume } from './apply-notice.ts';
import type { NoticeHeaders, PaymentGateway } from './gateway.ts';
import { keepOne, type keptInSets } from './receive-notices.ts';

type Needs = {
  db: Db;
  gateway: PaymentGateway;
  now: () => Date;
  resume?: Resume;
  /** Stores and applies the notice together with others. Default: alone. */
  keep?: ReturnType<typeof keptInSets>;
};

/**
 * Takes one webhook delivery. When this resolves, the notice is durable and may be acknowledged. When it throws any
 * error except `NoticeRejected`, the notice may not be stored and the gateway must send it again. The age of the
 * signature is measured against `now`.
 * @param delivery `rawBody`: the bytes as they arrived; the signature is checked before anything is read from them
 * @throws NoticeRejected when the delivery is not from the gateway; nothing of it is stored
 */
export async function receiveNotice(
  needs: Needs,
  delivery: { rawBody: Buffer; headers: NoticeHeaders },
): Promise<{ gatewayEventId: string; type: string; outcome: NoticeOutcome | 'STORED'; cause?: unknown }> {
  const { keep, resume } = needs;
  const notice = needs.gateway.verifyNotice(delivery.rawBody, delivery.headers, needs.now());
  const kept = await (keep ? keep(notice, resume) : keepOne(needs, { notice, resume }));
  return { gatewayEventId: notice.gatewayEventId, type: notice.type, ...kept };
}
