import type { Log } from '#observability/log.ts';

/** Less than the time after which container runtimes kill a process. */
const DRAIN_MS = 15_000;

/**
 * Gives the process fifteen seconds to finish its work, because an answer of a silent server may take longer. Ending in
 * the middle is as safe as a crash; the exit code is 1 then.
 */
export function setDrainDeadline(log: Log): void {
  const end = () => {
    log.error({ afterMs: DRAIN_MS }, 'not everything was finished in time');
    process.exit(1);
  };
  setTimeout(end, DRAIN_MS).unref();
}
