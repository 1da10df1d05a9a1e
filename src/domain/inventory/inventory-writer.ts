import type { Db } from '#db/client.ts';
import { currentOrigin, type Origin } from '#events/origin.ts';
import type { SeatingPlanCache } from '../catalog/seating-plan-cache.ts';
import { TryAgain } from '../errors.ts';
import type { PriceLists } from '../pricing/price-lists.ts';
import type { CommandChain } from './command-chain.ts';
import { type EventSales, openEventSales } from './event-sales.ts';
import { type Batch, type Committed, type Entry, InventoryBatches } from './inventory-batches.ts';
import type { InventoryCommand } from './inventory-command.ts';
import type { InboxMark } from './inventory-read-statements.ts';
import type { InventoryPolicy } from './inventory-state.ts';
import type { InventoryAnswer } from './inventory-work.ts';
import type { SeatLocks } from './seat-locks.ts';
import { TakenSeats } from './taken-seats.ts';
import { type WriteFailure, WriteHealth } from './write-health.ts';

export type InventoryWriterOptions = {
  /** A small pool of its own, separate from the readers' pool. */
  readonly db: Db;
  /** Connections in use at once; half of them are for events that other processes keep locked for long. Default 4. */
  readonly maxWrites?: number;
  readonly plans: SeatingPlanCache;
  readonly priceLists: PriceLists;
  readonly policy: InventoryPolicy;
  /** Unlocks released seats in Redis. */
  readonly seatLocks?: SeatLocks;
  /**
   * Called for every commit, in the order of the event's versions. Its errors are ignored: the outbox brings the
   * same.
   */
  readonly afterCommit?: (committed: Committed) => unknown;
  /** Called for every write, for metrics. */
  readonly onWritten?: (write: InventoryWrite) => void;
  readonly maxBatch?: number;
  /** How many commands may wait for one event; further ones are rejected with `TryAgain`. */
  readonly maxQueued?: number;
};

export type { Committed };

/** One transaction, or the attempt at one. */
export type InventoryWrite = {
  readonly commands: number;
  readonly events: number;
  readonly milliseconds: number;
  /** The origins of the commands that have one. */
  readonly origins: readonly Origin[];
};

export type SubmitOptions = {
  readonly inbox?: InboxMark;
  /** If the command fails, the later ones of the same chain fail with it and have no effect. */
  readonly chain?: CommandChain;
  /** After this time the call rejects with `TryAgain`; the caller repeats it with the same key. Default 5000. */
  readonly deadlineMs?: number;
};

export type InventoryWriter = {
  readonly policy: InventoryPolicy;
  readonly sales: EventSales;
  readonly plans: SeatingPlanCache;
  /**
   * Queues a command and returns its outcome. Throws `TryAgain` when the queue is full, the deadline has passed or
   * PostgreSQL is away. The command may still have taken effect: the same key or message then returns its result.
   * Throws any other error that this very command causes.
   */
  submit(eventId: string, command: InventoryCommand, options?: SubmitOptions): Promise<InventoryAnswer>;
  /** The number of commands that wait or are being written. */
  depth(): number;
  /** Why writes fail now for a reason outside the commands; undefined when they do not, or when it is not known. */
  failure(): WriteFailure | undefined;
  /** Accepts no further commands and waits for those that it has. */
  close(): Promise<void>;
};

type Queue = {
  readonly eventId: string;
  entries: Entry[];
  isBusy: boolean;
  /**
   * Another process kept the event locked for long, so it is written alone, where no other event has to wait for it.
   */
  isContended: boolean;
};
/**
 * A set of concurrent writes: a `shared` one takes all events that are ready, an `alone` one takes one contended
 * event.
 */
type Lane = { readonly isShared: boolean; readonly limit: number; readonly ready: Queue[]; active: number };

const MAX_BATCH = 128;
const MAX_QUEUED = 4096;
const DEADLINE_MS = 5000;
const SWEEP_MS = 50;

/**
 * Every hold, confirmation and release of seats goes through here. There is a queue per event and at most one write in
 * flight for each: commands that arrive meanwhile form the next batch, so no command waits for a timer. One
 * transaction takes up to 128 commands of all events that are ready, so a thousand cold events cost as little as one
 * hot event. Writers in other processes queue for the events' inventory rows.
 */
export function openInventoryWriter(options: InventoryWriterOptions): InventoryWriter {
  return new Writer(options);
}

/**
 * State: a queue per event, which exists from its first command until it is empty and not being written.
 * - Ready: `isBusy`, and the queue waits in a lane; new commands are appended to it.
 * - In flight: `isBusy`, and a batch of its commands is being written; commands that arrive form the next batch.
 * - Contended: another process kept the event locked for long; until the queue is empty it uses the lane `#alone`.
 *
 * Invariants: at most one batch of an event is in flight, and its commands are written in order of arrival. Each entry
 * is settled exactly once: by its batch or by the sweeper. A lane never has more than `limit` writes in flight.
 *
 * Failures:
 * - The queue is full, or the writer is closed: `submit` rejects with `TryAgain`, and the command is not queued.
 * - The deadline passes: the sweeper rejects with `TryAgain`. A command that is in flight may still take effect.
 * - Another process has an event locked: its commands go back to the front of their queue, which becomes contended.
 * - PostgreSQL is away, or a command is at fault: see `InventoryBatches`, which settles the entries.
 */
class Writer implements InventoryWriter {
  readonly policy: InventoryPolicy;
  readonly plans: SeatingPlanCache;
  readonly sales: EventSales;
  readonly #options: InventoryWriterOptions;
  readonly #queues = new Map<string, Queue>();
  readonly #batches: InventoryBatches;
  readonly #health = new WriteHealth();
  readonly #shared: Lane;
  readonly #alone: Lane;
  readonly #waiting = new Set<Entry>();
  #isClosed = false;
  #sweeper: NodeJS.Timeout | undefined;
  #onIdle: (() => void)[] = [];
  #lastWriteMs = 10;

  constructor(options: InventoryWriterOptions) {
    this.#options = options;
    this.policy = options.policy;
    this.plans = options.plans;
    this.sales = openEventSales({ db: options.db });
    this.#batches = new InventoryBatches({
      ...options,
      sales: this.sales,
      health: this.#health,
      takenSeats: new TakenSeats(),
    });
    const maxWrites = options.maxWrites ?? 4;
    this.#shared = { isShared: true, limit: Math.ceil(maxWrites / 2), ready: [], active: 0 };
    this.#alone = { isShared: false, limit: Math.max(1, Math.floor(maxWrites / 2)), ready: [], active: 0 };
  }

  submit(eventId: string, command: InventoryCommand, options: SubmitOptions = {}): Promise<InventoryAnswer> {
    if (this.#isClosed) return Promise.reject(new TryAgain(1));
    const queue = this.#queueOf(eventId);
    if (queue.entries.length >= (this.#options.maxQueued ?? MAX_QUEUED)) {
      return Promise.reject(new TryAgain(this.#secondsFor(queue.entries.length)));
    }
    const { chain } = options;
    if (chain?.isBroken) return Promise.reject(new TryAgain(1));
    return new Promise((resolve, reject) => {
      const entry: Entry = {
        request: { command, origin: currentOrigin(), ...(options.inbox && { inbox: options.inbox }) },
        deadlineAt: performance.now() + (options.deadlineMs ?? DEADLINE_MS),
        isSettled: false,
        resolve: (answer) => this.#settle(entry, () => resolve(answer)),
        reject: (error) => {
          this.#settle(entry, () => reject(error));
          chain?.breakAt(entry);
        },
      };
      chain?.add(entry);
      this.#waiting.add(entry);
      this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS);
      queue.entries.push(entry);
      if (queue.entries.length === 1 && !queue.isBusy) this.#enqueue(queue);
    });
  }

  depth(): number {
    return this.#waiting.size;
  }

  failure(): WriteFailure | undefined {
    return this.#health.failure();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#queues.size > 0) await new Promise<void>((done) => this.#onIdle.push(done));
  }

  #queueOf(eventId: string): Queue {
    const known = this.#queues.get(eventId);
    if (known) return known;
    const queue: Queue = { eventId, entries: [], isBusy: false, isContended: false };
    this.#queues.set(eventId, queue);
    return queue;
  }

  #enqueue(queue: Queue): void {
    queue.isBusy = true;
    (queue.isContended ? this.#alone : this.#shared).ready.push(queue);
    // Deferred: callers whose commands one write has settled submit again in the same turn, and belong in one batch.
    setImmediate(() => this.#pump());
  }

  #pump(): void {
    for (const lane of [this.#shared, this.#alone]) {
      while (lane.active < lane.limit && lane.ready.length > 0) void this.#drain(lane);
    }
  }

  async #drain(lane: Lane): Promise<void> {
    lane.active += 1;
    const startedAt = performance.now();
    const taken = this.#take(lane);
    const locked = await this.#batches.write(taken.map(({ batch }) => batch));
    this.#lastWriteMs = performance.now() - startedAt;
    this.#report(taken);
    for (const { queue, batch } of taken) {
      if (locked.includes(batch)) {
        queue.entries.unshift(...batch.entries);
        queue.isContended = true;
      }
      queue.isBusy = false;
      if (queue.entries.length > 0) this.#enqueue(queue);
      else this.#queues.delete(queue.eventId);
    }
    lane.active -= 1;
    setImmediate(() => this.#pump());
    if (this.#queues.size === 0) for (const done of this.#onIdle.splice(0)) done();
  }

  #report(taken: readonly { batch: Batch }[]): void {
    const { onWritten } = this.#options;
    if (!onWritten) return;
    const entries = taken.flatMap(({ batch }) => batch.entries);
    const origins = entries.flatMap(({ request }) => (request.origin ? [request.origin] : []));
    onWritten({ commands: entries.length, events: taken.length, milliseconds: this.#lastWriteMs, origins });
  }

  #take(lane: Lane): { queue: Queue; batch: Batch }[] {
    const taken: { queue: Queue; batch: Batch }[] = [];
    let room = this.#options.maxBatch ?? MAX_BATCH;
    while (room > 0 && (lane.isShared || taken.length === 0)) {
      const queue = lane.ready.shift();
      if (!queue) break;
      const entries = queue.entries.splice(0, room).filter((entry) => !entry.isSettled);
      room -= entries.length;
      taken.push({ queue, batch: { eventId: queue.eventId, entries } });
    }
    return taken;
  }

  #settle(entry: Entry, settle: () => void): void {
    if (entry.isSettled) return;
    entry.isSettled = true;
    this.#waiting.delete(entry);
    if (this.#waiting.size === 0) {
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
    }
    settle();
  }

  #sweep(): void {
    const now = performance.now();
    for (const entry of this.#waiting) if (entry.deadlineAt <= now) entry.reject(new TryAgain(1));
  }

  #secondsFor(queued: number): number {
    const batches = Math.ceil(queued / (this.#options.maxBatch ?? MAX_BATCH));
    return Math.min(10, Math.max(0.1, (batches * this.#lastWriteMs) / 1000));
  }
}
