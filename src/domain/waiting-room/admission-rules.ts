import { paceOf } from './estimate-rules.ts';
import type { Progress, Step } from './room.ts';

/** What the controller read, in one transaction, of one room that was drawn. */
export type TickState = {
  readonly nowMs: number;
  readonly capacity: number;
  readonly isPaused: boolean;
  /** Places given out: the watermark never passes the last of them. */
  readonly joined: number;
  readonly watermark: number;
  readonly inside: number;
  /** Came, found the room full, and asked again within the last `graceSeconds`. */
  readonly atDoor: number;
  /** Turns still running that nobody took yet. */
  readonly outstanding: number;
  readonly graceSeconds: number;
  /** Of the last ten minutes: the turns whose time is over, and how many of them came. */
  readonly resolved: { readonly turns: number; readonly came: number };
  readonly missed: number;
  /** Those of the last ten minutes and the one before them, the oldest first. */
  readonly steps: readonly Step[];
};

export type Tick = { readonly watermark: number; readonly progress: Progress };

type Comer = { readonly ordinal: number; readonly position: number };

/** Until turns are over everybody is expected to come: as if so many had. */
const PRIOR_TURNS = 5;
const LEAST_SHOW_UP_RATE = 0.05;

/**
 * Where the watermark goes: as far as there are free slots for those who will come, after those at the door and those
 * whose turn already runs. Never back, never past the last place, and nowhere in a room that is paused or has no
 * capacity.
 */
export function decideTick(state: TickState): Tick {
  const showUpRate = showUpRateOf(state.resolved);
  const isStill = state.isPaused || state.capacity <= 0;
  const taken = state.inside + state.atDoor + comingOf(state, showUpRate);
  const turns = isStill ? 0 : Math.floor(Math.max(0, state.capacity - taken) / showUpRate);
  const watermark = Math.max(state.watermark, Math.min(state.joined, state.watermark + turns));
  const steps = watermark > state.watermark ? [...state.steps, { watermark, atMs: state.nowMs }] : state.steps;
  return {
    watermark,
    progress: {
      inside: state.inside,
      waiting: Math.max(0, state.joined - watermark),
      admittedPerMinute: turnsSince(steps, state.nowMs - 60_000),
      showUpRate,
      missed: state.missed,
      // Nobody can say how long a pause will last.
      pace: isStill ? undefined : paceOf(steps, state),
    },
  };
}

/**
 * How many of those whose turn runs are still expected. Of the turns that began within the grace time a share will not be
 * taken; the longer a turn has run, the likelier it is one of these. With outstanding * showUpRate alone a tenth of the
 * slots would stay empty where one in four stays away.
 */
function comingOf({ steps, nowMs, graceSeconds, outstanding, watermark }: TickState, showUpRate: number): number {
  // A grace time can be longer than what the steps tell of: to know of fewer turns lets fewer in, not more.
  const before = steps.findLast(({ atMs }) => atMs <= nowMs - graceSeconds * 1000) ?? steps[0];
  const begun = watermark - (before?.watermark ?? watermark);
  return Math.min(outstanding, Math.max(0, outstanding - begun * (1 - showUpRate)));
}

function showUpRateOf({ turns, came }: TickState['resolved']): number {
  return Math.min(1, Math.max(LEAST_SHOW_UP_RATE, (came + PRIOR_TURNS) / (turns + PRIOR_TURNS)));
}

/** Those of the room's first step are among them, as there is none before it. */
function turnsSince(steps: readonly Step[], sinceMs: number): number {
  const before = steps.findLast(({ atMs }) => atMs <= sinceMs);
  return (steps.at(-1)?.watermark ?? 0) - (before?.watermark ?? 0);
}

/**
 * Who of those arriving enters now: a free slot is for the smallest position of all who are at the door or arriving,
 * whether or not that one asks in this moment. Answers ordinals of `arriving`.
 */
export function mayEnter({
  capacity,
  inside,
  atDoor,
  arriving,
}: {
  capacity: number;
  inside: number;
  atDoor: readonly Comer[];
  arriving: readonly Comer[];
}): ReadonlySet<number> {
  const free = Math.max(0, capacity - inside);
  // Who is at the door and asks again needs one slot, not two.
  const comers = new Map([...atDoor, ...arriving].map((comer) => [comer.ordinal, comer]));
  const first = [...comers.values()].sort((a, b) => a.position - b.position).slice(0, free);
  const asking = new Set(arriving.map(({ ordinal }) => ordinal));
  return new Set(first.flatMap(({ ordinal }) => (asking.has(ordinal) ? [ordinal] : [])));
}
