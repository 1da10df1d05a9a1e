import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { appendNotice } from './notice-queue.ts';
import { Problem } from './problem.ts';
import { type Books, presentDispute, requireSession, type SessionRow } from './sessions.ts';

export const disputeBody = z.strictObject({
  session: z.string().min(1).max(200),
  amount_minor: z.int().min(1).optional(),
  status: z.enum(['inquiry', 'open']).default('open'),
});

export const disputeEndBody = z.strictObject({ status: z.enum(['open', 'won', 'lost']) });

type Opened = { readonly id: string };

/**
 * A fan's bank asks for money back: of an `inquiry` nothing is taken yet, `open` withdraws it. Returns undefined when a
 * dispute of the session is there already, or nothing is left that could be disputed.
 */
export function openDispute(
  books: Books,
  session: SessionRow,
  { status, amountMinor }: { status: 'inquiry' | 'open'; amountMinor?: number | undefined },
): Opened | undefined {
  const { store } = books;
  if (session.status !== 'paid') throw new Problem(400, 'not_disputable', `The session is ${session.status}.`);
  if (store.first('SELECT 1 FROM disputes WHERE session_id = ?', session.id)) return undefined;
  const row = store.first(
    "SELECT coalesce(sum(amount_minor), 0) AS n FROM refunds WHERE session_id = ? AND status <> 'failed'",
    session.id,
  );
  const amount = Math.min(amountMinor ?? session.amount_minor, session.amount_minor - Number(row?.n));
  if (amount <= 0) return undefined;
  const id = `dp_sandbox_${randomBytes(12).toString('hex')}`;
  const now = Date.now();
  store.run(
    `INSERT INTO disputes (id, session_id, amount_minor, status, created_at, changed_at, withdrawn_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    ...[id, session.id, amount, status, now, now, status === 'open' ? now : null],
  );
  notify(books, session, id, 'dispute.created');
  if (status === 'open') notify(books, session, id, 'dispute.funds_withdrawn');
  return { id };
}

/** Moves a dispute on: an inquiry that withdraws the money, or its end. One that is over stays as it is. */
export function settleDispute(books: Books, id: string, status: 'open' | 'won' | 'lost'): void {
  const found = books.store.first('SELECT * FROM disputes WHERE id = ?', id);
  if (!found) throw new Problem(404, 'not_found', 'There is no such dispute.');
  if (found.status === 'won' || found.status === 'lost' || found.status === status) return;
  const now = Date.now();
  books.store.run('UPDATE disputes SET status = ?, changed_at = ? WHERE id = ?', status, now, id);
  // An inquiry that is won took nothing.
  if (status !== 'won')
    books.store.run('UPDATE disputes SET withdrawn_at = coalesce(withdrawn_at, ?) WHERE id = ?', now, id);
  const session = requireSession(books.store, String(found.session_id));
  notify(books, session, id, status === 'open' ? 'dispute.funds_withdrawn' : 'dispute.closed');
}

function notify(
  books: Books,
  session: SessionRow,
  id: string,
  type: 'dispute.created' | 'dispute.funds_withdrawn' | 'dispute.closed',
): void {
  const row = books.store.first('SELECT * FROM disputes WHERE id = ?', id) ?? {};
  appendNotice(books, type, presentDispute(row, session));
}
