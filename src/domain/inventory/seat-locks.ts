import { hash } from 'node:crypto';
import type { Db } from '#db/client.ts';
import { type Redis, runScript } from '#redis/client.ts';
import { EPOCH, seatLock } from '#redis/keys.ts';
import { currentEpoch, epochOn, readRunId } from './redis-epoch.ts';

export type SeatLockRequest = {
  readonly eventId: string;
  /** See `lockOwner`. */
  readonly owner: string;
  readonly seatNos: readonly number[];
};

/** `ttlMs`: how long the hold still lasts. */
export type KeptSeatLock = { readonly owner: string; readonly seatNos: readonly number[]; readonly ttlMs: number };

/**
 * `fresh`: the seats that the owner did not have before. `skipped`: Redis cannot be asked or must not be believed;
 * PostgreSQL decides alone.
 */
export type SeatLockAnswer =
  | { readonly kind: 'locked'; readonly fresh: readonly number[] }
  | { readonly kind: 'taken'; readonly seatNos: readonly number[] }
  | { readonly kind: 'skipped' };

export type SeatLocks = {
  /** Never throws, and waits at most for the patience. The locks end after two seconds, unless they are kept. */
  acquire(request: SeatLockRequest): Promise<SeatLockAnswer>;
  /**
   * For holds that were committed: extends their locks almost to the end of the hold. Never throws: a lock that ends
   * early only costs time, because PostgreSQL then refuses the rival. A lock that ends late, because the command was
   * slow to reach Redis, refuses the next fan while the seat is free.
   */
  keep(eventId: string, holds: readonly KeptSeatLock[]): Promise<void>;
  /**
   * Compares the owner and deletes. Never throws: a release that fails is repeated when it arrives from the event
   * log.
   */
  release(eventId: string, owner: string, seatNos: readonly number[]): Promise<void>;
  /** False from the first answer that did not come in time until Redis answers again. */
  isAsked(): boolean;
};

/**
 * A lock belongs to a request (the user and the idempotency key) and not to a booking: a request that is sent twice
 * finds its own locks and goes on to the writer, which returns the one booking.
 */
export function lockOwner(userId: string, idempotencyKey: string): string {
  return hash('sha256', `${userId} ${idempotencyKey}`, 'base64url').slice(0, 22);
}

type Options = {
  readonly redis: Redis;
  readonly db: Db;
  /** Redis counts as away when it does not answer within this time. Default 100. */
  readonly patienceMs?: number;
  /** How often a Redis that is away is asked whether it is back. Default 250. */
  readonly probeMs?: number;
};
type Waiting = { request: SeatLockRequest; answer: (answer: SeatLockAnswer) => void };

const PATIENCE_MS = 100;
const PROBE_MS = 250;
const EPOCH_FRESH_MS = 1000;
/**
 * The time from the lock to the commit. A process that dies in between leaves a lock without a hold, and the seat
 * cannot be bought until that lock ends. When a commit takes longer, PostgreSQL refuses the rival instead of the
 * lock.
 */
const UNDER_WAY_MS = 2000;
const SKIPPED: SeatLockAnswer = { kind: 'skipped' };

/**
 * Refuses losers before they reach PostgreSQL. A lock is an early answer and never ownership: after a failover of
 * Redis two requests may have the same lock, and without a Redis that is reachable, fast and rebuilt no request has
 * one. The requests of one turn for one event are one script.
 */
export function openSeatLocks(options: Options): SeatLocks {
  return new RedisSeatLocks(options);
}

/**
 * State: `#isAway` (whether Redis is asked at all), and the epoch and run id that Redis must name to be believed.
 * - Asked: the connection is ready and Redis answers in time. A batch is one script and one read of the epoch.
 * - Away: `acquire` returns `skipped` at once, `keep` and `release` do nothing; a probe asks Redis every 250 ms.
 * - Not believed: Redis names another epoch, none or a claim. `acquire` returns `skipped`; PostgreSQL is asked again.
 *
 * Invariants: no method throws. No request waits longer than the patience, except that a late answer which has arrived
 * already is still read. A request gets locks for all its seats or for none. Only PostgreSQL decides who has a seat.
 *
 * Failures:
 * - Redis is too slow or returns an error: every batch in flight is `skipped`, and Redis counts as away.
 * - The connection closes: the same, and the run id is read again, because another server may answer next.
 * - A process dies between the lock and the commit: the lock ends after 2 s.
 * - `keep` fails: the lock ends early, and PostgreSQL refuses the rival instead.
 * - `release` fails, or a process dies before it: `unlockEnded` deletes the lock when the event log brings the release.
 */
class RedisSeatLocks implements SeatLocks {
  readonly #redis: Redis;
  readonly #db: Db;
  readonly #patienceMs: number;
  readonly #probeMs: number;
  readonly #waiting = new Map<string, Waiting[]>();
  /** Batches that Redis has not answered yet. */
  readonly #asked = new Set<() => void>();
  #epoch: string | undefined;
  #runId: string | undefined;
  #epochReadAt = Number.NEGATIVE_INFINITY;
  #isReadingEpoch = false;
  #isAway = false;

  constructor({ redis, db, patienceMs, probeMs }: Options) {
    this.#redis = redis;
    this.#db = db;
    this.#patienceMs = patienceMs ?? PATIENCE_MS;
    this.#probeMs = probeMs ?? PROBE_MS;
    redis.on('close', () => {
      // The next connection may lead to another server, or to the same one with old data.
      this.#runId = undefined;
      this.#giveUp();
    });
    redis.on('ready', () => void this.#readEpoch());
    void this.#readEpoch();
  }

  acquire(request: SeatLockRequest): Promise<SeatLockAnswer> {
    if (!this.isAsked()) return Promise.resolve(SKIPPED);
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

  async keep(eventId: string, holds: readonly KeptSeatLock[]): Promise<void> {
    if (!this.isAsked() || holds.length === 0) return;
    const keys = holds.flatMap(({ seatNos }) => seatNos.map((seatNo) => seatLock(eventId, seatNo)));
    // Redis counts the time from when the command arrives, usually within the patience.
    const lastsMs = (ttlMs: number) => Math.floor(ttlMs - this.#patienceMs);
    const args = holds.flatMap(({ owner, ttlMs, seatNos }) => [owner, lastsMs(ttlMs), seatNos.length]);
    await runScript(this.#redis, 'keepSeatLocks', keys, args).catch(() => {});
  }

  async release(eventId: string, owner: string, seatNos: readonly number[]): Promise<void> {
    if (!this.isAsked()) return;
    const keys = seatNos.map((seatNo) => seatLock(eventId, seatNo));
    await runScript(this.#redis, 'releaseSeatLocks', keys, [owner]).catch(() => {});
  }

  isAsked(): boolean {
    return !this.#isAway && this.#redis.status === 'ready';
  }

  async #acquireAll(batch: readonly Waiting[]): Promise<void> {
    const answers = await this.#ask(batch);
    for (const [index, { answer }] of batch.entries()) answer(answers?.[index] ?? SKIPPED);
  }

  /** Undefined when Redis gives no answer in time, or none that may be believed. */
  async #ask(batch: readonly Waiting[]): Promise<SeatLockAnswer[] | undefined> {
    const keys = batch.flatMap(({ request }) => request.seatNos.map((seatNo) => seatLock(request.eventId, seatNo)));
    const args = batch.flatMap(({ request }) => [request.owner, UNDER_WAY_MS, request.seatNos.length]);
    const asked = Promise.all([this.#redis.get(EPOCH), runScript(this.#redis, 'acquireSeatLocks', keys, args)]);
    const answered = await this.#inTime(asked);
    if (!answered || !this.#isCurrent(answered[0])) return undefined;
    const states = answered[1] as number[];
    let first = 0;
    return batch.map(({ request }) => {
      const own = states.slice(first, first + request.seatNos.length);
      first += request.seatNos.length;
      return answerOf(request, own);
    });
  }

  /**
   * The first request that waits in vain gives up for all of them: no other request waits until Redis answers again.
   */
  #inTime<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve) => {
      const end = (value: T | undefined) => {
        clearTimeout(timer);
        this.#asked.delete(giveUp);
        resolve(value);
      };
      const giveUp = () => end(undefined);
      this.#asked.add(giveUp);
      const timer = setTimeout(() => {
        // When this process itself was late, the answer has arrived already and is read in this turn.
        setImmediate(() => setImmediate(() => this.#asked.has(giveUp) && this.#giveUp()));
      }, this.#patienceMs);
      work.then(end, () => this.#giveUp());
    });
  }

  #giveUp(): void {
    for (const giveUp of [...this.#asked]) giveUp();
    if (this.#isAway) return;
    this.#isAway = true;
    this.#probe();
  }

  #probe(): void {
    setTimeout(async () => {
      const isBack = this.#redis.status === 'ready' && (await this.#redis.ping().catch(() => undefined)) !== undefined;
      if (isBack) this.#isAway = false;
      else if (this.#redis.status !== 'end') this.#probe();
    }, this.#probeMs).unref();
  }

  /**
   * Whether Redis names the last complete rebuild. PostgreSQL is asked in the background, at most once a second for a
   * matching epoch. A Redis that came back with an old dump names an epoch that this process had read, and is
   * believed for that long at most.
   */
  #isCurrent(named: string | null): boolean {
    const isCurrent = named !== null && named === this.#known();
    const isOld = performance.now() - this.#epochReadAt > EPOCH_FRESH_MS;
    if (!this.#isReadingEpoch && (isOld || (named !== null && !isCurrent))) void this.#readEpoch();
    return isCurrent;
  }

  #known(): string | undefined {
    return this.#epoch && this.#runId && epochOn(this.#epoch, this.#runId);
  }

  async #readEpoch(): Promise<void> {
    this.#isReadingEpoch = true;
    try {
      this.#epoch = await currentEpoch(this.#db);
      this.#epochReadAt = performance.now();
      this.#runId ??= this.#redis.status === 'ready' ? await readRunId(this.#redis) : undefined;
    } catch {
      // The next caller reads it again.
    } finally {
      this.#isReadingEpoch = false;
    }
  }
}

function answerOf({ seatNos }: SeatLockRequest, states: readonly number[]): SeatLockAnswer {
  const taken = seatNos.filter((_, index) => states[index] === 2);
  if (taken.length > 0) return { kind: 'taken', seatNos: taken };
  return { kind: 'locked', fresh: seatNos.filter((_, index) => states[index] === 0) };
}
