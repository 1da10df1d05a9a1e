export type HoldRequest = {
  readonly eventId: string;
  readonly planId: string;
  readonly userId: string;
  readonly key: string;
  readonly seatNos: readonly number[];
};
export type HeldBooking = { readonly bookingId: string };

/** One way to hold seats. `hold` answers undefined when somebody has one of them; anything else that goes wrong throws. */
export type HoldSide = {
  hold(request: HoldRequest): Promise<HeldBooking | undefined>;
  release(request: HoldRequest, held: HeldBooking): Promise<void>;
};

export const HOLD_SECONDS = 300;
