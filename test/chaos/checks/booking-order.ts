import { bookingTransitions } from '#domain/booking-status.ts';
import type { BookingState } from '../history.ts';

/**
 * Whether a booking that was seen in one state may be seen in the other later: follows the transitions of its
 * states.
 */
export function mayFollow(before: BookingState, after: BookingState): boolean {
  return reachable[before].has(after);
}

const edges: Record<BookingState, readonly BookingState[]> = {
  ...bookingTransitions,
  PENDING_PAYMENT: ['PAYMENT_READY', ...bookingTransitions.PENDING_PAYMENT],
  PAYMENT_READY: bookingTransitions.PENDING_PAYMENT,
};

const reachable = Object.fromEntries(
  Object.keys(edges).map((state) => [state, reach(state as BookingState)]),
) as unknown as Record<BookingState, ReadonlySet<BookingState>>;

function reach(from: BookingState): Set<BookingState> {
  const found = new Set<BookingState>([from]);
  for (const state of found) for (const next of edges[state]) found.add(next);
  return found;
}
