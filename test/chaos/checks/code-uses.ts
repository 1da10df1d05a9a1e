import type { HistoryRecord } from '../history.ts';
import { type CheckResult, Findings } from './check.ts';
import type { BookingFact, TransitionFact } from './facts.ts';
import { givenCodesOf } from './given-codes.ts';

const ends: ReadonlySet<string> = new Set(['BookingExpired', 'BookingFailed', 'BookingCancelled']);
const begins: ReadonlySet<string> = new Set(['BookingCreated', 'BookingConfirmed']);

/** C1: at no version have more bookings a code than it has uses. A booking that was paid keeps its use for good. */
export function checkCodeUses(
  history: readonly HistoryRecord[],
  bookings: ReadonlyMap<string, BookingFact>,
  transitions: ReadonlyMap<string, readonly TransitionFact[]>,
): CheckResult {
  const findings = new Findings('C1', 'no code is used more often than it may be, at any version');
  const { terms, ofBooking } = givenCodesOf(history, bookings);
  for (const [event, steps] of transitions) {
    const uses = new Uses();
    for (const step of steps) {
      for (const code of ofBooking.get(step.booking) ?? []) {
        findings.looked += 1;
        const [count, limit] = [uses.take(code, step), terms.get(code)?.uses ?? 0];
        if (count > limit)
          findings.broken(`event ${event}: ${count} bookings have ${code} of ${limit} uses at version ${step.version}`);
      }
    }
  }
  return findings.result();
}

/** The bookings that use each code of one event. */
class Uses {
  readonly #users = new Map<string, Set<string>>();
  readonly #paid = new Set<string>();

  /** Returns how many bookings use the code after this step. */
  take(code: string, { type, booking }: TransitionFact): number {
    const own = this.#users.get(code) ?? new Set<string>();
    this.#users.set(code, own);
    if (type === 'BookingConfirmed') this.#paid.add(booking);
    if (begins.has(type)) own.add(booking);
    if (ends.has(type) && !this.#paid.has(booking)) own.delete(booking);
    return own.size;
  }
}
