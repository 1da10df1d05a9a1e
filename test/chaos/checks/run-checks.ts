import type { HistoryRecord } from '../history.ts';
import { checkAllocatedSeats, checkReleases, checkWholeAllocations } from './allocations.ts';
import { checkBoxOffice } from './box-office.ts';
import { type CheckResult, Findings } from './check.ts';
import { checkCodeUses } from './code-uses.ts';
import { checkCompanions } from './companions.ts';
import { checkDurability } from './durability.ts';
import { endedOf, type Facts, ownersOf, type QueryFact } from './facts.ts';
import { withFoundSeats } from './found-seats.ts';
import { checkHoldStability } from './hold-stability.ts';
import { checkIdempotency } from './idempotency.ts';
import { checkLiveViews } from './live-views.ts';
import { checkPauses } from './pauses.ts';
import { checkQuotes } from './quotes.ts';
import { checkSearch } from './search-convergence.ts';
import { checkSeatLinearizability } from './seat-linearizability.ts';
import { defaultTiming } from './seat-operations.ts';
import { checkSessionOrder } from './session-order.ts';
import { checkMapReads, checkSeatsPerUser, checkVersions } from './versions.ts';

/** Runs every check that the facts allow; the checks of the history always run. */
export function runChecks(written: readonly HistoryRecord[], facts: Facts = {}): CheckResult[] {
  const { acks, bookings, transitions, maps, search, queries = [], maxSeatsPerEvent, holdTtlMs } = facts;
  const history = withFoundSeats(written, soldSeatsOf(facts));
  const ended = endedOf(bookings);
  const timing = { ...defaultTiming, ...(holdTtlMs !== undefined && { holdTtlMs }) };
  const known = { ended, ...(bookings && { owners: ownersOf(bookings) }) };
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
    ...saleChecks(history, facts),
    ...queries.map(checkQuery),
  ];
}

/** What organizers were promised. */
function saleChecks(history: readonly HistoryRecord[], facts: Facts): CheckResult[] {
  const { bookings, transitions, sales, companions } = facts;
  if (!bookings || !transitions || !sales) return [];
  return [
    checkWholeAllocations(history, transitions),
    checkAllocatedSeats(history, bookings, transitions),
    checkReleases(history, sales),
    checkCodeUses(history, bookings, transitions),
    checkQuotes(history, bookings, sales),
    checkPauses(history),
    checkBoxOffice(history, { bookings, transitions, sales }),
    ...(companions ? [checkCompanions(companions, transitions)] : []),
  ];
}

/** The seats that were sold first, by the owner of the booking. */
function soldSeatsOf({ bookings, transitions }: Facts): Map<string, readonly number[]> {
  const owners = ownersOf(bookings);
  const created = [...(transitions?.values() ?? [])]
    .flat()
    .filter(({ type, isSale }) => type === 'BookingCreated' || isSale);
  return new Map(created.map(({ booking, seats }) => [owners.get(booking) ?? '', seats]));
}

/** An invariant that was checked in the database: one look, and its findings. */
function checkQuery({ id, promise, found }: QueryFact): CheckResult {
  const findings = new Findings(id, promise);
  findings.looked = 1;
  for (const row of found) findings.broken(row);
  return findings.result();
}

/** One line per check, and below it the violations. */
export function reportOf(results: readonly CheckResult[]): string {
  return results
    .flatMap(({ check, promise, looked, verdict, evidence }) => [
      `${verdict.padEnd(8)} ${check.padEnd(6)} ${String(looked).padStart(9)}  ${promise}`,
      ...evidence.map((line) => `                           ${line}`),
    ])
    .join('\n');
}

/**
 * The checks that fail.
 * @param mayBeEmpty checks for which a run has nothing to look at by design
 */
export function failuresOf(results: readonly CheckResult[], mayBeEmpty: readonly string[] = []): CheckResult[] {
  return results.filter(
    ({ check, verdict, looked }) =>
      verdict === 'broken' || (verdict === 'unknown' && !(looked === 0 && mayBeEmpty.includes(check))),
  );
}
