import { countNotices } from './notice-queue.ts';
import { type Books, presentDispute, presentRefund, sessionRow } from './sessions.ts';
import type { Row } from './store.ts';

/**
 * Returns all money that moved, for reconciliation: one capture for each paid session, the refunds that reached the fan,
 * disputes, sums for each currency, and the work under way. `other_refunds` are those that are pending or failed.
 */
export function presentLedger(books: Books) {
  const captures = books.store.all("SELECT * FROM sessions WHERE status = 'paid' ORDER BY settled_at, seq");
  const refunds = books.store.all(
    `SELECT refunds.*, sessions.currency, sessions.booking_id FROM refunds
     JOIN sessions ON sessions.id = refunds.session_id ORDER BY refunds.rowid`,
  );
  const disputes = books.store.all(
    `SELECT disputes.*, sessions.currency FROM disputes JOIN sessions ON sessions.id = disputes.session_id
     ORDER BY disputes.rowid`,
  );
  const arrived = refunds.filter(({ status }) => status === 'succeeded');
  const present = (row: Row) => ({ ...presentRefund(row, String(row.currency)), booking_id: String(row.booking_id) });
  return {
    object: 'ledger',
    captures: captures.map((row) => ({
      session: String(row.id),
      booking_id: String(row.booking_id),
      amount_minor: Number(row.amount_minor),
      currency: String(row.currency),
      captured_at: new Date(Number(row.settled_at)).toISOString(),
    })),
    refunds: arrived.map(present),
    other_refunds: refunds.filter(({ status }) => status !== 'succeeded').map(present),
    disputes: disputes.map((row) => {
      const session = books.store.first('SELECT * FROM sessions WHERE id = ?', String(row.session_id));
      return presentDispute(row, sessionRow.parse(session));
    }),
    totals: totals(captures, arrived, disputes),
    sessions: countSessions(books),
    notices: countNotices(books.store),
    planned: Number(books.store.first('SELECT count(*) AS n FROM agenda')?.n),
  };
}

/** What the gateway has of a currency: captures without what went back, is under way back, or is disputed. */
export function availableMinor({ store }: Books, currency: string): number {
  const row = store.first(
    `SELECT (SELECT coalesce(sum(amount_minor), 0) FROM sessions WHERE status = 'paid' AND currency = ?1)
       - (SELECT coalesce(sum(r.amount_minor), 0) FROM refunds r JOIN sessions s ON s.id = r.session_id
          WHERE s.currency = ?1 AND r.status <> 'failed')
       - (SELECT coalesce(sum(d.amount_minor), 0) FROM disputes d JOIN sessions s ON s.id = d.session_id
          WHERE s.currency = ?1 AND d.status IN ('open', 'lost')) AS n`,
    currency,
  );
  return Number(row?.n);
}

function countSessions(books: Books): Record<string, number> {
  const counts: Record<string, number> = { open: 0, paid: 0, declined: 0, expired: 0 };
  for (const row of books.store.all('SELECT status, count(*) AS n FROM sessions GROUP BY status')) {
    counts[String(row.status)] = Number(row.n);
  }
  return counts;
}

type Sums = { captured_minor: number; refunded_minor: number; disputed_minor: number };

function totals(captures: readonly Row[], refunds: readonly Row[], disputes: readonly Row[]) {
  const sums: Record<string, Sums> = {};
  const of = (row: Row) => {
    const code = String(row.currency);
    sums[code] ??= { captured_minor: 0, refunded_minor: 0, disputed_minor: 0 };
    return sums[code];
  };
  for (const row of captures) of(row).captured_minor += Number(row.amount_minor);
  for (const row of refunds) of(row).refunded_minor += Number(row.amount_minor);
  for (const row of disputes)
    if (row.status === 'open' || row.status === 'lost') of(row).disputed_minor += Number(row.amount_minor);
  return sums;
}
