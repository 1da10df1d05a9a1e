import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { availableMinor } from './ledger.ts';
import { appendNotice } from './notice-queue.ts';
import { plan } from './plan.ts';
import { Problem } from './problem.ts';
import {
  assertSameRequest,
  type Books,
  hashRequest,
  presentRefund,
  presentSession,
  requireSession,
  type SessionRow,
} from './sessions.ts';

export const refundBody = z.strictObject({
  session: z.string().min(1).max(200),
  amount_minor: z.int().min(1),
  currency: z.string(),
});

export const dashboardRefundBody = refundBody
  .pick({ session: true })
  .extend({ amount_minor: z.int().min(1).optional() });

export type RefundBody = z.infer<typeof refundBody>;
export type RefundStatus = 'pending' | 'succeeded' | 'failed';

/** Refunds money, never more than was captured. The same key with the same body returns the same refund. */
export function createRefund(books: Books, key: string, body: RefundBody): ReturnType<typeof presentRefund> {
  const hash = hashRequest(body);
  return books.store.transaction(() => {
    const saved = books.store.first('SELECT * FROM refunds WHERE idempotency_key = ?', key);
    if (saved) {
      assertSameRequest(String(saved.request_hash), hash);
      return presentRefund(saved, body.currency);
    }
    const session = requireSession(books.store, body.session);
    assertRefundable(books, session, body);
    const status = firstStatus(books);
    const id = insert(books, session, { amountMinor: body.amount_minor, key, hash, status });
    if (status === 'pending') plan(books, 'succeed-refund', id);
    else if (status === 'succeeded' && books.trouble.takeSome('failRefundsLater')) plan(books, 'fail-refund', id);
    return presentRefund(books.store.first('SELECT * FROM refunds WHERE id = ?', id) ?? {}, session.currency);
  });
}

function firstStatus({ trouble }: Books): RefundStatus {
  if (trouble.takeSome('failRefunds')) return 'failed';
  return trouble.takeSome('pendRefunds') ? 'pending' : 'succeeded';
}

/** A refund that a person makes at the gateway, without the merchant's request: of an amount, or of all that is left. */
export function refundAtDashboard(books: Books, session: SessionRow, amountMinor?: number): void {
  if (session.status !== 'paid')
    throw new Problem(400, 'not_refundable', `The session is ${session.status}, so there is no money to refund.`);
  const left = leftOf(books, session);
  const amount = Math.min(amountMinor ?? left, left);
  if (amount <= 0) return;
  insert(books, session, { amountMinor: amount, key: undefined, hash: '', status: 'succeeded' });
}

/** A refund that was pending succeeds, or one is sent back by the bank, also after it had succeeded. */
export function changeRefund(books: Books, id: string, status: 'succeeded' | 'failed'): void {
  const saved = books.store.first('SELECT * FROM refunds WHERE id = ?', id);
  if (!saved) throw new Problem(404, 'not_found', 'There is no such refund.');
  if (saved.status === 'failed' || saved.status === status) return;
  books.store.run('UPDATE refunds SET status = ?, changed_at = ? WHERE id = ?', status, Date.now(), id);
  notify(books, requireSession(books.store, String(saved.session_id)), status);
}

function insert(
  books: Books,
  session: SessionRow,
  refund: { amountMinor: number; key: string | undefined; hash: string; status: RefundStatus },
): string {
  const id = `re_sandbox_${randomBytes(12).toString('hex')}`;
  const { amountMinor, key, hash, status } = refund;
  books.store.run(
    `INSERT INTO refunds (id, session_id, amount_minor, created_at, idempotency_key, request_hash, status)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ...[id, session.id, amountMinor, Date.now(), key ?? `${DASHBOARD}${id}`, hash, status],
  );
  notify(books, session, status);
  return id;
}

/** The key of a refund that no merchant's request made. */
const DASHBOARD = 'dashboard:';

function notify(books: Books, session: SessionRow, status: RefundStatus): void {
  if (status === 'pending') return;
  appendNotice(books, status === 'failed' ? 'refund.failed' : 'session.refunded', presentSession(books, session));
}

function assertRefundable(books: Books, session: SessionRow, body: RefundBody): void {
  if (session.status !== 'paid') {
    throw new Problem(400, 'not_refundable', `The session is ${session.status}, so there is no money to refund.`);
  }
  if (session.currency !== body.currency) {
    throw new Problem(400, 'not_refundable', `The session was paid in ${session.currency}.`);
  }
  const left = leftOf(books, session);
  if (body.amount_minor > left) {
    throw new Problem(400, 'not_refundable', `Only ${left} of the capture can still be refunded.`);
  }
  const { withholdMinor } = books.trouble.switches;
  if (withholdMinor > 0 && availableMinor(books, session.currency) - withholdMinor < body.amount_minor)
    throw new Problem(400, 'balance_insufficient', 'The balance is too low for this refund. Try it again later.');
}

/** What of the capture neither went back nor is disputed. */
function leftOf({ store }: Books, session: SessionRow): number {
  const row = store.first(
    `SELECT (SELECT coalesce(sum(amount_minor), 0) FROM refunds WHERE session_id = ?1 AND status <> 'failed')
       + (SELECT coalesce(sum(amount_minor), 0) FROM disputes WHERE session_id = ?1 AND status IN ('open', 'lost')) AS n`,
    session.id,
  );
  return session.amount_minor - Number(row?.n);
}
