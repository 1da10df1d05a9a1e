import { type SeatPositions, shareRows } from '../catalog/adjacency-rules.ts';
import { seatFlags } from '../catalog/seat-features-rules.ts';
import type { Hall } from './block-search-rules.ts';
import { type Party, partyOf } from './party-rules.ts';

/**
 * The wheelchair places of an event and their companion seats are a pool until this time; those that are left are then
 * sold like other seats. Null: never.
 */
export type AccessiblePool = { readonly accessibleReleaseAtMs: number | null };

export const isReleased = ({ accessibleReleaseAtMs }: AccessiblePool, nowMs: number): boolean =>
  accessibleReleaseAtMs !== null && nowMs >= accessibleReleaseAtMs;

const known = new WeakMap<SeatPositions, SeatPositions>();

/** The plan without wheelchair places and companion seats: they are ordinary seats in it. Made once for each plan. */
function withoutPool<Plan extends SeatPositions>(plan: Plan): Plan {
  if (!plan.flags) return plan;
  const before = known.get(plan);
  if (before) return before as Plan;
  const flags = Uint8Array.from(plan.flags, (bits) => bits & ~(seatFlags.accessible | seatFlags.companion));
  const released = { ...plan, flags };
  shareRows(plan, released);
  known.set(plan, released);
  return released;
}

type Work = { readonly rules: { readonly hall?: Hall }; readonly sale: AccessiblePool; readonly nowMs: number };

/** The hall as it is sold to a party, or with the choice of one. Throws an Error when the rules have no hall. */
export function hallFor({ rules: { hall }, sale, nowMs }: Work, of: Party | readonly number[]): Hall {
  if (!hall) throw new Error('This command looks at more than its own seats, and needs the hall.');
  const released = isReleased(sale, nowMs);
  if (!('size' in of)) return planFor(hall, { seatNos: of, released });
  return released && of.wheelchairPlaces === 0 ? withoutPool(hall) : hall;
}

/** The plan by which a choice is judged. One with a wheelchair place is that of a fan who needs it, also after the release. */
export function planFor<Plan extends SeatPositions>(
  plan: Plan,
  { seatNos, released }: { readonly seatNos: readonly number[]; readonly released: boolean },
): Plan {
  return released && partyOf(plan, seatNos).wheelchairPlaces === 0 ? withoutPool(plan) : plan;
}
