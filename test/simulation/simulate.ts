import type { RarePath, Violation } from './audit.ts';
import { checkEnd, type EndChecks, readEndChecks } from './end-checks.ts';
import { type Engines, openEngines, planOf } from './fixture.ts';
import type { Plant } from './plants.ts';
import { type FaultKind, LIVENESS_MS, settingsOf } from './settings.ts';
import { stillWaiting } from './settling.ts';
import { World } from './world.ts';

export type Run = {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly reached: ReadonlyMap<RarePath, number>;
  readonly faults: ReadonlyMap<string, number>;
  readonly hash: string;
  readonly last: readonly string[];
  readonly steps: number;
  readonly calls: number;
  readonly statements: number;
  readonly messages: number;
  readonly bookings: number;
  readonly confirmed: number;
  readonly virtualMs: number;
  /** After the faults were over. */
  readonly settledAfterMs: number;
};

export type SimulationOptions = {
  readonly plants?: ReadonlySet<Plant>;
  readonly without?: ReadonlySet<FaultKind>;
  /** Ends the run at the first broken promise, without the checks of its end. */
  readonly stopsAtFirst?: boolean;
  readonly trace?: ((entry: string) => void) | undefined;
};

export type Simulator = { run(seed: number, options?: SimulationOptions): Promise<Run>; close(): Promise<void> };

/** Opens the two databases, which takes some seconds; the runs share them, one after the other. */
export async function openSimulator(): Promise<Simulator> {
  const engines = await openEngines();
  const checks = await readEndChecks();
  return {
    async run(seed, options = {}) {
      let onThrown: (error: unknown) => void = () => {};
      const listener = (error: unknown): void => onThrown(error);
      process.on('unhandledRejection', listener);
      try {
        return await simulate({ engines, checks, seed, ...options }, (listen) => {
          onThrown = listen;
        });
      } finally {
        process.off('unhandledRejection', listener);
      }
    },
    close: async () => {
      await engines.booking.close();
      await engines.payments.close();
    },
  };
}

type Wanted = SimulationOptions & { engines: Engines; checks: EndChecks; seed: number };

const STEP_MS = 500;

/** First faults happen and nothing may be wrong; then there are no faults and all work has to finish. */
async function simulate(
  { engines, checks, seed, plants = new Set(), without, stopsAtFirst = false, trace }: Wanted,
  listen: (onThrown: (error: unknown) => void) => void,
): Promise<Run> {
  const settings = settingsOf(seed, without);
  const world = new World({ seed, settings, engines, plan: await planOf(settings.seats), plants, trace });
  const { scheduler, audit, history, stores } = world;
  const onThrown = (error: unknown): void => {
    const told = error instanceof Error ? error.stack : String(error);
    audit.broken('CRASH', `${scheduler.lastActor?.name} would have ended: ${told}`);
  };
  scheduler.onThrown = onThrown;
  listen(onThrown);
  world.start();
  const isOver = (): boolean => stopsAtFirst && audit.violations.length > 0;
  while (scheduler.nowMs < settings.safetyMs && !isOver()) await scheduler.runUntil(scheduler.nowMs + STEP_MS);
  world.calm();
  const calmAtMs = scheduler.nowMs;
  let waiting: string[] = [];
  while (!isOver() && scheduler.nowMs < calmAtMs + LIVENESS_MS) {
    await scheduler.runUntil(scheduler.nowMs + STEP_MS);
    waiting = stillWaiting(world);
    if (waiting.length === 0) break;
  }
  const settledAfterMs = scheduler.nowMs - calmAtMs;
  while (stores.booking.isBusy || stores.payments.isBusy) await scheduler.runUntil(scheduler.nowMs + 1);
  if (!isOver()) {
    for (const what of waiting) audit.broken('L', what);
    checkEnd(world, engines, checks);
  }
  const bookings = [...world.books.bookings.values()];
  return {
    seed,
    violations: audit.violations,
    reached: audit.reached,
    faults: world.faults,
    hash: history.digest(scheduler.digest),
    last: history.last,
    steps: scheduler.steps,
    calls: world.network.calls,
    statements: stores.booking.statements + stores.payments.statements,
    messages: stores.log.messages.length,
    bookings: bookings.length,
    confirmed: bookings.filter(({ status }) => status === 'CONFIRMED').length,
    virtualMs: scheduler.nowMs,
    settledAfterMs,
  };
}
