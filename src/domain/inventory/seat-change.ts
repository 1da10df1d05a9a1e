import type { SeatStatus } from './seat-status.ts';

/** One transition, of a booking or of an allocation: at `version` all these seats took this status. Versions of an event have no gaps. */
export type SeatChange = { readonly version: number; readonly status: SeatStatus; readonly seatNos: readonly number[] };
