export type HoldRequest = {
  readonly eventId: string;
  readonly planId: string;
  readonly userId: string;
  readonly key: string;
  readonly seatNos: readonly number[];
  /** Instead of named seats: two places of the only section, or the two best free seats. */
  readonly chosenBy?: 'places' | 'best' | undefined;
};
export type HeldBooking = { readonly bookingId: string };

/**
 * One way to hold seats. `hold` returns undefined when another booking has one of the seats; it throws on other
 * failures.
 */
export type HoldSide = {
  hold(request: HoldRequest): Promise<HeldBooking | undefined>;
  release(request: HoldRequest, held: HeldBooking): Promise<void>;
};

export const HOLD_SECONDS = 300;
