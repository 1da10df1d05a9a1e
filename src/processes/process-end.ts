import { describeError, type Log } from '#observability/log.ts';
import { setDrainDeadline } from './drain-deadline.ts';

export type ProcessEnd = {
  /**
   * Resolves when the process is to close what it has open, also because `working` has ended; it has fifteen seconds for
   * that. Call it once everything runs.
   */
  asked(working?: Promise<unknown>): Promise<void>;
};

/**
 * Why a process ends: SIGTERM, SIGINT, or an error that nothing caught. Such an error is logged, and the process closes
 * what it has open and ends with exit code 1: it does not go on in a state that no code has foreseen. Before `asked` is
 * called there is nothing to close in order, and an error while it closes leaves no order: then the process ends at once.
 */
export function watchForEnd(log: Log): ProcessEnd {
  const ending = Promise.withResolvers<void>();
  let state: 'starting' | 'running' | 'ending' = 'starting';
  const begin = () => {
    state = 'ending';
    setDrainDeadline(log);
    ending.resolve();
  };
  const fail = (error: unknown, origin: string) => {
    process.exitCode = 1;
    log.fatal({ origin, ...describeError(error) }, 'an error that nothing caught ends the process');
    if (state === 'running') begin();
    else process.exit(1);
  };
  process.on('uncaughtException', (error) => fail(error, 'uncaughtException'));
  process.on('unhandledRejection', (reason) => fail(reason, 'unhandledRejection'));
  return {
    asked(working) {
      state = 'running';
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, begin);
      working?.then(begin, begin);
      return ending.promise;
    },
  };
}
