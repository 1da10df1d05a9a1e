import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { appendNotice, countNotices } from './notice-queue.ts';
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
import type { Row } from './store.ts';

export const refundBody = z.strictObject({
  session: z.string().min(1).max(200),
  amount_minor: z.int().min(1),
  currency: z.string(),
});

export type RefundBody = z.infer<typeof refundBody>;

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
    const id = `re_sandbox_${randomBytes(12).toString('hex')}`;
    books.store.run(
      `INSERT INTO refunds (id, session_id, amount_minor, created_at, idempotency_key, request_hash)
       VALUES (?, ?, ?, ?, ?, ?)`,
      id,
      session.id,
      body.amount_minor,
      Date.now(),
      key,
      hash,
    );
    appendNotice(books, 'session.refunded', presentSession(books, session));
    return presentRefund(books.store.first('SELECT * FROM refunds WHERE id = ?', id) ?? {}, session.currency);
  });
}

function assertRefundable(books: Books, session: SessionRow, body: RefundBody): void {
  if (session.status !== 'paid') {
    throw new Problem(400, 'not_refundable', `The session is ${session.status}, so there is no money to refund.`);
  }
  if (session.currency !== body.currency) {
    throw new Problem(400, 'not_refundable', `The session was paid in ${session.currency}.`);
  }
  const row = books.store.first(
    'SELECT coalesce(sum(amount_minor), 0) AS n FROM refunds WHERE session_id = ?',
    session.id,
  );
  const left = session.amount_minor - Number(row?.n);
  if (body.amount_minor > left) {
    throw new Problem(400, 'not_refundable', `Only ${left} of the capture can still be refunded.`);
  }
}

/**
 * Returns all money that moved, for reconciliation: one capture for each paid session, its refunds, sums for each
 * currency, and the work under way.
 */
export function presentLedger(books: Books) {
  const captures = books.store.all("SELECT * FROM sessions WHERE status = 'paid' ORDER BY settled_at, seq");
  const refunds = books.store.all(
    `SELECT refunds.*, sessions.currency, sessions.booking_id FROM refunds
     JOIN sessions ON sessions.id = refunds.session_id ORDER BY refunds.rowid`,
  );
  return {
    object: 'ledger',
    captures: captures.map((row) => ({
      session: String(row.id),
      booking_id: String(row.booking_id),
      amount_minor: Number(row.amount_minor),
      currency: String(row.currency),
      captured_at: new Date(Number(row.settled_at)).toISOString(),
    })),
    refunds: refunds.map((row) => ({
      ...presentRefund(row, String(row.currency)),
      booking_id: String(row.booking_id),
    })),
    totals: totals(captures, refunds),
    sessions: countSessions(books),
    notices: countNotices(books.store),
  };
}

function countSessions(books: Books): Record<string, number> {
  const counts: Record<string, number> = { open: 0, paid: 0, declined: 0, expired: 0 };
  for (const row of books.store.all('SELECT status, count(*) AS n FROM sessions GROUP BY status')) {
    counts[String(row.status)] = Number(row.n);
  }
  return counts;
}

function totals(captures: readonly Row[], refunds: readonly Row[]) {
  const sums: Record<string, { captured_minor: number; refunded_minor: number }> = {};
  const of = (row: Row) => {
    const code = String(row.currency);
    sums[code] ??= { captured_minor: 0, refunded_minor: 0 };
    return sums[code];
  };
  for (const row of captures) of(row).captured_minor += Number(row.amount_minor);
  for (const row of refunds) of(row).refunded_minor += Number(row.amount_minor);
  return sums;
}
