import type { Db } from '#db/client.ts';
import type { DatabaseClock } from '#db/clock.ts';
import { sweepWaitingNotices } from '#domain/payments/apply-notice.ts';
import type { TimedWorker } from '#workers/run-worker.ts';

/** Takes up notices that were stored but not applied: a process died in between, or their session was not known yet. Also keeps the clock that notices are held against. */
export const sweepNotices: TimedWorker<{ db: Db; clock: DatabaseClock }> = {
  name: 'sweep-notices',
  everyMs: 5000,
  async run(needs) {
    await needs.clock.refresh();
    await sweepWaitingNotices(needs, { olderThanSeconds: 5, limit: 200 });
    return undefined;
  },
};
