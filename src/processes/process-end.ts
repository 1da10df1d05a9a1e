import { describeError, type Log } from '#observability/log.ts';
import { setDrainDeadline } from './drain-deadline.ts';

export type ProcessEnd = {
  /**
   * Resolves when the process has to close its connections and listeners, or when `working` has ended. The process then
   * has fifteen seconds. Call it when everything runs.
   */
  asked(working?: Promise<unknown>): Promise<void>;
};

/**
 * A process ends because of SIGTERM, SIGINT or an uncaught error. After such an error, which is logged, the process
 * closes its connections and listeners and exits with 1, because its state is unknown. Before `asked` was called, and
 * after a second error during closing, the process ends at once.
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
