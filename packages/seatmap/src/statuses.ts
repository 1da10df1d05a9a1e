/** The states of a seat, in the order of the two bits of a packed snapshot. */
export const STATUSES = ['AVAILABLE', 'HELD', 'BOOKED', 'BLOCKED'] as const;
export type SeatStatus = (typeof STATUSES)[number];

export const AVAILABLE = 0;
export const HELD = 1;
export const BOOKED = 2;
export const BLOCKED = 3;

export type Snapshot = { readonly version: number; readonly stale: boolean; readonly statuses: string };
export type Delta = {
  readonly __typename: 'SeatMapDelta';
  readonly fromVersion: number;
  readonly toVersion: number;
  readonly changes: readonly { readonly seatNo: number; readonly status: SeatStatus }[];
};
export type Reset = { readonly __typename: 'SeatMapReset'; readonly seatMap: Snapshot };

/** Seat numbers that changed, or `all` when the whole map was replaced. */
export type Changed = readonly number[] | 'all';

/** The states of all seats of an event at one version, one byte a seat. */
export class Statuses {
  version = -1;
  stale = false;
  readonly codes: Uint8Array;

  constructor(seatCount: number) {
    this.codes = new Uint8Array(seatCount);
  }

  /** Takes over a whole map, also one with a lower version. */
  replace({ version, stale, statuses }: Snapshot): void {
    const packed = atob(statuses);
    const { codes } = this;
    for (let seatNo = 0; seatNo < codes.length; seatNo++)
      codes[seatNo] = (packed.charCodeAt(seatNo >> 2) >> ((seatNo & 3) * 2)) & 3;
    this.version = version;
    this.stale = stale;
  }

  /**
   * Takes over what the subscription sent and returns what changed. Returns undefined when changes are missing before
   * it, so that the map must be read again.
   */
  take(change: Delta | Reset): Changed | undefined {
    if (change.__typename === 'SeatMapReset') {
      this.replace(change.seatMap);
      return 'all';
    }
    if (change.fromVersion > this.version) return undefined;
    if (change.toVersion <= this.version) return [];
    const changed: number[] = [];
    for (const { seatNo, status } of change.changes) {
      const code = STATUSES.indexOf(status);
      if (this.codes[seatNo] === code || seatNo >= this.codes.length) continue;
      this.codes[seatNo] = code;
      changed.push(seatNo);
    }
    this.version = change.toVersion;
    this.stale = false;
    return changed;
  }
}
