import type { Outcome } from '../history.ts';

/** Operations by kind and outcome. A refusal or an unknown outcome is counted by its code as well. */
export type Counts = Record<string, Partial<Record<Outcome, number>>>;

/** The rare paths that clients saw; each is counted where it happened. */
export type Observations = Record<string, number>;

export type TallyState = {
  readonly counts: Counts;
  readonly codes: Record<string, number>;
  readonly observations: Observations;
  /** Results that no client may ever see, the first of each kind in words. */
  readonly problems: readonly string[];
};

const MAX_PROBLEMS = 50;

/** What one process of clients did and saw. */
export class Tally {
  readonly #counts: Counts = {};
  readonly #codes: Record<string, number> = {};
  readonly #observations: Observations = {};
  readonly #problems: string[] = [];

  count(kind: string, outcome: Outcome, code?: string): void {
    const counts = this.#counts[kind] ?? {};
    this.#counts[kind] = counts;
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    if (code !== undefined) {
      const name = `${kind}: ${code}`;
      this.#codes[name] = (this.#codes[name] ?? 0) + 1;
    }
  }

  observe(what: string): void {
    this.#observations[what] = (this.#observations[what] ?? 0) + 1;
  }

  problem(text: string): void {
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(text);
  }

  state(): TallyState {
    return {
      counts: this.#counts,
      codes: this.#codes,
      observations: this.#observations,
      problems: this.#problems,
    };
  }
}

export const noCounts = (): TallyState => ({ counts: {}, codes: {}, observations: {}, problems: [] });

export function addTallies(states: readonly TallyState[]): TallyState {
  const sum = { counts: {} as Counts, codes: {} as Observations, observations: {} as Observations };
  for (const state of states) {
    for (const [kind, outcomes] of Object.entries(state.counts)) {
      const counts = sum.counts[kind] ?? {};
      sum.counts[kind] = counts;
      for (const outcome of ['ok', 'refused', 'unknown'] as const)
        counts[outcome] = (counts[outcome] ?? 0) + (outcomes[outcome] ?? 0);
    }
    addTo(sum.codes, state.codes);
    addTo(sum.observations, state.observations);
  }
  return {
    ...sum,
    problems: states.flatMap(({ problems }) => problems),
  };
}

function addTo(sum: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + count;
}

/** Operations with a definite answer. */
export const countAnswered = (counts: Counts): number =>
  Object.values(counts).reduce((total, { ok = 0, refused = 0 }) => total + ok + refused, 0);

export const countAll = (counts: Counts): number =>
  Object.values(counts)
    .flatMap((outcomes) => Object.values(outcomes))
    .reduce((total, count) => total + count, 0);
