import { percentile } from '#test/support/system/figures.ts';
import { Numbers, type RoomFan, type ToldPlace } from './room-fan.ts';

/** The watermark reached `watermark` at `atMs`. */
export type AtStep = readonly [watermark: number, atMs: number];
export type Delays = {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
};

/** Times of frames that report a step of the watermark: a smaller number ahead, or a turn. */
export class Arrivals {
  readonly #watermarks = new Numbers();
  readonly #toldAtMs = new Numbers();
  readonly #last = new Map<RoomFan, number>();
  readonly #turns = new Numbers();
  readonly #turnsToldAtMs = new Numbers();

  /** `isFirst`: the first frame of a connection, which may report something from long ago. */
  add(
    fan: RoomFan,
    { state, position, ahead }: ToldPlace,
    { atMs, isFirst }: { atMs: number; isFirst: boolean },
  ): void {
    if (position === null) return;
    if (state === 'YOUR_TURN' && fan.turnToldAtMs === undefined && !isFirst && this.#last.has(fan)) {
      this.#turns.add(position);
      this.#turnsToldAtMs.add(atMs);
    }
    if (state !== 'WAITING' || ahead === null || ahead === 0) return;
    const watermark = position - 1 - ahead;
    const last = this.#last.get(fan);
    this.#last.set(fan, watermark);
    if (isFirst || last === undefined || last === watermark) return;
    this.#watermarks.add(watermark);
    this.#toldAtMs.add(atMs);
  }

  /** From the step to the arrival, for the steps of a period. */
  delays(steps: readonly AtStep[], during: { fromMs: number; toMs: number }): { ahead: Delays; turns: Delays } {
    const atOf = new Map(steps);
    const isDuring = (atMs: number | undefined): atMs is number =>
      atMs !== undefined && atMs >= during.fromMs && atMs < during.toMs;
    const ahead: number[] = [];
    for (let index = 0; index < this.#watermarks.count; index++) {
      const stepAtMs = atOf.get(this.#watermarks.at(index));
      if (isDuring(stepAtMs)) ahead.push(this.#toldAtMs.at(index) - stepAtMs);
    }
    const turns: number[] = [];
    for (let index = 0; index < this.#turns.count; index++) {
      const stepAtMs = steps[firstReaching(steps, this.#turns.at(index))]?.[1];
      if (isDuring(stepAtMs)) turns.push(this.#turnsToldAtMs.at(index) - stepAtMs);
    }
    return { ahead: summaryOf(ahead), turns: summaryOf(turns) };
  }
}

/** Index of the first step that reaches the position; the steps are in order. */
export function firstReaching(steps: readonly AtStep[], position: number): number {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((steps[middle]?.[0] ?? 0) >= position) high = middle;
    else low = middle + 1;
  }
  return low;
}

function summaryOf(values: readonly number[]): Delays {
  const sorted = Float64Array.from(values).sort();
  return {
    count: sorted.length,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    mostMs: sorted.at(-1) ?? Number.NaN,
  };
}
