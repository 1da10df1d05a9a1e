/** `unknown`: the check could not decide, or there was nothing to look at. Neither is a success. */
export type Verdict = 'holds' | 'broken' | 'unknown';

export type CheckResult = {
  /** Its name in the design: H-LIN, H1, I04. */
  readonly check: string;
  readonly promise: string;
  /** The number of operations, rows or frames that it looked at. */
  readonly looked: number;
  readonly verdict: Verdict;
  /** The first twenty violations, or why the result is unknown. */
  readonly evidence: readonly string[];
};

const MAX_EVIDENCE = 20;

/** Collects what one check finds. */
export class Findings {
  looked = 0;
  readonly #check: string;
  readonly #promise: string;
  readonly #broken: string[] = [];
  readonly #undecided: string[] = [];
  #count = 0;

  constructor(check: string, promise: string) {
    this.#check = check;
    this.#promise = promise;
  }

  broken(evidence: string): void {
    this.#count += 1;
    if (this.#broken.length < MAX_EVIDENCE) this.#broken.push(evidence);
  }

  undecided(evidence: string): void {
    this.#undecided.push(evidence);
  }

  result(): CheckResult {
    const about = { check: this.#check, promise: this.#promise, looked: this.looked };
    const more = this.#count - this.#broken.length;
    if (this.#count > 0)
      return { ...about, verdict: 'broken', evidence: more > 0 ? [...this.#broken, `and ${more} more`] : this.#broken };
    if (this.#undecided.length > 0)
      return { ...about, verdict: 'unknown', evidence: this.#undecided.slice(0, MAX_EVIDENCE) };
    if (this.looked === 0) return { ...about, verdict: 'unknown', evidence: ['There was nothing to look at.'] };
    return { ...about, verdict: 'holds', evidence: [] };
  }
}
