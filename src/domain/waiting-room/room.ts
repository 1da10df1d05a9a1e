export type RoomState = 'CLOSED' | 'OPEN' | 'DRAWN' | 'ENDED';

/** How fast the watermark moves, in positions a second: what half, and what nine tenths of the promises are made of. */
export type Pace = { readonly p50: number; readonly p90: number };

/** The watermark reached `watermark` at `atMs`: the turns of the positions up to it, from the last step on, began. */
export type Step = { readonly watermark: number; readonly atMs: number };

/** What the controller measured at its last tick. */
export type Progress = {
  readonly inside: number;
  /** Positions behind the watermark. */
  readonly waiting: number;
  readonly admittedPerMinute: number;
  /** Of the turns whose time is over, the share that came: 0 to 1. */
  readonly showUpRate: number;
  /** Turns that nobody took. */
  readonly missed: number;
  /** Undefined while nothing is known. */
  readonly pace?: Pace | undefined;
};

/**
 * A waiting room as everybody sees it, at one version: a row of `waiting_rooms` with its last steps. Instants are
 * milliseconds since 1970 by the database's clock.
 */
export type Room = {
  readonly eventId: string;
  /** Grows with every change, but not with `joined`. */
  readonly version: number;
  readonly state: RoomState;
  readonly isPaused: boolean;
  /** How many may be inside at once. */
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
  /** Once it is made. `entries`: the ordinals below it took part, the others stand behind them in order. */
  readonly draw: { readonly secret: string; readonly entries: number } | undefined;
  /** Positions up to here are admitted; 0 at first. */
  readonly watermark: number;
  /** The oldest first: those of the last `graceSeconds`, and the one before them. */
  readonly steps: readonly Step[];
  readonly progress: Progress;
};

export type PlaceState = 'WAITING' | 'YOUR_TURN' | 'INSIDE' | 'LEFT' | 'MISSED';

/** What PostgreSQL says of one place whose turn has come: a row of `waiting_room_sessions`. */
export type RoomSession = {
  readonly ordinal: number;
  readonly userId: string;
  readonly position: number;
  readonly signInId: string;
  /** Came, and found the room full, then. Null when nobody had to wait at the door. */
  readonly knockedAtMs: number | null;
  /** At the door, and told that a slot is free for it. */
  readonly calledAtMs: number | null;
  readonly enteredAtMs: number | null;
  readonly expiresAtMs: number | null;
  readonly endedAtMs: number | null;
};
