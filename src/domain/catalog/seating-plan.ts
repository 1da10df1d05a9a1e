/**
 * The in-memory form of a seating plan: the name, position and price tier of every seat. Columnar because a stadium
 * has up to 100,000 seats and a process keeps dozens of plans: about 27 bytes a seat, where a list of objects takes
 * ten times that. Position i of every column is `seat_no` i. A plan never changes once it is published, so callers
 * may keep it; they must never write into its columns.
 */
export type Point = readonly [x: number, y: number];

/** One block of seats. `id` is the raw section id (a UUID); `outline` is its polygon in the plan's own units. */
export type PlanSection = {
  readonly id: string;
  readonly label: string;
  /** The level of the stadium, from the pitch up: Lower, Club, Upper. Absent when there is only one. */
  readonly level?: string;
  /** The name of the price level of these seats in an imported price list, except those with a tier of their own. */
  readonly tierLabel: string;
  /** Absent for a section with seats. The places of the other kind have no position of their own. */
  readonly kind?: 'GENERAL_ADMISSION';
  /** The number of places of such a section, in a plan that was read; absent in a file. */
  readonly places?: number;
  readonly outline: readonly Point[];
  /** What these seats face, where it differs by section (a race track); otherwise see the plan's own focal point. */
  readonly focalPoint?: Point;
};

export type SeatingPlan = {
  /** Raw plan id (a UUID). A seat's global id is `Seat_<planId>_<seatNo>`. */
  readonly planId: string;
  /** Content hash of the layout: the name under which it is served. */
  readonly hash: string;
  readonly seatCount: number;
  readonly width: number;
  readonly height: number;
  readonly focalPoint?: Point;
  readonly sections: readonly PlanSection[];
  /** Index into `sections`. */
  readonly sectionOf: Uint16Array;
  readonly rowOf: readonly string[];
  readonly labelOf: readonly string[];
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** Bits of `seatFlags`. */
  readonly flags: Uint8Array;
  /** The tiers of the seats that do not have their section's tier; absent when every seat has it. */
  readonly tiers?: readonly string[];
  /** 0 for the section's tier, n for `tiers[n - 1]`. */
  readonly tierOf?: Uint8Array;
};

/** The name of the price tier of a seat: its own, or its section's. */
export function tierLabelOf(plan: SeatingPlan, seatNo: number): string | undefined {
  const own = plan.tierOf?.[seatNo] ?? 0;
  return own > 0 ? plan.tiers?.[own - 1] : plan.sections[plan.sectionOf[seatNo] ?? -1]?.tierLabel;
}

/** True for a seat of the plan: an integer from 0 to seatCount - 1. */
export function hasSeat(plan: SeatingPlan, seatNo: number): boolean {
  return Number.isInteger(seatNo) && seatNo >= 0 && seatNo < plan.seatCount;
}
