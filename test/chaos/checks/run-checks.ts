import type { HistoryRecord } from '../history.ts';
import { type CheckResult, Findings } from './check.ts';
import { checkDurability } from './durability.ts';
import { type Facts, failedOf, ownersOf, type QueryFact } from './facts.ts';
import { checkHoldStability } from './hold-stability.ts';
import { checkIdempotency } from './idempotency.ts';
import { checkLiveViews } from './live-views.ts';
import { checkSearch } from './search-convergence.ts';
import { checkSeatLinearizability } from './seat-linearizability.ts';
import { defaultTiming } from './seat-operations.ts';
import { checkSessionOrder } from './session-order.ts';
import { checkMapReads, checkSeatsPerUser, checkVersions } from './versions.ts';

/** Every check that the facts allow; those of the history are always made. */
export function runChecks(history: readonly HistoryRecord[], facts: Facts = {}): CheckResult[] {
  const { acks, bookings, transitions, maps, search, queries = [], maxSeatsPerEvent, holdTtlMs } = facts;
  const failed = failedOf(bookings);
  const timing = { ...defaultTiming, ...(holdTtlMs !== undefined && { holdTtlMs }) };
  const known = { failed, ...(bookings && { owners: ownersOf(bookings) }) };
  return [
    checkSeatLinearizability(history, { timing, ...known }),
    checkHoldStability(history, { slackMs: timing.slackMs, holdTtlMs, ...known }),
    checkIdempotency(history),
    checkSessionOrder(history),
    ...(acks && bookings ? [checkDurability(acks, bookings)] : []),
    ...(maps ? [checkLiveViews(history, maps)] : []),
    ...(transitions && maps ? [checkVersions(transitions, maps), checkMapReads(history, transitions, maps)] : []),
    ...(transitions && maps && maxSeatsPerEvent ? [checkSeatsPerUser(transitions, maps, maxSeatsPerEvent)] : []),
    ...(search ? [checkSearch(search)] : []),
    ...queries.map(checkQuery),
  ];
}

/** An invariant that was asked of the database: one look, and what it found. */
function checkQuery({ id, promise, found }: QueryFact): CheckResult {
  const findings = new Findings(id, promise);
  findings.looked = 1;
  for (const row of found) findings.broken(row);
  return findings.result();
}

/** One line a check, and below it what broke it. */
export function reportOf(results: readonly CheckResult[]): string {
  return results
    .flatMap(({ check, promise, looked, verdict, evidence }) => [
      `${verdict.padEnd(8)} ${check.padEnd(6)} ${String(looked).padStart(9)}  ${promise}`,
      ...evidence.map((line) => `                           ${line}`),
    ])
    .join('\n');
}

/**
 * Those that don't hold.
 * @param mayBeEmpty checks that a run has nothing for, by its own design
 */
export function failuresOf(results: readonly CheckResult[], mayBeEmpty: readonly string[] = []): CheckResult[] {
  return results.filter(
    ({ check, verdict, looked }) =>
      verdict === 'broken' || (verdict === 'unknown' && !(looked === 0 && mayBeEmpty.includes(check))),
  );
}
