import type { History } from './history.ts';

/** The rare paths of failure.md: some seed must reach each of them. */
export const rarePaths = [
  'late payment',
  'retake',
  'refund',
  'amount mismatch',
  'notice before the payment knew its session',
  'notice twice',
  'notice lost, found by asking',
  'unknown gateway result',
  'commit unknown',
  'commit refused',
  'lock timeout',
  'redis wiped',
  'redis back with a stale dump',
  'redis away during a hold',
  'seat locks rebuilt',
  'slot lost and replayed',
  'parked and replayed',
  'message delivered again',
  'overdue hold taken over by a buyer',
  'hold extended',
  'same key sent again',
  'double booking attempt refused',
  'price changed before a hold',
  'confirmed booking cancelled',
  'seats given to an allocation',
  'allocation of a taken seat refused',
  'seats of an allocation held with a code',
  'seats given back to their allocation',
  'allocation ended',
  'code used up',
  'sold at the box office',
  'ticket refunded',
  'seats of an allocation sold at the box office',
  'sale of a taken seat refused',
  'price changed before a sale',
  'single seat refused',
  'companion seat refused',
  'places of general admission held',
  'process killed',
  'killed with a transaction open',
  'clock jumped',
  'database outage',
  'log outage',
  'gateway outage',
  'live view reset',
  'live view resumed after a cut',
  'pub/sub message lost',
] as const;
export type RarePath = (typeof rarePaths)[number];

/** A broken promise of failure.md, by its id there. */
export type Violation = { readonly id: string; readonly what: string };

const MOST = 20;

/** Collects the reached rare paths and the broken promises. */
export class Audit {
  readonly reached = new Map<RarePath, number>();
  readonly violations: Violation[] = [];
  readonly #history: History;

  constructor(history: History) {
    this.#history = history;
  }

  reach(path: RarePath): void {
    this.reached.set(path, (this.reached.get(path) ?? 0) + 1);
  }

  broken(id: string, what: string): void {
    this.#history.add(`BROKEN ${id}: ${what}`);
    if (this.violations.length < MOST) this.violations.push({ id, what });
  }

  expect(holds: boolean, id: string, what: () => string): void {
    if (!holds) this.broken(id, what());
  }
}
