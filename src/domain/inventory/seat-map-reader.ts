import { LRUCache } from 'lru-cache';
import type { Queryable } from '#db/client.ts';
import type { Redis } from '#redis/client.ts';
import type { Heartbeat } from '#redis/heartbeat.ts';
import { fitStatuses } from './packed-statuses-rules.ts';
import { type SeatMap, seatMapOf } from './seat-map.ts';
import { putProjection, readProjection } from './seat-map-projection.ts';
import { loadSeatMap } from './seat-map-source.ts';

type Needs = { db: Queryable; redis: Redis; heartbeat: Heartbeat };

/**
 * While Redis or the projection cannot be used, PostgreSQL is queried at most once per event in so many milliseconds.
 */
const POSTGRES_CACHE_MS = 1_000;
/** After a failure Redis is not asked for so long, because each try may cost its whole time limit. */
const REDIS_PAUSE_MS = 1_000;
/** 60 KB each for a stadium. */
const MAX_KEPT = 500;

type Kept = { map: SeatMap; fromPostgresAt: number };

/** Reads snapshots: from Redis, otherwise from PostgreSQL, otherwise the last one that was seen, marked as stale. */
export class SeatMapReader {
  readonly #needs: Needs;
  readonly #kept = new LRUCache<string, Kept>({ max: MAX_KEPT });
  readonly #reading = new Map<string, Promise<SeatMap | undefined>>();
  #redisPausedUntil = 0;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * The current map; undefined for an unknown event. Concurrent callers share one read. Its version never goes down.
   */
  current(eventId: string): Promise<SeatMap | undefined> {
    const reading =
      this.#reading.get(eventId) ?? this.#readCurrent(eventId).finally(() => this.#reading.delete(eventId));
    this.#reading.set(eventId, reading);
    return reading;
  }

  /** The map of the same event at this version or later, if it can be found; rejects when PostgreSQL is away. */
  async atLeast(map: SeatMap, version: number): Promise<SeatMap | undefined> {
    if (!this.#needs.heartbeat.isDeaf()) {
      const projection = await this.#fromRedis(map.eventId, -1);
      if (projection?.packed && projection.version >= version)
        return seatMapOf({
          ...map,
          version: projection.version,
          packed: fitStatuses(projection.packed, map.seatCount),
        });
    }
    return await this.#fromPostgres(map.eventId);
  }

  async #readCurrent(eventId: string): Promise<SeatMap | undefined> {
    const known = this.#kept.get(eventId);
    const projection = await this.#fromRedis(eventId, known?.map.version ?? -1);
    if (known && projection && !projection.gap && projection.version >= known.map.version) {
      const { version, packed } = projection;
      const map = packed
        ? seatMapOf({ ...known.map, version, packed: fitStatuses(packed, known.map.seatCount) })
        : { ...known.map, asOf: new Date(), stale: false };
      return this.#keep({ map, fromPostgresAt: Number.NEGATIVE_INFINITY });
    }
    if (known && performance.now() - known.fromPostgresAt < POSTGRES_CACHE_MS) return known.map;
    try {
      return await this.#fromPostgres(eventId, projection);
    } catch (error) {
      if (!known) throw error;
      return { ...known.map, stale: true };
    }
  }

  /** Undefined when there is no projection, or Redis is away. */
  async #fromRedis(eventId: string, knownVersion: number): ReturnType<typeof readProjection> {
    if (performance.now() < this.#redisPausedUntil) return undefined;
    try {
      return await readProjection(this.#needs.redis, eventId, knownVersion);
    } catch {
      this.#redisPausedUntil = performance.now() + REDIS_PAUSE_MS;
      return undefined;
    }
  }

  /** Also repairs the projection, unless the event was never touched: such maps are all zeros and need no copy. */
  async #fromPostgres(eventId: string, projection?: { version: number; gap: boolean }): Promise<SeatMap | undefined> {
    const state = await loadSeatMap(this.#needs.db, eventId);
    if (!state) return undefined;
    const behind = state.version > (projection?.version ?? 0) || projection?.gap === true;
    if (behind && performance.now() >= this.#redisPausedUntil)
      void putProjection(this.#needs.redis, eventId, state).catch(() => undefined);
    return this.#keep({ map: seatMapOf({ eventId, ...state }), fromPostgresAt: performance.now() });
  }

  #keep(kept: Kept): SeatMap {
    const { eventId } = kept.map;
    const newest = this.#kept.get(eventId);
    if (newest && newest.map.version > kept.map.version) return newest.map;
    this.#kept.set(eventId, kept);
    return kept.map;
  }
}
