import type { SeatState } from './inventory-command.ts';

export const AVAILABLE: SeatState = { status: 'AVAILABLE', bookingId: null, holdExpiresAtMs: null };

/** The seat with an allocation: an AVAILABLE seat of an allocation is BLOCKED. */
export const allocated = (seat: SeatState, allocation: string): SeatState => ({
  ...seat,
  status: seat.status === 'AVAILABLE' ? 'BLOCKED' : seat.status,
  allocation,
});

/** The allocations whose seats a caller may have. The box office may have those of all. */
export type Opened = ReadonlySet<string> | 'ALL';

/** Whether a seat is free for a caller who may have the seats of these allocations. */
export const isFreeFor = ({ status, allocation }: SeatState, opened: Opened | undefined): boolean =>
  status === 'AVAILABLE' ||
  (status === 'BLOCKED' && allocation !== undefined && (opened === 'ALL' || opened?.has(allocation) === true));
