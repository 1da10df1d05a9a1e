import type { HistoryRecord, OrganizerRecord } from '../history.ts';
import { type CheckResult, Findings } from './check.ts';
import type { BookingFact, TransitionFact } from './facts.ts';
import { type GivenCodes, givenCodesOf } from './given-codes.ts';
import type { SaleFacts } from './sale-facts.ts';

type Transitions = ReadonlyMap<string, readonly TransitionFact[]>;
type Request = OrganizerRecord & { readonly act: 'allocate' };

const requestsOf = (history: readonly HistoryRecord[]): Request[] =>
  history.filter((record): record is Request => record.kind === 'organizer' && record.act === 'allocate');

const sorted = (seats: readonly number[]): string => seats.toSorted((a, b) => a - b).join();

/**
 * A1: seats that were given to an allocation were given all at once, and none when the request was refused. The first
 * message of an allocation has them, because each request names an allocation of its own.
 */
export function checkWholeAllocations(history: readonly HistoryRecord[], transitions: Transitions): CheckResult {
  const findings = new Findings('A1', 'an allocation gets all of its seats at once, or none of them');
  for (const [event, requests] of Map.groupBy(requestsOf(history), (request) => request.event)) {
    const steps = transitions.get(event) ?? [];
    const first = firstOfEach(steps);
    for (const [name, attempts] of Map.groupBy(requests, (request) => request.name)) {
      findings.looked += attempts.length;
      const wrong = name === null ? wrongRelease(attempts, steps) : wrongAllocation(attempts, first.get(name));
      if (wrong) findings.broken(`event ${event}: ${name ?? 'the public'} ${wrong}`);
    }
  }
  return findings.result();
}

/** By allocation: when it first got seats. */
function firstOfEach(steps: readonly TransitionFact[]): Map<string, TransitionFact> {
  const first = new Map<string, TransitionFact>();
  for (const step of steps.toReversed())
    if (step.type === 'SeatsAllocated' && step.allocation) first.set(step.allocation, step);
  return first;
}

function wrongAllocation(attempts: readonly Request[], step: TransitionFact | undefined): string | undefined {
  const wanted = sorted(attempts[0]?.seats ?? []);
  const isDone = attempts.some(({ outcome }) => outcome === 'ok');
  if (!step) return isDone ? `was acknowledged the seats ${wanted}, and got none` : undefined;
  if (attempts.every(({ outcome }) => outcome === 'refused'))
    return `was refused, and got the seats ${sorted(step.seats)}`;
  return sorted(step.seats) === wanted ? undefined : `asked for the seats ${wanted}, and got ${sorted(step.seats)}`;
}

/** Some of the seats may have been those of the public before, so that only their number is known. */
function wrongRelease(attempts: readonly Request[], steps: readonly TransitionFact[]): string | undefined {
  const opened = steps.filter(({ type }) => type === 'SeatsOpened');
  for (const { seats, changed } of attempts) {
    if (!changed) continue;
    const wanted = new Set(seats);
    const isThere = opened.some((step) => step.seats.length === changed && step.seats.every((one) => wanted.has(one)));
    if (!isThere) return `was acknowledged ${changed} of the seats ${sorted(seats)}, and no message has them`;
  }
  return undefined;
}

/** A2: a seat that an allocation has at some version is sold to no fan without a code that opens the allocation. */
export function checkAllocatedSeats(
  history: readonly HistoryRecord[],
  bookings: ReadonlyMap<string, BookingFact>,
  transitions: Transitions,
): CheckResult {
  const findings = new Findings('A2', 'a seat of an allocation is sold only with a code that opens it');
  const codes = givenCodesOf(history, bookings);
  for (const [event, steps] of transitions) {
    const allocated = new AllocatedSeats();
    for (const step of steps) {
      if (step.type === 'SeatsAllocated') findings.looked += step.seats.length;
      for (const [seatNo, allocation] of allocated.take(step))
        if (isForFan(step) && !isOpened(allocation, step.booking, codes))
          findings.broken(
            `event ${event}: seat ${seatNo} of ${allocation} was sold to ${step.booking} at version ${step.version}`,
          );
    }
  }
  return findings.result();
}

/** The free seats of allocations of one event. */
class AllocatedSeats {
  readonly #allocationOf = new Map<number, string>();

  /** Returns those of the seats of this step that an allocation had before it. */
  take({ type, seats, allocation }: TransitionFact): [number, string][] {
    const before: [number, string][] = [];
    for (const seatNo of seats) {
      const had = this.#allocationOf.get(seatNo);
      if (had !== undefined) before.push([seatNo, had]);
      // A seat of a booking that goes back to its allocation is announced once more.
      if (type === 'SeatsAllocated') this.#allocationOf.set(seatNo, allocation ?? '');
      else this.#allocationOf.delete(seatNo);
    }
    return before;
  }
}

/** The box office may sell each seat, so its sales do not count. */
const isForFan = ({ type, isSale }: TransitionFact): boolean =>
  !isSale && (type === 'BookingCreated' || type === 'BookingConfirmed');

const isOpened = (allocation: string, booking: string, { terms, ofBooking }: GivenCodes): boolean =>
  (ofBooking.get(booking) ?? []).some((code) => terms.get(code)?.opens.includes(allocation));

/** A3: at rest nothing is left of an allocation whose time is over. */
export function checkReleases(history: readonly HistoryRecord[], { at, allocated }: SaleFacts): CheckResult {
  const findings = new Findings('A3', 'the seats of an allocation go to the public when its time is over');
  for (const { event, name, releaseAt, outcome } of requestsOf(history)) {
    if (name === null || releaseAt === undefined || outcome !== 'ok' || releaseAt > at) continue;
    findings.looked += 1;
    const left = allocated.filter((one) => one.event === event && one.name === name);
    if (left.length > 0)
      findings.broken(`event ${event}: ${name} still has the seats ${left.map(({ seatNo }) => seatNo).join()}`);
  }
  return findings.result();
}
