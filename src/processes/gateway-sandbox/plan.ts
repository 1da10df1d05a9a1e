import type { Store } from './store.ts';
import type { Trouble } from './trouble.ts';

export type Action =
  | 'succeed-refund'
  | 'fail-refund'
  | 'refund-part'
  | 'refund-all'
  | 'dispute-to-win'
  | 'dispute-to-lose'
  | 'win-dispute'
  | 'lose-dispute';

type Needs = { readonly store: Store; readonly trouble: Trouble };

/** Plans what the gateway will do by itself; to be called in the transaction of what it follows. It survives a restart. */
export function plan({ store, trouble }: Needs, action: Action, subject: string): void {
  const at = Date.now() + trouble.switches.laterMs;
  store.run('INSERT INTO agenda (at, action, subject) VALUES (?, ?, ?)', at, action, subject);
}

/** Plans what the switches want for a session that has just been paid. */
export function planForPayment(needs: Needs, { id }: { readonly id: string }): void {
  const { trouble } = needs;
  if (trouble.takeSome('refundPartsAtDashboard')) plan(needs, 'refund-part', id);
  if (trouble.takeSome('refundAtDashboard')) plan(needs, 'refund-all', id);
  if (trouble.takeSome('disputesWon')) plan(needs, 'dispute-to-win', id);
  if (trouble.takeSome('disputesLost')) plan(needs, 'dispute-to-lose', id);
}
