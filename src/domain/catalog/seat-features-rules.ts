/** The bits of a seat's `flags`, as layouts and plans keep them. */
export const seatFlags = {
  /** A place for a wheelchair. */
  accessible: 1,
  restrictedView: 2,
  /** The seat of a person who comes with the fan in a wheelchair. */
  companion: 4,
  stepFree: 8,
  aisle: 16,
  /** Sold only together with all other seats of its row: a table that is booked as a whole. */
  soldAsAWhole: 32,
} as const;

/** The largest value of `flags`. */
export const MAX_SEAT_FLAGS = 63;

/** The names of the features in files and in the API, by the bit of each. */
export const seatFeatures = {
  WHEELCHAIR: seatFlags.accessible,
  COMPANION: seatFlags.companion,
  STEP_FREE: seatFlags.stepFree,
  RESTRICTED_VIEW: seatFlags.restrictedView,
  AISLE: seatFlags.aisle,
  SOLD_AS_A_WHOLE: seatFlags.soldAsAWhole,
} as const;

/** The names of the features that these flags have. */
export function featuresOf(flags: number): string[] {
  return Object.entries(seatFeatures).flatMap(([name, bit]) => ((flags & bit) === 0 ? [] : [name]));
}
