import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { type Redis, runScript } from '#redis/client.ts';
import { EPOCH, seatLock } from '#redis/keys.ts';

export type SeatLockRequest = {
  readonly eventId: string;
  /** See `lockOwner`. */
  readonly owner: string;
  readonly seatNos: readonly number[];
  readonly ttlMs: number;
};

/** `fresh`: those that the owner did not have before. `skipped`: Redis can't be asked or not be believed; PostgreSQL decides alone. */
export type SeatLockAnswer =
  | { readonly kind: 'locked'; readonly fresh: readonly number[] }
  | { readonly kind: 'taken'; readonly seatNos: readonly number[] }
  | { readonly kind: 'skipped' };

export type SeatLocks = {
  /** Never throws, and waits no longer than the patience. */
  acquire(request: SeatLockRequest): Promise<SeatLockAnswer>;
  /** Compare and delete. Never throws: a lock that stays behind ends by itself. */
  release(eventId: string, owner: string, seatNos: readonly number[]): Promise<void>;
};

/** The name under which `redis_epochs` keeps the epoch of the seat locks. */
export const SEAT_LOCKS = 'seat-locks';

/**
 * A lock belongs to a request (the user and the idempotency key) and not to a booking: the same request sent twice meets
 * its own locks and goes on to the writer, which answers with the one booking.
 */
export function lockOwner(userId: string, idempotencyKey: string): string {
  return createHash('sha256').update(`${userId} ${idempotencyKey}`).digest('base64url').slice(0, 22);
}

type Options = {
  readonly redis: Redis;
  readonly db: Db;
  /** After so long Redis counts as away. Default 100. */
  readonly patienceMs?: number;
};
type Waiting = { request: SeatLockRequest; answer: (answer: SeatLockAnswer) => void };

const PATIENCE_MS = 100;
const FAILURES_TO_OPEN = 5;
const OPEN_MS = 1000;
const EPOCH_FRESH_MS = 1000;
const SKIPPED: SeatLockAnswer = { kind: 'skipped' };

/**
 * Turns losers away before they reach PostgreSQL. An early answer and never ownership: a failover of Redis can give two
 * holders, and a Redis that is away, slow or not rebuilt gives none. Requests of one turn for one event are one script.
 */
export function openSeatLocks(options: Options): SeatLocks {
  return new RedisSeatLocks(options);
}

class RedisSeatLocks implements SeatLocks {
  readonly #redis: Redis;
  readonly #db: Db;
  readonly #patienceMs: number;
  readonly #waiting = new Map<string, Waiting[]>();
  #epoch: string | undefined;
  #epochReadAt = Number.NEGATIVE_INFINITY;
  #isReadingEpoch = false;
  #failures = 0;
  #openUntil = 0;

  constructor({ redis, db, patienceMs }: Options) {
    this.#redis = redis;
    this.#db = db;
    this.#patienceMs = patienceMs ?? PATIENCE_MS;
    void this.#readEpoch();
  }

  acquire(request: SeatLockRequest): Promise<SeatLockAnswer> {
    if (performance.now() < this.#openUntil) return Promise.resolve(SKIPPED);
    return new Promise((answer) => {
      const waiting = this.#waiting.get(request.eventId);
      if (waiting) waiting.push({ request, answer });
      else {
        const batch = [{ request, answer }];
        this.#waiting.set(request.eventId, batch);
        setImmediate(() => {
          this.#waiting.delete(request.eventId);
          void this.#acquireAll(batch);
        });
      }
    });
  }

  async release(eventId: string, owner: string, seatNos: readonly number[]): Promise<void> {
    if (performance.now() < this.#openUntil) return;
    const keys = seatNos.map((seatNo) => seatLock(eventId, seatNo));
    await runScript(this.#redis, 'releaseSeatLocks', keys, [owner]).catch(() => {});
  }

  async #acquireAll(batch: readonly Waiting[]): Promise<void> {
    const keys = batch.flatMap(({ request }) => request.seatNos.map((seatNo) => seatLock(request.eventId, seatNo)));
    const args = batch.flatMap(({ request }) => [request.owner, request.ttlMs, request.seatNos.length]);
    const asked = Promise.all([this.#redis.get(EPOCH), runScript(this.#redis, 'acquireSeatLocks', keys, args)]);
    try {
      const [epoch, states] = await inTime(asked, this.#patienceMs);
      this.#failures = 0;
      const isBelieved = this.#isCurrent(epoch);
      let first = 0;
      for (const { request, answer } of batch) {
        const own = (states as number[]).slice(first, first + request.seatNos.length);
        first += request.seatNos.length;
        answer(isBelieved ? answerOf(request, own) : SKIPPED);
      }
    } catch {
      this.#failures += 1;
      // One caller a second finds out whether it is back; the others do not wait for it.
      if (this.#failures >= FAILURES_TO_OPEN) this.#openUntil = performance.now() + OPEN_MS;
      for (const { answer } of batch) answer(SKIPPED);
    }
  }

  /**
   * Whether Redis names the last complete rebuild. PostgreSQL is asked in the background, at most once a second: a Redis
   * that came back with an old dump names an epoch that this process knew well, and is believed that long at most.
   */
  #isCurrent(epoch: string | null): boolean {
    const isOld = performance.now() - this.#epochReadAt > EPOCH_FRESH_MS;
    if (!this.#isReadingEpoch && (isOld || (epoch !== null && epoch !== this.#epoch))) void this.#readEpoch();
    return epoch !== null && epoch === this.#epoch;
  }

  async #readEpoch(): Promise<void> {
    this.#isReadingEpoch = true;
    try {
      this.#epoch = await currentEpoch(this.#db);
      this.#epochReadAt = performance.now();
    } catch {
      // The next caller asks again.
    } finally {
      this.#isReadingEpoch = false;
    }
  }
}

/** The epoch of the last complete rebuild, or undefined before the first. */
export async function currentEpoch(db: Db): Promise<string | undefined> {
  const rows = await db.execute<{ epoch: string }>(sql`select epoch from redis_epochs where name = ${SEAT_LOCKS}`);
  return rows[0]?.epoch;
}

function answerOf({ seatNos }: SeatLockRequest, states: readonly number[]): SeatLockAnswer {
  const taken = seatNos.filter((_, index) => states[index] === 2);
  if (taken.length > 0) return { kind: 'taken', seatNos: taken };
  return { kind: 'locked', fresh: seatNos.filter((_, index) => states[index] === 0) };
}

function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
