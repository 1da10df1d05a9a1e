import { withDeadline } from '#shared/deadline.ts';
import { gauge } from './metrics.ts';
import { type Sampler, sampler } from './samplers.ts';

/** `impaired`: it answers, but a part of it is replaced by a fallback. */
export type DependencyState = 'up' | 'impaired' | 'down';

export type DependencyCheck = {
  readonly name: string;
  /** Down: it rejects, or takes more than a second. Impaired: it returns false or rejects with `Impaired`. */
  readonly check: () => PromiseLike<unknown> | boolean | undefined;
  /** Without it the process is not ready. */
  readonly isNeeded?: boolean;
  /** How the process works while it is not up, in words for the person on duty. */
  readonly without: string;
  /** Says in a sentence why `check` rejected: what is wrong, with which setting, and what to do. */
  readonly explain?: (error: unknown) => string;
};

/** Thrown by a check of a dependency that works in part; the cause has the reason. */
export class Impaired extends Error {
  constructor(cause: unknown) {
    super('It works in part.', { cause });
  }
}

export type DependencyReport = {
  readonly state: DependencyState;
  /** How long the check took; checks in memory take 0. */
  readonly latencyMs: number;
  /** The ISO time since which this process sees the state. */
  readonly since: string;
  /** Why it is not up, and what to do. */
  readonly reason?: string;
};

/** The content of `/ready?verbose`. */
export type ReadinessReport = {
  readonly isReady: boolean;
  readonly details: {
    /** By name. */
    readonly dependencies: Readonly<Record<string, DependencyReport>>;
    /** One for each dependency that is not up. */
    readonly degradations: readonly {
      readonly dependency: string;
      readonly effect: string;
      readonly reason?: string;
    }[];
  };
};

export type Dependencies = { read(): Promise<ReadinessReport>; sampler: Sampler };

const up = gauge({
  name: 'frontrow_dependency_up',
  help: 'Dependencies of this process: 1 up, 0.5 impaired (the process works without a part of it), 0 down.',
  labelNames: ['dependency'],
});
const latency = gauge({
  name: 'frontrow_dependency_latency_seconds',
  help: 'How long the last check took, waiting for a connection of the pool included.',
  labelNames: ['dependency'],
});

const PATIENCE_MS = 1_000;
export const LATE = 'It did not answer within a second.';
const values: Record<DependencyState, number> = { up: 1, impaired: 0.5, down: 0 };

/** Checks the dependencies of a process on request, and remembers since when each has its state. */
export function watchDependencies(checks: readonly DependencyCheck[]): Dependencies {
  const known = new Map<string, DependencyReport>();
  const reasons = new Map<string, string>();
  let reading: Promise<ReadinessReport> | undefined;

  const look = async (): Promise<ReadinessReport> => {
    await Promise.all(
      checks.map(async (one) => {
        const startedMs = performance.now();
        const { state, reason } = await stateOf(one, reasons);
        const before = known.get(one.name);
        const since = before?.state === state ? before.since : new Date().toISOString();
        const latencyMs = Math.round((performance.now() - startedMs) * 10) / 10;
        known.set(one.name, { state, since, latencyMs, ...(reason !== undefined && { reason }) });
      }),
    );
    return report(checks, known);
  };
  /** One check at a time, for any number of callers. */
  const read = () => {
    reading ??= look().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  return {
    read,
    sampler: sampler({
      name: 'dependencies',
      metrics: [up, latency],
      read: async () => {
        const { dependencies } = (await read()).details;
        return Object.entries(dependencies).flatMap(([dependency, { state, latencyMs }]) => [
          { metric: up, labels: { dependency }, value: values[state] },
          { metric: latency, labels: { dependency }, value: latencyMs / 1000 },
        ]);
      },
    }),
  };
}

function report(checks: readonly DependencyCheck[], known: ReadonlyMap<string, DependencyReport>): ReadinessReport {
  const away = checks.filter(({ name }) => known.get(name)?.state !== 'up');
  return {
    isReady: away.every((one) => !one.isNeeded || known.get(one.name)?.state !== 'down'),
    details: {
      dependencies: Object.fromEntries(known),
      degradations: away.map(({ name, without }) => {
        const reason = known.get(name)?.reason;
        return { dependency: name, effect: without, ...(reason !== undefined && { reason }) };
      }),
    },
  };
}

type Seen = { state: DependencyState; reason?: string };

/** `reasons`: the last error of each check, by name. A check that is late mostly fails for the same reason again. */
function stateOf({ name, check, explain }: DependencyCheck, reasons: Map<string, string>): Promise<Seen> {
  const asked = (async (): Promise<Seen> => {
    const state = (await check()) === false ? 'impaired' : 'up';
    reasons.delete(name);
    return { state };
  })();
  const failed = (error: unknown): Seen => {
    const reason = explain?.(error instanceof Impaired ? error.cause : error);
    if (reason !== undefined) reasons.set(name, reason);
    return { state: error instanceof Impaired ? 'impaired' : 'down', ...(reason !== undefined && { reason }) };
  };
  return withDeadline(asked.catch(failed), PATIENCE_MS, () => ({ state: 'down', reason: reasons.get(name) ?? LATE }));
}
