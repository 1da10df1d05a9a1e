/** The virtual second 0, for clocks that show a date. */
const EPOCH_MS = Date.UTC(2027, 0, 1, 12);

const realSetImmediate = setImmediate;

/**
 * An actor that runs by itself and can die: a process, or a fan with a browser. Its planned steps die with it, and
 * an answer that it waited for never comes.
 */
export class Actor {
  readonly name: string;
  /** The error of its wall clock. */
  skewMs = 0;
  isAlive = true;
  /** Called when it dies, so that others release what they keep for it. */
  readonly onDeath: (() => void)[] = [];

  constructor(name: string) {
    this.name = name;
  }

  kill(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    for (const letGo of this.onDeath.splice(0)) letGo();
  }
}

type Step = {
  readonly atMs: number;
  readonly order: number;
  readonly actor: Actor;
  readonly run: () => void;
  isCancelled: boolean;
};
export type Planned = { cancel(): void };

/** Runs code as an actor, so that everything it starts belongs to that actor. */
export type RunAs = (actor: Actor, run: () => void) => void;

/**
 * One virtual clock and one list of planned steps. Between two steps every promise that can settle has settled, so a
 * run is a function of its seed alone.
 */
export class Scheduler {
  nowMs = 0;
  steps = 0;
  /** A hash of the time and the actor of every step so far. */
  digest = 0x811c9dc5;
  /** The actor of the last step. */
  lastActor: Actor | undefined;
  /** An uncaught error, which would have ended a process. */
  onThrown: (error: unknown) => void = (error) => {
    throw error;
  };
  readonly #runAs: RunAs;
  readonly #heap: Step[] = [];
  #order = 0;

  constructor(runAs: RunAs) {
    this.#runAs = runAs;
  }

  /** Milliseconds since 1970 by a correct clock. */
  get dateMs(): number {
    return EPOCH_MS + this.nowMs;
  }

  after(delayMs: number, actor: Actor, run: () => void): Planned {
    const order = this.#order++;
    const step = { atMs: this.nowMs + Math.max(0, delayMs), order, actor, run, isCancelled: false };
    this.#push(step);
    return {
      cancel: () => {
        step.isCancelled = true;
      },
    };
  }

  async runUntil(untilMs: number): Promise<void> {
    for (;;) {
      const step = this.#heap[0];
      if (!step || step.atMs > untilMs) break;
      this.#pop();
      if (step.isCancelled || !step.actor.isAlive) continue;
      this.nowMs = Math.max(this.nowMs, step.atMs);
      this.steps += 1;
      this.#remember(step);
      this.lastActor = step.actor;
      try {
        this.#runAs(step.actor, step.run);
      } catch (error) {
        this.onThrown(error);
      }
      await new Promise<void>((done) => realSetImmediate(done));
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  #remember({ order, actor }: Step): void {
    for (const part of [
      Math.round(this.nowMs * 1000),
      order,
      actor.name.length,
      actor.name.charCodeAt(actor.name.length - 1),
    ])
      this.digest = Math.imul(this.digest ^ part, 0x01000193) >>> 0;
  }

  #push(step: Step): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(step);
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (!parent || isBefore(parent, step)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = step;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      const [left, right] = [heap[below], heap[below + 1]];
      if (!left) break;
      if (right && isBefore(right, left)) below += 1;
      const child = heap[below];
      if (!child || isBefore(last, child)) break;
      heap[index] = child;
      index = below;
    }
    heap[index] = last;
  }
}

const isBefore = (a: Step, b: Step): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
