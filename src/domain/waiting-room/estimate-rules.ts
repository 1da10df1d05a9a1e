import type { Pace, Step } from './room.ts';

export type WaitEstimate = { readonly p50Seconds: number; readonly p90Seconds: number };

/** Older steps do not show how fast the room moves now. */
export const PACE_WINDOW_MS = 10 * 60_000;
const OBSERVED_AT_LEAST_MS = 3 * 60_000;
const TURNS_AT_LEAST = 5;
/** A step over this share of the capacity fills an empty or enlarged room; its speed does not last. */
const BURST_SHARE = 0.1;
/** A reserve for what cannot be measured beforehand: longer sessions, a smaller room, a pause. */
const RESERVE = 0.75;
/** Nine tenths of a normal distribution lie above the mean minus so many standard deviations. */
const P90_DEVIATIONS = 1.2816;

/**
 * How fast the watermark moves, from its steps of the last ten minutes and the one before them, oldest first.
 * Undefined until enough steps were seen since the room was last filled at once.
 */
export function paceOf(
  steps: readonly Step[],
  { nowMs, capacity }: { nowMs: number; capacity: number },
): Pace | undefined {
  const start = startOf(steps, nowMs - PACE_WINDOW_MS, Math.max(2, BURST_SHARE * capacity));
  const last = steps.at(-1);
  if (!start || !last) return undefined;
  const seconds = (nowMs - start.atMs) / 1000;
  const turns = last.watermark - start.watermark;
  if (seconds * 1000 < OBSERVED_AT_LEAST_MS || turns < TURNS_AT_LEAST) return undefined;
  // Turns come as fans leave, as a Poisson process: the deviation is the square root of their number.
  const sure = Math.max(turns - P90_DEVIATIONS * Math.sqrt(turns), 1);
  return { p50: turns / seconds, p90: (RESERVE * sure) / seconds };
}

/** Where the measured time begins: at the last burst, otherwise where the watermark was ten minutes ago. */
function startOf(steps: readonly Step[], sinceMs: number, burst: number): Step | undefined {
  let start = steps[0];
  for (const [index, step] of steps.entries()) {
    const before = steps[index - 1];
    if (step.atMs <= sinceMs) start = { watermark: step.watermark, atMs: sinceMs };
    else if (before && step.watermark - before.watermark > burst) start = step;
  }
  return start;
}

/**
 * The time until the turn of a fan with `ahead` positions ahead: at most so long in half of the cases, and in nine of
 * ten.
 */
export function estimateOf(ahead: number, pace: Pace | undefined): WaitEstimate | undefined {
  if (!pace) return undefined;
  const turns = ahead + 1;
  return {
    p50Seconds: Math.ceil(turns / pace.p50),
    p90Seconds: Math.ceil((turns + P90_DEVIATIONS * Math.sqrt(turns)) / pace.p90),
  };
}
