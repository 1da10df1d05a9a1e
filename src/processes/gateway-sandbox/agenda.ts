import { openDispute, settleDispute } from './disputes.ts';
import { type Action, plan } from './plan.ts';
import { changeRefund, refundAtDashboard } from './refunds.ts';
import { type Books, requireSession } from './sessions.ts';

const actions: Readonly<Record<Action, (books: Books, subject: string) => void>> = {
  'succeed-refund': (books, id) => changeRefund(books, id, 'succeeded'),
  'fail-refund': (books, id) => changeRefund(books, id, 'failed'),
  'refund-part': (books, id) => {
    const session = requireSession(books.store, id);
    refundAtDashboard(books, session, Math.max(1, Math.floor(session.amount_minor / 3)));
  },
  'refund-all': (books, id) => refundAtDashboard(books, requireSession(books.store, id)),
  'dispute-to-win': (books, id) => planEnd(books, 'win-dispute', id),
  'dispute-to-lose': (books, id) => planEnd(books, 'lose-dispute', id),
  'win-dispute': (books, id) => settleDispute(books, id, 'won'),
  'lose-dispute': (books, id) => settleDispute(books, id, 'lost'),
};

function planEnd(books: Books, end: Action, sessionId: string): void {
  const dispute = openDispute(books, requireSession(books.store, sessionId), { status: 'open' });
  if (dispute) plan(books, end, dispute.id);
}

/** Does what is due, a bounded number at a time, and returns how many. */
export function doAgenda(books: Books, limit = 200): number {
  const due = books.store.all('SELECT * FROM agenda WHERE at <= ? ORDER BY at, seq LIMIT ?', Date.now(), limit);
  for (const { seq, action, subject } of due) {
    books.store.transaction(() => {
      books.store.run('DELETE FROM agenda WHERE seq = ?', Number(seq));
      actions[action as Action](books, String(subject));
    });
  }
  return due.length;
}

/** Returns when the next action is due (epoch ms). */
export function findNextAction({ store }: Books): number | undefined {
  const row = store.first('SELECT min(at) AS at FROM agenda');
  return typeof row?.at === 'number' ? row.at : undefined;
}
