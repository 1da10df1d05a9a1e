import { TryAgain } from '#domain/errors.ts';
import type { OperationPlugin } from './plugin.ts';

/**
 * Operations that run at a time. This bounds what waits behind them for a store or a writer. It is large enough for a
 * thousand buyers of one seat at once.
 */
const MAX_IN_FLIGHT = 4_096;
const BUSY_RETRY_SECONDS = 1;

/** Refuses operations above the bound before they cost anything. A subscription counts until it has started. */
export function useInFlightBound({
  maxInFlight = MAX_IN_FLIGHT,
}: {
  maxInFlight?: number | undefined;
}): OperationPlugin {
  let running = 0;
  return {
    onParse({ context: { call } }) {
      if (running >= maxInFlight) throw new TryAgain(BUSY_RETRY_SECONDS);
      running += 1;
      call.isAdmitted = true;
    },
    onExecutionResult({ context: { call } }) {
      if (call.isAdmitted) running -= 1;
    },
  };
}
