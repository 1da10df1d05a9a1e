import type { HistoryRecord } from '../history.ts';
import { type CheckResult, Findings } from './check.ts';
import { linearize, STATE_BUDGET } from './linearizable.ts';
import { requestsOf } from './requests.ts';
import { defaultTiming, seatOperationsOf, type Timing } from './seat-operations.ts';

type Options = {
  readonly timing?: Timing;
  /** The owners of bookings (`ownerOf`), where the answer to the hold was lost. */
  readonly owners?: ReadonlyMap<string, string>;
  /** Bookings that may have ended, or lost a seat, without an action of the fan. */
  readonly ended?: ReadonlySet<string>;
  readonly budget?: number;
};

/**
 * H-LIN: each seat by itself could have gone through the operations that clients saw. A hold of several seats is one
 * on each.
 */
export function checkSeatLinearizability(history: readonly HistoryRecord[], options: Options = {}): CheckResult {
  const findings = new Findings('H-LIN', 'each seat can have gone through what clients saw of it');
  const { timing = defaultTiming, ended = new Set(), budget = STATE_BUDGET } = options;
  const seats = seatOperationsOf(history, requestsOf(history, options.owners), { timing, ended });
  for (const [seat, operations] of seats) {
    findings.looked += operations.filter(({ kind }) => kind !== 'expire').length;
    const result = linearize(operations, budget);
    if (result.kind === 'exhausted') findings.undecided(`${seat}: not decided after ${result.steps} steps`);
    if (result.kind !== 'impossible') continue;
    const { at, states } = result;
    const when = `${at.from.toFixed(1)} to ${at.to.toFixed(1)}`;
    findings.broken(`${seat}: the ${at.label} (${when}) is impossible, the seat was ${states.join(' or ')}`);
  }
  return findings.result();
}
