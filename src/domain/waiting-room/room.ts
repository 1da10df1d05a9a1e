export type RoomState = 'CLOSED' | 'OPEN' | 'DRAWN' | 'ENDED';

/**
 * How fast the watermark moves, in positions a second. `p50` is for estimates that hold for half of the fans, `p90` for
 * those that hold for nine in ten.
 */
export type Pace = { readonly p50: number; readonly p90: number };

/** The watermark reached `watermark` at `atMs`. With it the turns of the positions after the previous step began. */
export type Step = { readonly watermark: number; readonly atMs: number };

/** What the controller measured at its last tick. */
export type Progress = {
  readonly inside: number;
  /** Positions behind the watermark. */
  readonly waiting: number;
  readonly admittedPerMinute: number;
  /** The share of the turns that are over for which the fan came: 0 to 1. */
  readonly showUpRate: number;
  /** Turns that were not used. */
  readonly missed: number;
  /** Undefined while it is unknown. */
  readonly pace?: Pace | undefined;
};

/**
 * A waiting room as all processes see it, at one version: a row of `waiting_rooms` with its last steps. Times are
 * milliseconds since 1970 by the database's clock.
 */
export type Room = {
  readonly eventId: string;
  /** Grows with every change, but not with `joined`. */
  readonly version: number;
  readonly state: RoomState;
  readonly isPaused: boolean;
  /** How many fans may be inside at once. */
  readonly capacity: number;
  readonly sessionSeconds: number;
  /** How long a turn lasts. */
  readonly graceSeconds: number;
  readonly opensAtMs: number;
  readonly drawAtMs: number;
  /** Places given out so far; at most one tick old. */
  readonly joined: number;
  /** SHA-256 of the secret, in hex. */
  readonly drawCommitment: string;
  /** Set once the draw is made. `entries`: the ordinals below it took part, the others are behind them in order. */
  readonly draw: { readonly secret: string; readonly entries: number } | undefined;
  /** Positions up to here are admitted; 0 at first. */
  readonly watermark: number;
  /** Oldest first: the steps of the last `graceSeconds`, and the one before them. */
  readonly steps: readonly Step[];
  readonly progress: Progress;
};

export type PlaceState = 'WAITING' | 'YOUR_TURN' | 'INSIDE' | 'LEFT' | 'MISSED';

/** A place whose turn has come, as it is in PostgreSQL: a row of `waiting_room_sessions`. */
export type RoomSession = {
  readonly ordinal: number;
  readonly userId: string;
  readonly position: number;
  readonly signInId: string;
  /** When the fan came and found the room full. Null when the fan did not have to wait at the door. */
  readonly knockedAtMs: number | null;
  /** When the fan at the door was notified of a free slot. */
  readonly calledAtMs: number | null;
  readonly enteredAtMs: number | null;
  readonly expiresAtMs: number | null;
  readonly endedAtMs: number | null;
};
