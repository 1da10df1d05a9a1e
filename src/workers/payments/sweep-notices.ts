import type { Db } from '#db/client.ts';
import type { DatabaseClock } from '#db/clock.ts';
import { sweepWaitingNotices } from '#domain/payments/apply-notice.ts';
import type { PaymentGateway } from '#domain/payments/gateway.ts';
import type { TimedWorker } from '#workers/run-worker.ts';

/** Applies notices that were stored but not applied: a process died in between, or their session was not known yet. */
export const sweepNotices: TimedWorker<{ db: Db; gateway: Pick<PaymentGateway, 'findBookingOfPayment'> }> = {
  name: 'sweep-notices',
  everyMs: 10_000,
  async run(needs) {
    await sweepWaitingNotices(needs, { olderThanSeconds: 5, limit: 200 });
    return undefined;
  },
};

/** Refreshes the clock against which the age of notices is checked. */
export const keepClock: TimedWorker<{ clock: DatabaseClock }> = {
  name: 'keep-clock',
  everyMs: 60_000,
  async run({ clock }) {
    await clock.refresh();
    return undefined;
  },
};
