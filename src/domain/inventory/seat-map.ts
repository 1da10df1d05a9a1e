import { encodeStatuses, type PackedStatuses } from './packed-statuses-rules.ts';

/** An event's seat map at one version. Never changes; `packed` is for reading only. */
export type SeatMap = {
  readonly eventId: string;
  readonly planId: string;
  readonly seatCount: number;
  readonly version: number;
  /** When this version was last known to be the newest one. */
  readonly asOf: Date;
  /** True while this process cannot find out whether there is a newer version. */
  readonly stale: boolean;
  readonly packed: PackedStatuses;
  /** `packed` in base64. */
  readonly statuses: string;
};

/** `asOf` now, and not stale. The base64 text is made here, once per version. */
export function seatMapOf(state: {
  eventId: string;
  planId: string;
  seatCount: number;
  version: number;
  packed: PackedStatuses;
}): SeatMap {
  return { ...state, asOf: new Date(), stale: false, statuses: encodeStatuses(state.packed) };
}
