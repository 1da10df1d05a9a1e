/** One thing in a file that cannot be read, and its path in the file, such as `zones[0].rows[3].row_number`. */
export type PlanProblem = { readonly path: string; readonly message: string };

/** Where a part of a file is. The path is only written when a problem needs it. */
export type Place = { readonly path: string };

/** A file may have a mistake in every seat; a reader of the list needs no more than this. */
const MOST = 200;

/** Collects what is wrong with a file, so that all problems are reported at once. */
export class PlanProblems {
  readonly warnings: PlanProblem[] = [];
  private readonly found: PlanProblem[] = [];
  private count = 0;

  /** Adds a problem: the file is refused. */
  add(place: Place, message: string): undefined {
    this.count++;
    if (this.found.length < MOST) this.found.push({ path: place.path, message });
    return undefined;
  }

  /** Adds a warning: the file is read, and its owner should look at this. */
  warn(place: Place, message: string): void {
    if (this.warnings.length < MOST) this.warnings.push({ path: place.path, message });
  }

  get isEmpty(): boolean {
    return this.count === 0;
  }

  /** All problems, in the order in which they were found; beyond 200 a last entry has their number. */
  list(): PlanProblem[] {
    const more = this.count - this.found.length;
    return more === 0 ? this.found : [...this.found, { path: 'the file', message: `${more} further problems` }];
  }
}
