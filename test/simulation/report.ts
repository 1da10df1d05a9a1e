import { createHash } from 'node:crypto';
import { type RarePath, rarePaths } from './audit.ts';
import type { Plant } from './plants.ts';
import { type FaultKind, faultKinds } from './settings.ts';
import type { Run, SimulationOptions, Simulator } from './simulate.ts';

const COUNTED = ['steps', 'calls', 'statements', 'messages', 'bookings', 'confirmed', 'virtualMs'] as const;

/** The sums over all seeds, and one hash of all their histories. */
export class Totals {
  readonly counts = new Map<string, number>();
  readonly faults = new Map<string, number>();
  readonly reached = new Map<RarePath, number>();
  readonly #hash = createHash('sha256');

  add(run: Run): void {
    for (const name of COUNTED) this.counts.set(name, (this.counts.get(name) ?? 0) + run[name]);
    for (const [kind, times] of run.faults) this.faults.set(kind, (this.faults.get(kind) ?? 0) + times);
    for (const [path, times] of run.reached) this.reached.set(path, (this.reached.get(path) ?? 0) + times);
    this.#hash.update(run.hash);
  }

  get unreached(): RarePath[] {
    return rarePaths.filter((path) => !this.reached.has(path));
  }

  lines(): string[] {
    const list = (counts: ReadonlyMap<string, number>) =>
      [...counts].map(([name, times]) => `  ${name.padEnd(44)}${String(times).padStart(12)}`).sort();
    return [
      'Done:',
      ...list(this.counts),
      'Faults of messages and statements:',
      ...list(this.faults),
      'Rare paths:',
      ...list(new Map(rarePaths.map((path) => [path, this.reached.get(path) ?? 0]))),
      `Hash of all histories: ${this.#hash.copy().digest('hex').slice(0, 16)}`,
    ];
  }
}

export const lineOf = ({ seed, hash, steps, bookings, confirmed, settledAfterMs }: Run): string =>
  `seed ${String(seed).padStart(4)}  ${hash}  ${steps} steps, ${bookings} bookings, ${confirmed} confirmed, ` +
  `settled ${(settledAfterMs / 1000).toFixed(1)} s after the last fault`;

export const brokenIds = (run: Run): string[] => [...new Set(run.violations.map(({ id }) => id))];

/**
 * The kinds of faults without which the seed still breaks the same promise; the other kinds are needed. A seed
 * without one kind is another run, so this is a hint and not a proof.
 */
export async function minimise(simulator: Simulator, broken: Run, options: SimulationOptions): Promise<Set<FaultKind>> {
  const wanted = broken.violations[0]?.id;
  const without = new Set<FaultKind>();
  for (const kind of faultKinds) {
    const run = await simulator.run(broken.seed, {
      ...options,
      without: new Set([...without, kind]),
      trace: undefined,
    });
    if (run.violations.some(({ id }) => id === wanted)) without.add(kind);
  }
  return without;
}

/** The broken promise, the entries before it, and the command to see it again. */
export function explain(run: Run, without: ReadonlySet<FaultKind>, plants: ReadonlySet<Plant>): string[] {
  const also = [...plants].map((plant) => ` --plant '${plant}'`).join('');
  const replay = `npm run simulate -- --seed ${run.seed}${also}`;
  return [
    `The last of its history:`,
    ...run.last.map((entry) => `  ${entry}`),
    `Broken by seed ${run.seed}:`,
    ...run.violations.map(({ id, what }) => `  ${id}  ${what}`),
    `See all of it: ${replay}`,
    ...(without.size > 0 ? [`With fewer faults: ${replay} --without ${[...without].join(',')}`] : []),
    `broken: ${brokenIds(run).join(' ')}`,
  ];
}
