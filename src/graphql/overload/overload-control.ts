import { performance } from 'node:perf_hooks';
import { TryAgain } from '#domain/errors.ts';
import type { GraphqlParams } from '../params.ts';
import { AdaptiveLimit } from './adaptive-limit.ts';
import { Holders } from './holders.ts';
import { type LoopClock, LoopDelay } from './loop-delay.ts';
import { type ClassOf, type OperationClass, openClassifier, operationClasses } from './operation-class.ts';
import { RefusalPace } from './refusal-pace.ts';
import { TurnWork } from './turn-work.ts';
import { WaitingLine } from './waiting-line.ts';

/** An operation that was not refused when it arrived. `arrivedAt` is an estimate, of `performance.now()`. */
export type Arrival = { readonly of: OperationClass; readonly arrivedAt: number };

/** A refusal. It is no Error, because the stack of an Error costs more than the rest of a refusal. */
export type Busy = { readonly retryAfterSeconds: number };
export const isBusy = (answer: Arrival | Busy): answer is Busy => 'retryAfterSeconds' in answer;

/** What the class of an operation is read from. */
export type Asked = Pick<GraphqlParams, 'query' | 'documentId' | 'operationName'>;

/** The place of a running operation. */
export type Slot = {
  /** Resolves when it may be executed; rejects with TryAgain when no place became free in time. */
  readonly ready: Promise<void> | undefined;
  /** `isExecuted`: its time counts for the limit. */
  leave(isExecuted: boolean): void;
};

export type OverloadStats = Readonly<Record<OperationClass, { limit: number; running: number; waiting: number }>>;

/** Counts what was decided; a process without metrics has none. */
export type OverloadCounts = {
  decided(of: OperationClass, decision: 'accepted' | 'refused'): void;
  waited(seconds: number): void;
};

type Rules = { readonly initial: number; readonly least: number; readonly turnMs: number; readonly patience: number };

/**
 * `turnMs`: how long a turn of an overloaded event loop works for the operations of a class and of those before it. So a
 * turn ends soon, and the rest of its time is kept for what must not wait. `patience`: times the target of the setting.
 */
const rulesOf: Readonly<Record<OperationClass, Rules>> = {
  pay: { initial: 1_000, least: 64, turnMs: 60, patience: 2 },
  hold: { initial: 400, least: 24, turnMs: 30, patience: 1 },
  map: { initial: 400, least: 16, turnMs: 20, patience: 1 },
  search: { initial: 200, least: 16, turnMs: 10, patience: 1 },
};
const MOST = 4_096;
const RETRY_SECONDS = { pay: [1, 2], hold: [1, 4], map: [2, 6], search: [2, 8] } as const;
/** Operations that wait for a place are looked at as often. */
const LOOK_EVERY_MS = 5;

export type OverloadOptions = {
  /** The mean time that operations may take before fewer are admitted. */
  readonly targetMs: number;
  readonly trusted?: Readonly<Record<string, string>> | undefined;
  readonly counts?: OverloadCounts | undefined;
  readonly clock?: LoopClock | undefined;
  /** From 0 to 1. */
  readonly random?: (() => number) | undefined;
};

const ownClock: LoopClock = {
  now: () => performance.now(),
  idleMs: () => performance.eventLoopUtilization().idle,
  afterTurn: (work) => void setImmediate(work),
};

/**
 * Decides which operations a busy process executes. Two measured delays decide: how long requests wait for the event
 * loop, and how long the operations of a class take. Classes have limits of their own, so that a store that is slow for
 * one of them refuses none of the others. See docs/decisions/0028.
 */
export class OverloadControl {
  readonly holders = new Holders();
  readonly #clock: LoopClock;
  readonly #random: () => number;
  readonly #counts: OverloadCounts | undefined;
  readonly #classOf: ClassOf;
  readonly #loop: LoopDelay;
  readonly #work = new TurnWork();
  readonly #pace: RefusalPace;
  readonly #limits: Readonly<Record<OperationClass, AdaptiveLimit>>;
  readonly #lines: Readonly<Record<OperationClass, WaitingLine>>;
  #timer: NodeJS.Timeout | undefined;

  constructor({ targetMs, trusted, counts, clock = ownClock, random = Math.random }: OverloadOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#counts = counts;
    this.#classOf = openClassifier(trusted);
    this.#loop = new LoopDelay(clock);
    this.#pace = new RefusalPace(clock.now());
    this.#limits = ofEach((of) => {
      const { initial, least, patience } = rulesOf[of];
      return new AdaptiveLimit({ initial, least, most: MOST, targetMs: targetMs * patience }, clock.now());
    });
    this.#lines = ofEach(() => new WaitingLine());
  }

  /**
   * Classifies an operation that has arrived. Returns the refusal when it cannot be executed soon.
   *
   * @param isHolder asked only before a refusal, because the answer may cost something
   */
  arrive(asked: Asked, isHolder: () => boolean): Arrival | Busy {
    const now = this.#clock.now();
    const of = this.#classOf(asked);
    const { waitedMs, isFirst, isOverloaded } = this.#loop.read(now);
    this.#pace.add(this.#work.read(now, isFirst), now);
    this.#counts?.waited(waitedMs / 1000);
    const arrivedAt = now - waitedMs;
    const isFull = isOverloaded && this.#work.upTo(of) > rulesOf[of].turnMs;
    if (!isFull && this.#hasRoom(of, now)) return this.#accept(of, arrivedAt);
    const isFirstServed = of !== 'pay' && !this.holders.isEmpty && isHolder();
    return isFirstServed && this.#hasRoom('pay', now) ? this.#accept('pay', arrivedAt) : this.#refuse(of);
  }

  /** Takes a place, or a place in the line for one. Throws TryAgain. */
  enter({ of, arrivedAt }: Arrival): Slot {
    const limit = this.#limits[of];
    const leave = (isExecuted: boolean) => {
      const now = this.#clock.now();
      limit.leave(isExecuted ? now - arrivedAt : undefined, now);
      this.#advance(of, now);
    };
    if (this.#lines[of].length === 0 && limit.enter()) {
      this.#counts?.decided(of, 'accepted');
      return { ready: undefined, leave };
    }
    const now = this.#clock.now();
    if (!this.#lines[of].isOpen(limit.limit, now)) throw tryAgain(this.#refuse(of));
    return this.#wait(of, leave, now);
  }

  /** How much later the refusals of this moment are sent, in milliseconds. */
  get refusalsAfterMs(): number {
    return this.#pace.afterMs;
  }

  stats(): OverloadStats {
    return ofEach((of) => {
      const { limit, running } = this.#limits[of];
      return { limit, running, waiting: this.#lines[of].length };
    });
  }

  #wait(of: OperationClass, leave: Slot['leave'], now: number): Slot {
    let hasPlace = false;
    const ready = this.#lines[of].wait(now).then((isAdmitted) => {
      if (!isAdmitted) throw tryAgain(this.#refuse(of));
      this.#counts?.decided(of, 'accepted');
      hasPlace = true;
    });
    // An operation that fails before it may run waits for nothing.
    ready.catch(() => undefined);
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS);
    return {
      ready,
      leave: (isExecuted) => {
        if (hasPlace) leave(isExecuted);
        else
          void ready.then(
            () => leave(false),
            () => undefined,
          );
      },
    };
  }

  #look(): void {
    for (const of of operationClasses) this.#advance(of, this.#clock.now());
    if (operationClasses.some((of) => this.#lines[of].length > 0)) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #advance(of: OperationClass, now: number): void {
    if (this.#lines[of].length > 0) this.#lines[of].advance(() => this.#limits[of].enter(), now);
  }

  #accept(of: OperationClass, arrivedAt: number): Arrival {
    this.#work.accept(of);
    return { of, arrivedAt };
  }

  #hasRoom(of: OperationClass, now: number): boolean {
    const limit = this.#limits[of];
    return limit.running < limit.limit || this.#lines[of].isOpen(limit.limit, now);
  }

  /** Whole seconds, different ones for callers that are refused together. */
  #refuse(of: OperationClass): Busy {
    this.#counts?.decided(of, 'refused');
    const [least, most] = RETRY_SECONDS[of];
    return { retryAfterSeconds: least + Math.floor(this.#random() * (most - least + 1)) };
  }
}

/** The error of a refusal. */
export const tryAgain = ({ retryAfterSeconds }: Busy): TryAgain => new TryAgain(retryAfterSeconds);

const ofEach = <Value>(make: (of: OperationClass) => Value): Record<OperationClass, Value> =>
  Object.fromEntries(operationClasses.map((of) => [of, make(of)])) as Record<OperationClass, Value>;
