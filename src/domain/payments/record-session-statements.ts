import type { Tx } from '#db/client.ts';
import { judgeSession, type SeenSession, type Verdict } from './payment-rules.ts';
import { type Payment, recordCapture, recordFailure, recordWrongCapture } from './payment-statements.ts';
import { askForWhole } from './refund-statements.ts';

/**
 * Takes over the gateway's own answer about a session. `payment` is locked. Money of another amount or currency than
 * requested ends the payment and is refunded at once: the booking fails as if nothing had been paid.
 */
export async function recordSession(
  tx: Tx,
  payment: Payment,
  seen: SeenSession & { at: Date; paymentReference?: string | undefined },
): Promise<Verdict> {
  const verdict = judgeSession(payment, seen);
  if (verdict === 'SUCCEED') await recordCapture(tx, payment, seen);
  if (verdict === 'FAIL') await recordFailure(tx, payment, seen.status === 'DECLINED' ? 'DECLINED' : 'SESSION_EXPIRED');
  if (verdict === 'GIVE_BACK') {
    await recordFailure(tx, payment, 'AMOUNT_MISMATCH');
    const capture = { minor: seen.capturedMinor, currency: seen.currency ?? payment.currency, at: seen.at };
    const captured = await recordWrongCapture(tx, payment, capture);
    if (captured) await askForWhole(tx, captured, 'AMOUNT_MISMATCH');
  }
  return verdict;
}
