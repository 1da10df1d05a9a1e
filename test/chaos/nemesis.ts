import { setTimeout as sleep } from 'node:timers/promises';
import { carryOut, type Effect } from './faults.ts';
import { instant } from './history.ts';
import type { FaultKind, PlannedFault } from './plan.ts';
import type { World } from './world.ts';

/** A fault that was made; instants are milliseconds of `instant()`. */
export type InjectedFault = PlannedFault & {
  readonly begunAt: number;
  readonly endedAt: number;
  readonly effect?: Effect | undefined;
  /** Why it could not be made, or not be ended. */
  readonly failure?: string;
};

export type Nemesis = {
  /** The faults that are over, in the order in which they ended. */
  readonly injected: readonly InjectedFault[];
  /** Resolves when the last one is over, or, after a stop, when those that had begun are over. */
  readonly done: Promise<void>;
  stop(): void;
};

const places: Partial<Record<FaultKind, string>> = { 'slot-drop': 'postgres', 'gateway-by-hand': 'bank' };

/** Faults of the same part wait for each other; all others may overlap. A bank needs no part of its own to fail. */
const placeOf = ({ part, kind }: PlannedFault): string => places[kind] ?? part;

/**
 * Carries out the plan from now on. A fault that lasts longer than planned delays the next fault of the same part,
 * which is never lost.
 */
export function startNemesis(world: World, plan: readonly PlannedFault[]): Nemesis {
  const injected: InjectedFault[] = [];
  const stopping = new AbortController();
  const turns = new Map<string, Promise<void>>();
  const beganAt = instant();

  const inject = async (fault: PlannedFault): Promise<void> => {
    const begunAt = instant();
    try {
      const effect = await carryOut(world, fault);
      injected.push({ ...fault, begunAt, endedAt: instant(), effect });
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      injected.push({ ...fault, begunAt, endedAt: instant(), failure });
    }
  };
  const one = async (fault: PlannedFault): Promise<void> => {
    const waitMs = fault.atMs - (instant() - beganAt);
    await sleep(Math.max(0, waitMs), undefined, { signal: stopping.signal }).catch(() => undefined);
    const place = placeOf(fault);
    const turn = (turns.get(place) ?? Promise.resolve()).then(() =>
      stopping.signal.aborted ? undefined : inject(fault),
    );
    turns.set(place, turn);
    await turn;
  };
  const done = Promise.all(plan.map(one)).then(() => undefined);
  return { injected, done, stop: () => stopping.abort() };
}
