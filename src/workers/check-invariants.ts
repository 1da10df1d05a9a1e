import type { InvariantChecker } from '#domain/invariants.ts';
import { forgetInvariants, setInvariants } from '#observability/invariant-metrics.ts';
import { type TimedWorker, worker } from './run-worker.ts';

type Needs = { invariants: InvariantChecker };

/** Checks the invariants of the booking database once a minute, in one process. */
export const checkInvariants = worker<Needs, TimedWorker<Needs>>({
  name: 'check-invariants',
  everyMs: 60_000,
  yields: true,
  run: async ({ invariants }, { signal }) => {
    const checked = await invariants.check(signal);
    if (checked) setInvariants(checked);
    else forgetInvariants();
    return undefined;
  },
});
