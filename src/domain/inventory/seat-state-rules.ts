import type { SeatState } from './inventory-command.ts';

export const AVAILABLE: SeatState = { status: 'AVAILABLE', bookingId: null, holdExpiresAtMs: null };

/** The seat with an allocation: an AVAILABLE seat of an allocation is BLOCKED. */
export const allocated = (seat: SeatState, allocation: string): SeatState => ({
  ...seat,
  status: seat.status === 'AVAILABLE' ? 'BLOCKED' : seat.status,
  allocation,
});

/** Whether a seat is free for a fan whose codes open these allocations. */
export const isFreeFor = ({ status, allocation }: SeatState, opened: ReadonlySet<string> | undefined): boolean =>
  status === 'AVAILABLE' || (status === 'BLOCKED' && allocation !== undefined && opened?.has(allocation) === true);
