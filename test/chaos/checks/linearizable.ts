import type { SeatOperation } from './seat-operations.ts';

/** 0 is a free seat; otherwise its owner's number, and whether it is held or booked. */
type State = number;
const FREE: State = 0;
const held = (owner: number): State => owner * 2;
const booked = (owner: number): State => owner * 2 + 1;

/**
 * One way in which everything until now may have happened. `done`: the open operations that have happened in it, in
 * order.
 */
type Configuration = { readonly state: State; readonly done: readonly number[] };

export type Linearization =
  | { readonly kind: 'linearizable'; readonly steps: number }
  | { readonly kind: 'exhausted'; readonly steps: number }
  /** `at`: no order of the operations explains this one; `states`: the possible states of the seat just before. */
  | {
      readonly kind: 'impossible';
      readonly steps: number;
      readonly at: SeatOperation;
      readonly states: readonly string[];
    };

/** Steps after which a seat counts as undecided. */
export const STATE_BUDGET = 2_000_000;
/** Only many ends of holds lead to so many open operations at once. */
const FORGET_ABOVE = 32;

/**
 * Whether a single seat could have gone through the operations in some order in which each lies between its
 * beginning and its end: the algorithm of Wing and Gong with Lowe's memory of tried configurations, run over the
 * ends of the operations in their order, so that only overlapping operations are combined. An operation without an
 * end (`to` infinite) may be left out.
 */
export function linearize(operations: readonly SeatOperation[], budget: number = STATE_BUDGET): Linearization {
  return new Search(operations, budget).run();
}

class Search {
  readonly #operations: readonly SeatOperation[];
  readonly #budget: number;
  readonly #open = new Set<number>();
  #steps = 0;

  constructor(operations: readonly SeatOperation[], budget: number) {
    this.#operations = operations;
    this.#budget = budget;
  }

  run(): Linearization {
    let configurations: Configuration[] = [{ state: FREE, done: [] }];
    for (const { operation, isEnd } of eventsOf(this.#operations)) {
      if (!isEnd) {
        this.#open.add(operation);
        continue;
      }
      const before = configurations;
      configurations = this.#withDone(operation, before);
      if (this.#steps > this.#budget) return { kind: 'exhausted', steps: this.#steps };
      const at = this.#operations[operation];
      if (configurations.length === 0 && at)
        return { kind: 'impossible', steps: this.#steps, at, states: this.#statesOf(before) };
      this.#open.delete(operation);
      if (this.#open.size > FORGET_ABOVE) configurations = this.#forget(configurations);
    }
    return { kind: 'linearizable', steps: this.#steps };
  }

  /** Every configuration in which `wanted` is done, reached with as few others before it as possible. */
  #withDone(wanted: number, from: readonly Configuration[]): Configuration[] {
    const reached = new Map<string, Configuration>();
    const seen = new Set<string>();
    const stack = from.map((one) => this.#withReads(one));
    for (let one = stack.pop(); one; one = stack.pop()) {
      if (one.done.includes(wanted)) {
        const after = { state: one.state, done: one.done.filter((index) => index !== wanted) };
        reached.set(keyOf(after), after);
        continue;
      }
      const key = keyOf(one);
      if (seen.has(key)) continue;
      seen.add(key);
      this.#steps += 1;
      if (this.#steps > this.#budget) break;
      for (const index of this.#open) {
        const next = this.#apply(one, index);
        if (next) stack.push(this.#withReads(next));
      }
    }
    return this.#withoutDominated([...reached.values()]);
  }

  #apply({ state, done }: Configuration, index: number): Configuration | undefined {
    const operation = this.#operations[index];
    if (!operation || done.includes(index)) return undefined;
    const after = step(state, operation);
    if (after === undefined) return undefined;
    // There is one hold, so it ends once: that need not be remembered.
    const isRemembered = operation.kind !== 'expire';
    return { state: after, done: isRemembered ? [...done, index].sort((a, b) => a - b) : done };
  }

  /** A read changes nothing, so a read that fits is never too early. */
  #withReads(one: Configuration): Configuration {
    let { done } = one;
    for (const index of this.#open) {
      const operation = this.#operations[index];
      if (operation?.kind !== 'read' || done.includes(index) || step(one.state, operation) === undefined) continue;
      done = [...done, index].sort((a, b) => a - b);
    }
    return { state: one.state, done };
  }

  /**
   * Of two configurations that differ only in operations that may be left out, the one with fewer of them done can
   * do everything that the other can; of two that differ only in reads, which change nothing, the one with more of
   * them done.
   */
  #withoutDominated(configurations: readonly Configuration[]): Configuration[] {
    const parts = configurations.map((one) => {
      const by = Map.groupBy(one.done, (index) => this.#roleOf(index));
      const { reads = [], optional = [], owed = [] } = Object.fromEntries(by);
      return { one, reads, optional, owed: keyOf({ state: one.state, done: owed }) };
    });
    return [...Map.groupBy(parts, ({ owed }) => owed).values()].flatMap((group) =>
      group
        .filter(
          (part) =>
            !group.some(
              (other) => other !== part && isSubset(other.optional, part.optional) && isSubset(part.reads, other.reads),
            ),
        )
        .map(({ one }) => one),
    );
  }

  #roleOf(index: number): 'reads' | 'optional' | 'owed' {
    const { kind, to } = this.#operations[index] ?? {};
    if (kind === 'read') return 'reads';
    return to === Number.POSITIVE_INFINITY ? 'optional' : 'owed';
  }

  /** An operation that takes a seat away from a user who can no longer have it can no longer happen. */
  #forget(configurations: readonly Configuration[]): Configuration[] {
    const owners = new Set(configurations.map(({ state }) => state >> 1));
    const open = [...this.#open].flatMap((index) => this.#operations[index] ?? []);
    for (const { kind, owner } of open) if (kind === 'hold' || kind === 'confirm') owners.add(owner);
    for (const index of this.#open) {
      const operation = this.#operations[index];
      if (!operation || operation.to !== Number.POSITIVE_INFINITY || owners.has(operation.owner)) continue;
      if (operation.kind === 'expire' || operation.kind === 'release') this.#open.delete(index);
    }
    return configurations.map(({ state, done }) => ({ state, done: done.filter((index) => this.#open.has(index)) }));
  }

  #statesOf(configurations: readonly Configuration[]): string[] {
    const names = configurations.map(({ state }) => {
      if (state === FREE) return 'free';
      const owner = this.#operations.find((operation) => operation.owner === state >> 1);
      return `${state % 2 === 0 ? 'held' : 'booked'} since the ${owner?.label ?? 'beginning'}`;
    });
    return [...new Set(names)];
  }
}

function step(state: State, operation: SeatOperation): State | undefined {
  const { kind, owner } = operation;
  switch (kind) {
    case 'hold':
      return state === FREE ? held(owner) : undefined;
    case 'confirm':
      // From free: the money came after the hold had ended, and the seat was still there.
      return state === held(owner) || state === FREE ? booked(owner) : undefined;
    case 'release':
      return state === held(owner) || state === booked(owner) ? FREE : undefined;
    case 'expire':
      return state === held(owner) ? FREE : undefined;
    case 'read':
      return fits(state, operation) ? state : undefined;
  }
}

function fits(state: State, { saw }: SeatOperation): boolean {
  if (state === FREE) return saw === 'AVAILABLE';
  return saw === (state % 2 === 0 ? 'HELD' : 'BOOKED');
}

type Bound = { readonly at: number; readonly isEnd: boolean; readonly operation: number };

/** An operation that begins at the moment in which another ends may have happened before it. */
function eventsOf(operations: readonly SeatOperation[]): Bound[] {
  const bounds = operations.flatMap(({ from, to }, operation): Bound[] => {
    const begin = { at: from, isEnd: false, operation };
    return to === Number.POSITIVE_INFINITY ? [begin] : [begin, { at: to, isEnd: true, operation }];
  });
  return bounds.sort((a, b) => (a.at === b.at ? Number(a.isEnd) - Number(b.isEnd) : a.at - b.at));
}

const keyOf = ({ state, done }: Configuration): string => `${state}:${done.join()}`;

const isSubset = (part: readonly number[], whole: readonly number[]): boolean =>
  part.every((index) => whole.includes(index));
