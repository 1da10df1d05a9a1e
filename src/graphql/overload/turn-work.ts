import { type OperationClass, operationClasses } from './operation-class.ts';

const rankOf = Object.fromEntries(operationClasses.map((of, rank) => [of, rank])) as Record<OperationClass, number>;

/**
 * How long this turn of the event loop has worked for each class. What lies between two requests was the work for the
 * first of them. The time of refusals belongs to no class: a storm of searches that are refused takes no time from holds.
 */
export class TurnWork {
  readonly #ms = operationClasses.map(() => 0);
  #last: OperationClass | undefined;
  #lastAt = 0;

  /** A request is read at `now`, in milliseconds. Returns how long the refusal of the request before took. */
  read(now: number, isFirst: boolean): number {
    const ms = isFirst ? 0 : now - this.#lastAt;
    const last = this.#last;
    if (isFirst) this.#ms.fill(0);
    else if (last) this.#add(rankOf[last], ms);
    this.#last = undefined;
    this.#lastAt = now;
    return last ? 0 : ms;
  }

  /** The request that was read last is executed. */
  accept(of: OperationClass): void {
    this.#last = of;
  }

  /** For this class and those that come before it. */
  upTo(of: OperationClass): number {
    let sum = 0;
    for (let rank = rankOf[of]; rank >= 0; rank--) sum += this.#ms[rank] ?? 0;
    return sum;
  }

  #add(rank: number, ms: number): void {
    this.#ms[rank] = (this.#ms[rank] ?? 0) + ms;
  }
}
