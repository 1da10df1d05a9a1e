import { changedSeat, changedStatus, type PackedChange } from './packed-statuses-rules.ts';
import type { SeatMap } from './seat-map.ts';
import type { SeatStatus } from './seat-status.ts';

/** All seats that changed after `fromVersion` up to `toVersion`, each with its last status. */
export type SeatMapDelta = {
  readonly kind: 'delta';
  readonly fromVersion: number;
  readonly toVersion: number;
  readonly changes: readonly { readonly seatNo: number; readonly status: SeatStatus }[];
};
/** Sent when a delta would have a gap, or would be larger than the whole map. */
export type SeatMapReset = { readonly kind: 'reset'; readonly map: SeatMap };
export type SeatMapChange = SeatMapDelta | SeatMapReset;

type Step = { readonly fromVersion: number; readonly toVersion: number; readonly changes: readonly PackedChange[] };

/** A delta of more seats costs more than a reset, which is 2 bits a seat. */
const MAX_CHANGES = 2048;

/**
 * The last steps of one event's seat map in order, each beginning where the previous one ended. They are the queue of
 * all watchers at once: a watcher is a version in it, so a slow reader costs no memory. It gets the changes that it
 * missed merged into one delta, or a reset when they are no longer kept.
 */
export class RecentSteps {
  readonly #maxSteps: number;
  #steps: Step[] = [];

  constructor(maxSteps: number) {
    this.#maxSteps = maxSteps;
  }

  push(step: Step): void {
    if (this.#steps.at(-1)?.toVersion !== step.fromVersion) this.#steps = [];
    this.#steps.push(step);
    // Cut in blocks, because removing the first of many entries moves all the others.
    if (this.#steps.length > this.#maxSteps * 1.25) this.#steps = this.#steps.slice(-this.#maxSteps);
  }

  /**
   * Undefined when no step begins at `fromVersion`, when a later step is missing, or when the changes are too many
   * for one delta.
   */
  since(fromVersion: number, toVersion: number): SeatMapDelta | undefined {
    const first = this.#indexAfter(fromVersion);
    const start = this.#steps[first];
    // Not from the middle of a step either: the difference between two maps leaves out a seat that changed and
    // changed back in between.
    if (start?.fromVersion !== fromVersion) return undefined;
    const last = new Map<number, SeatStatus>();
    let reached = fromVersion;
    for (let index = first; index < this.#steps.length; index++) {
      const step = this.#steps[index];
      if (!step || step.toVersion > toVersion) break;
      for (const change of step.changes) last.set(changedSeat(change), changedStatus(change));
      if (last.size > MAX_CHANGES) return undefined;
      reached = step.toVersion;
    }
    if (reached !== toVersion) return undefined;
    return {
      kind: 'delta',
      fromVersion,
      toVersion,
      changes: Array.from(last, ([seatNo, status]) => ({ seatNo, status })),
    };
  }

  /** The index of the first step that ends after `version`. */
  #indexAfter(version: number): number {
    let low = 0;
    let high = this.#steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#steps[middle]?.toVersion ?? 0) > version) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
