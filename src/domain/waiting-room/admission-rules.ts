import { paceOf } from './estimate-rules.ts';
import type { Progress, Step } from './room.ts';

/** What the controller read of one drawn room, in one transaction. */
export type TickState = {
  readonly nowMs: number;
  readonly capacity: number;
  readonly isPaused: boolean;
  /** Places given out: the watermark never passes the last of them. */
  readonly joined: number;
  readonly watermark: number;
  readonly inside: number;
  /** Fans who came, found the room full, and asked again within the last `graceSeconds`. */
  readonly atDoor: number;
  /** Turns that still run and that no fan has used yet. */
  readonly outstanding: number;
  readonly graceSeconds: number;
  /** Of the last ten minutes: the turns that are over, and for how many of them the fan came. */
  readonly resolved: { readonly turns: number; readonly came: number };
  readonly missed: number;
  /** The steps of the last ten minutes and the one before them, oldest first. */
  readonly steps: readonly Step[];
};

export type Tick = { readonly watermark: number; readonly progress: Progress };

type Comer = { readonly ordinal: number; readonly position: number };

/** Before any turn is over, every fan is expected to come: as if so many turns had been used. */
const PRIOR_TURNS = 5;
const LEAST_SHOW_UP_RATE = 0.05;

/**
 * Where the watermark moves: as far as there are free slots for fans who will come, after those at the door and those
 * whose turn already runs. It never moves back, never passes the last place, and stays in a room that is paused or
 * has no capacity.
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
      // It is unknown how long a pause will last.
      pace: isStill ? undefined : paceOf(steps, state),
    },
  };
}

/**
 * How many fans whose turn runs are still expected. Of the turns that began within the grace time a share will not be
 * used, and the longer a turn has run, the likelier it is one of these. With outstanding * showUpRate alone, a tenth
 * of the slots would stay empty when one fan in four stays away.
 */
function comingOf({ steps, nowMs, graceSeconds, outstanding, watermark }: TickState, showUpRate: number): number {
  // A grace time can be longer than the steps that are kept. Counting fewer turns lets fewer fans in, not more.
  const before = steps.findLast(({ atMs }) => atMs <= nowMs - graceSeconds * 1000) ?? steps[0];
  const begun = watermark - (before?.watermark ?? watermark);
  return Math.min(outstanding, Math.max(0, outstanding - begun * (1 - showUpRate)));
}

function showUpRateOf({ turns, came }: TickState['resolved']): number {
  return Math.min(1, Math.max(LEAST_SHOW_UP_RATE, (came + PRIOR_TURNS) / (turns + PRIOR_TURNS)));
}

/** The turns of the room's first step are counted as well, because no step is before it. */
function turnsSince(steps: readonly Step[], sinceMs: number): number {
  const before = steps.findLast(({ atMs }) => atMs <= sinceMs);
  return (steps.at(-1)?.watermark ?? 0) - (before?.watermark ?? 0);
}

/**
 * Which of the arriving fans enter now: a free slot is for the smallest position of all fans who are at the door or
 * arriving, even if that fan does not ask at this moment. Returns ordinals of `arriving`.
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
  // A fan who is at the door and asks again needs one slot, not two.
  const comers = new Map([...atDoor, ...arriving].map((comer) => [comer.ordinal, comer]));
  const first = [...comers.values()].sort((a, b) => a.position - b.position).slice(0, free);
  const asking = new Set(arriving.map(({ ordinal }) => ordinal));
  return new Set(first.flatMap(({ ordinal }) => (asking.has(ordinal) ? [ordinal] : [])));
}
