import { setTimeout as sleep } from 'node:timers/promises';

type Time = { readonly warmupMs: number; readonly measureMs: number };

/** What the calls of a load ask at each step. */
export type Phase = { isMeasuring: boolean; isOver: boolean };

/**
 * Lets the calls run through the warm-up and the measured time, and waits for the last of them. Returns how many seconds were
 * measured. `tell` names the two moments. A failure ends the run at once, and not only when the time is over.
 */
export async function runTimed(
  { warmupMs, measureMs }: Time,
  phase: Phase,
  { calls, tell }: { calls: Promise<unknown>; tell: (moment: string) => void },
): Promise<number> {
  await Promise.race([sleep(warmupMs), calls]);
  tell('begin');
  phase.isMeasuring = true;
  const beganAt = performance.now();
  await Promise.race([sleep(measureMs), calls]);
  const seconds = (performance.now() - beganAt) / 1000;
  phase.isMeasuring = false;
  phase.isOver = true;
  tell('end');
  await calls;
  return seconds;
}
