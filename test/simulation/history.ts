import { createHash } from 'node:crypto';

const KEPT = 60;

/** Everything that happened in a run, in order: as a hash, and the last entries as text. */
export class History {
  entries = 0;
  readonly #hash = createHash('sha256');
  readonly #names = new Map<string, string>();
  readonly #last: string[] = [];
  readonly #clock: () => number;
  readonly #trace: ((entry: string) => void) | undefined;

  constructor(clock: () => number, trace?: (entry: string) => void) {
    this.#clock = clock;
    this.#trace = trace;
  }

  add(what: string): void {
    const entry = `${(this.#clock() / 1000).toFixed(4).padStart(9)} ${what}`;
    this.entries += 1;
    this.#hash.update(`${entry}\n`);
    this.#last.push(entry);
    if (this.#last.length > 2 * KEPT) this.#last.splice(0, KEPT);
    this.#trace?.(entry);
  }

  /** A short name for an id, in the order in which ids first occurred. */
  name(id: string): string {
    const known = this.#names.get(id);
    if (known) return known;
    const name = `b${this.#names.size + 1}`;
    this.#names.set(id, name);
    return name;
  }

  get last(): readonly string[] {
    return this.#last.slice(-KEPT);
  }

  /** `steps`: a hash of the steps between the entries. */
  digest(steps: number): string {
    return this.#hash.copy().update(String(steps)).digest('hex').slice(0, 16);
  }
}
