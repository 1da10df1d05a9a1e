import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';

/** A turn of the event loop that takes longer has other work. */
const CALM_MS = 10;
const LOOK_EVERY_MS = 50;

type Waiting = {
  /** Work that can wait is not left undone: it begins after this time in any case. */
  readonly mostMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that a turn of the event loop takes now; a test has its own. */
  readonly turnMs?: () => Promise<number>;
};

/**
 * Resolves when the event loop of this process has time, at the latest after `mostMs`, or when the signal is raised. Work
 * that no fan waits for asks before it begins, so that it does not delay the work that fans wait for.
 */
export async function untilCalm({ mostMs, signal, turnMs = ownTurnMs }: Waiting): Promise<void> {
  for (let waitedMs = 0; waitedMs < mostMs && !signal?.aborted; waitedMs += LOOK_EVERY_MS) {
    if ((await turnMs()) < CALM_MS) return;
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** From one pass over what has arrived to the next. */
async function ownTurnMs(): Promise<number> {
  await turn();
  const beganAt = performance.now();
  await turn();
  return performance.now() - beganAt;
}
