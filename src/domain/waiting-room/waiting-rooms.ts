import type { Db } from '#db/client.ts';
import { type DatabaseClock, openDatabaseClock } from '#db/clock.ts';
import { WAITING_ROOMS_CHANNEL } from '#redis/channels.ts';
import type { Heartbeat } from '#redis/heartbeat.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { TryAgain } from '../errors.ts';
import { LiveRoom } from './live-room.ts';
import { hasFans, isGating } from './place-rules.ts';
import { readDepartures, readRooms } from './read-rooms.ts';
import type { Room } from './room.ts';

type Needs = { db: Db; pubsub: PubSub; heartbeat: Heartbeat };

const REFRESH_MS = 2_000;
/** While no fan waits and Redis brings the changes. */
const QUIET_REFRESH_MS = 10_000;
/** Then all rooms are read. A room that is then missing ended more than a day ago. */
const READ_ALL_EVERY_MS = 60_000;
/** For slow commits. */
const OVERLAP_MS = 15_000;

/**
 * The waiting rooms of this process: a cache that Redis updates at each change. PostgreSQL is read for changes that
 * Redis lost, every two seconds while a fan waits or Redis is away, else every ten. For an event without a room a call
 * costs one map look-up. Open one per process.
 *
 * State: a `LiveRoom` per event; `#isLoaded` (PostgreSQL was read at least once); the read that runs, and the one
 * after it.
 * - Not loaded: `get` finds only rooms that Redis or `find` brought; `gating` throws `TryAgain` for any other event.
 * - Loaded: an event without an entry has no room, or one that another process made a moment ago.
 *
 * Invariants: a room is never replaced by an older version, unless PostgreSQL was restored to it (see
 * `LiveRoom.adopt`). One read runs at a time; a caller of `refresh` gets one that starts after its call. A room with
 * watchers is never removed.
 *
 * Failures:
 * - Redis is away or loses a message: the next read of PostgreSQL brings the change; one read a minute compares
 *   all rooms.
 * - PostgreSQL is away: the last known rooms stay in use, and the clock goes on. `refresh` never rejects.
 * - PostgreSQL was restored: rooms that it no longer has are dropped by the next read of all rooms.
 * - A message cannot be understood: it is ignored.
 */
export class WaitingRooms {
  readonly #needs: Needs;
  readonly #clock: DatabaseClock;
  readonly #rooms = new Map<string, LiveRoom>();
  readonly #departuresReadAt = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  readonly #offRecheck: () => void;
  readonly #subscription: Promise<number | undefined>;
  #isLoaded = false;
  #reading: Promise<void> | undefined;
  #readingNext: Promise<void> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #readAllAt = Number.NEGATIVE_INFINITY;
  #readAtMs = 0;

  private constructor(needs: Needs) {
    this.#needs = needs;
    this.#clock = openDatabaseClock(needs.db);
    this.#subscription = needs.pubsub.subscribe(WAITING_ROOMS_CHANNEL, this.#hear).catch(() => undefined);
    this.#offRecheck = needs.heartbeat.onRecheck(() => void this.refresh());
    this.#timer = setInterval(() => this.#refreshWhenDue(), REFRESH_MS).unref();
  }

  /** Resolves when the rooms were read, or could not be read. */
  static async open(needs: Needs): Promise<WaitingRooms> {
    const rooms = new WaitingRooms(needs);
    await rooms.refresh();
    return rooms;
  }

  /** The current time by the database's clock. */
  nowMs(): number {
    return this.#clock.now().getTime();
  }

  get(eventId: string): LiveRoom | undefined {
    return this.#rooms.get(eventId);
  }

  /**
   * The room that limits who may see and hold the seats of this event; undefined when every viewer may. Throws
   * TryAgain while that is unknown, because PostgreSQL was not reachable since this process started.
   */
  gating(eventId: string): LiveRoom | undefined {
    const live = this.#rooms.get(eventId);
    if (live) return isGating(live.room, this.nowMs()) ? live : undefined;
    if (!this.#isLoaded) throw new TryAgain(1);
    return undefined;
  }

  /** Also finds a room that another process made a moment ago. */
  async find(eventId: string): Promise<LiveRoom | undefined> {
    const known = this.#rooms.get(eventId);
    if (known) return known;
    for (const room of await readRooms(this.#needs.db, { eventIds: [eventId] })) this.#adopt(room);
    return this.#rooms.get(eventId);
  }

  /**
   * Compares with PostgreSQL, with a read that starts now or later and serves all callers until then. Never rejects.
   */
  refresh(): Promise<void> {
    if (!this.#reading) return this.#startReading();
    // The read that already runs may be older than the change that the caller has heard of.
    this.#readingNext ??= this.#reading.then(() => {
      this.#readingNext = undefined;
      return this.#startReading();
    });
    return this.#readingNext;
  }

  #refreshWhenDue(): void {
    const isUsed = [...this.#rooms.values()].some(({ room }) => hasFans(room));
    const isQuiet = this.#isLoaded && !isUsed && !this.#needs.heartbeat.isDeaf();
    // The timer may be a few milliseconds early.
    if (!isQuiet || performance.now() - this.#askedAt > QUIET_REFRESH_MS - REFRESH_MS / 2) void this.refresh();
  }

  #startReading(): Promise<void> {
    this.#reading = this.#read()
      .catch(() => undefined)
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#offRecheck();
    await (this.#readingNext ?? this.#reading);
    // Not awaited: while Redis is away it does not resolve.
    void this.#subscription.then((id) => id !== undefined && this.#needs.pubsub.unsubscribe(id));
  }

  async #read(): Promise<void> {
    const { db } = this.#needs;
    this.#askedAt = performance.now();
    const isWhole = this.#askedAt - this.#readAllAt >= READ_ALL_EVERY_MS;
    if (isWhole) await this.#clock.refresh();
    const nowMs = this.nowMs();
    const before = new Map([...this.#rooms].map(([eventId, { room }]) => [eventId, room.version]));
    const rooms = await readRooms(db, isWhole ? {} : { updatedSinceMs: this.#readAtMs - OVERLAP_MS });
    for (const room of rooms) this.#adopt(room, before.get(room.eventId));
    if (isWhole) {
      this.#forgetAllBut(new Set(rooms.map(({ eventId }) => eventId)));
      this.#readAllAt = this.#askedAt;
    }
    this.#readAtMs = nowMs;
    this.#isLoaded = true;
    for (const live of this.#rooms.values()) await this.#readDepartures(live);
  }

  async #readDepartures(live: LiveRoom): Promise<void> {
    const { eventId } = live.room;
    if (!hasFans(live.room)) return;
    const since = this.#departuresReadAt.get(eventId) ?? 0;
    const { ordinals, atMs } = await readDepartures(this.#needs.db, eventId, since);
    this.#departuresReadAt.set(eventId, atMs);
    live.depart(ordinals);
  }

  #forgetAllBut(eventIds: ReadonlySet<string>): void {
    for (const [eventId, live] of this.#rooms) {
      if (eventIds.has(eventId) || live.watchers > 0) continue;
      this.#rooms.delete(eventId);
      this.#departuresReadAt.delete(eventId);
    }
  }

  #adopt(room: Room, knownBefore?: number): void {
    const known = this.#rooms.get(room.eventId);
    if (known) known.adopt(room, knownBefore);
    else this.#rooms.set(room.eventId, new LiveRoom(room));
  }

  /** A message that is not a room must not end the process; the next read of PostgreSQL brings its change. */
  readonly #hear = (message: unknown): void => {
    if (isRoom(message)) this.#adopt(message);
  };
}

function isRoom(message: unknown): message is Room {
  if (typeof message !== 'object' || message === null) return false;
  const room = message as Partial<Record<keyof Room, unknown>>;
  return (
    typeof room.eventId === 'string' &&
    Number.isSafeInteger(room.version) &&
    Number.isSafeInteger(room.watermark) &&
    Array.isArray(room.steps) &&
    typeof room.progress === 'object' &&
    room.progress !== null &&
    (room.draw === undefined || isDraw(room.draw))
  );
}

function isDraw(draw: unknown): boolean {
  const { secret, entries } = (draw ?? {}) as Partial<Record<keyof NonNullable<Room['draw']>, unknown>>;
  return typeof secret === 'string' && /^[0-9a-f]{64}$/.test(secret) && (entries as number) >>> 0 === entries;
}
