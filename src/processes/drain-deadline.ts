import type { Log } from '#observability/log.ts';

/** Less than what container runtimes wait before they kill. */
const DRAIN_MS = 15_000;

/**
 * From now on the process has fifteen seconds to finish what it is doing: what a server that went silent owes it may
 * take longer. Ending in the middle is safe, as a crash is; the exit code says that it was not in order.
 */
export function setDrainDeadline(log: Log): void {
  const end = () => {
    log.error({ afterMs: DRAIN_MS }, 'not everything was finished in time');
    process.exit(1);
  };
  setTimeout(end, DRAIN_MS).unref();
}
