import { RECONCILIATION_MARGIN_MS, type ReconcileNeeds, reconcileDay } from '#domain/payments/reconcile-day.ts';
import { claimDueDay } from '#domain/payments/reconciliation-statements.ts';
import { type TimedWorker, worker } from '#workers/run-worker.ts';

type Needs = ReconcileNeeds & { clock: { now(): Date } };

/** Compares each day that is over with the gateway's list, one day a run, in one process. */
export const reconcileDays = worker<Needs, TimedWorker<Needs>>({
  name: 'reconcile-days',
  everyMs: 600_000,
  yields: true,
  run: async ({ db, gateway, clock }, { signal }) => {
    const day = await claimDueDay(db, { gateway: gateway.name, marginSeconds: RECONCILIATION_MARGIN_MS / 1000 });
    if (day === undefined) return undefined;
    await reconcileDay({ db, gateway }, day, { now: clock.now(), signal });
    return { nextInMs: 5_000 };
  },
});
