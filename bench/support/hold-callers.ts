import { randomUUIDv7 } from 'node:crypto';
import { answerParent } from '#test/support/system/parent.ts';
import type { HoldRequest, HoldSide } from './hold-side.ts';
import { type HoldSideName, openHoldSide } from './hold-sides.ts';
import { Durations } from './rounds.ts';
import { type Phase, runTimed } from './timed-load.ts';

/** Callers that hold seats as fast as they get answers, and the side that answers them, in one process. */

export type Sale = { readonly eventIds: readonly string[]; readonly planId: string; readonly seatCount: number };
/**
 * `fresh`: every caller holds unused seats. `fought`: neighbouring pairs at random; a winner gives them back. `places`:
 * two places of the only section. `best`: the two best free seats.
 */
export type HoldLoad = {
  readonly sale: Sale;
  readonly wants: 'fresh' | 'fought' | 'places' | 'best';
  readonly callers: number;
  readonly warmupMs: number;
  readonly measureMs: number;
};
export type HoldQuestion =
  | { kind: 'open'; side: HoldSideName; databaseUrl: string; redisUrl: string }
  | { kind: 'load'; load: HoldLoad };
/** `answered`, `p50Ms` and `p99Ms` are of the measured time; the other values are of the whole run. */
export type HoldFigures = {
  seconds: number;
  answered: number;
  p50Ms: number;
  p99Ms: number;
  heldInTime: number;
  held: number;
  released: number;
  refused: number;
};

let side: HoldSide | undefined;

answerParent<HoldQuestion>(async (question, tell) => {
  if (question.kind === 'open') {
    side = openHoldSide(question.side, question);
    return {};
  }
  if (!side) throw new Error('No side is open.');
  return await new Callers(side, question.load).run(tell);
});

class Callers {
  readonly #side: HoldSide;
  readonly #load: HoldLoad;
  readonly #taken: number[];
  readonly #durations = new Durations();
  readonly #totals = { held: 0, released: 0, refused: 0, heldInTime: 0 };
  readonly #phase: Phase = { isMeasuring: false, isOver: false };

  constructor(side: HoldSide, load: HoldLoad) {
    this.#side = side;
    this.#load = load;
    this.#taken = load.sale.eventIds.map(() => 0);
  }

  async run(tell: (moment: string) => void): Promise<HoldFigures> {
    const calls = Promise.all(Array.from({ length: this.#load.callers }, () => this.#call()));
    const seconds = await runTimed(this.#load, this.#phase, { calls, tell });
    return { seconds, answered: this.#durations.count, ...this.#durations.summary(), ...this.#totals };
  }

  async #call(): Promise<void> {
    for (let request = this.#next(); request && !this.#phase.isOver; request = this.#next()) {
      const askedAt = performance.now();
      const held = await this.#side.hold(request);
      if (this.#phase.isMeasuring) {
        this.#durations.add(performance.now() - askedAt);
        if (held) this.#totals.heldInTime += 1;
      }
      if (!held) this.#totals.refused += 1;
      else {
        this.#totals.held += 1;
        if (this.#load.wants === 'fought') {
          await this.#side.release(request, held);
          this.#totals.released += 1;
        }
      }
    }
  }

  /** Undefined when all seats are sold. */
  #next(): HoldRequest | undefined {
    const { eventIds, planId, seatCount } = this.#load.sale;
    const index = Math.floor(Math.random() * eventIds.length);
    const eventId = eventIds[index] ?? '';
    const { wants } = this.#load;
    const first = wants === 'fought' ? Math.floor(Math.random() * (seatCount - 1)) : this.#takeTwo(index);
    if (first + 1 >= seatCount) return undefined;
    const chosenBy = wants === 'places' || wants === 'best' ? wants : undefined;
    return { eventId, planId, userId: randomUUIDv7(), key: randomUUIDv7(), seatNos: [first, first + 1], chosenBy };
  }

  #takeTwo(index: number): number {
    const first = this.#taken[index] ?? 0;
    this.#taken[index] = first + 2;
    return first;
  }
}
