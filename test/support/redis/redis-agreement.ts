import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { Redis } from 'ioredis';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { lockOwner } from '#domain/inventory/seat-locks.ts';
import { seatLock } from '#redis/keys.ts';
import { findSeatMapDisagreements, listProjectedEvents } from '#test/support/seat-map/seat-map-agreement.ts';

/** The allowed age of a lock without a seat in PostgreSQL: the time of a hold between its lock and its commit. */
const UNDER_WAY_MS = 2_000;

type Options = {
  /** Nothing is under way: then every seat map in Redis also equals PostgreSQL, seat by seat. */
  readonly atRest?: boolean;
  /** Redis was rebuilt and no hold was made or extended since: then every live hold also has its lock. */
  readonly afterRebuild?: boolean;
};

/**
 * X1: statements of Redis about seats that PostgreSQL contradicts; empty when they agree. Each seat lock belongs to
 * the owner of the seat's hold or booking, or is younger than two seconds. Waits that long when a lock is
 * suspicious.
 */
export async function findRedisDisagreements(
  { bookingUrl, redisUrl }: { bookingUrl: string; redisUrl: string },
  { atRest = false, afterRebuild = false }: Options = {},
): Promise<string[]> {
  const db = openDb({ url: bookingUrl, poolMax: 2, name: 'redis-agreement' });
  const redis = new Redis(redisUrl);
  try {
    const suspects = findSuspects(await readLocks(redis), await readOwners(db), afterRebuild);
    if (suspects.size > 0) await sleep(UNDER_WAY_MS);
    const lasting =
      suspects.size > 0 ? findSuspects(await readLocks(redis), await readOwners(db), afterRebuild) : new Map();
    const wrong = [...lasting]
      .filter(([key, what]) => suspects.get(key) === what)
      .map(([key, what]) => `${key} ${what}`);
    return [...wrong, ...(atRest ? await findWrongMaps(db, redis) : [])];
  } finally {
    redis.disconnect();
    await closeDb(db);
  }
}

/** By key. `endsAtMs` distinguishes a lock from a later one of the same owner. */
type Lock = { readonly owner: string; readonly endsAtMs: number };
type Owner = { readonly owner: string; readonly isLiveHold: boolean };

async function readLocks(redis: Redis): Promise<Map<string, Lock>> {
  const locks = new Map<string, Lock>();
  for await (const found of redis.scanStream({ match: seatLock('*', 0).replace(/0$/, '*'), count: 1000 })) {
    const keys = found as string[];
    const reading = redis.pipeline();
    for (const key of keys) reading.get(key).pexpiretime(key);
    const answers = (await reading.exec()) ?? [];
    for (const [index, key] of keys.entries()) {
      const owner = answers[2 * index]?.[1];
      if (typeof owner === 'string') locks.set(key, { owner, endsAtMs: Number(answers[2 * index + 1]?.[1]) });
    }
  }
  return locks;
}

/**
 * The owner of each taken seat, by the key of its lock. A lock may remain after its hold was paid, and is still
 * right.
 */
async function readOwners(db: Db): Promise<Map<string, Owner>> {
  const rows = await db.execute<{ event: string; seat: number; user: string; key: string; live: boolean }>(sql`
    select s.event_id as event, s.seat_no as seat, b.user_id as user, b.idempotency_key as key,
      s.status = 'HELD' and s.hold_expires_at > clock_timestamp() as live
    from event_seats s join bookings b on b.id = s.booking_id where s.status in ('HELD', 'BOOKED')`);
  return new Map(
    rows.map((row) => [seatLock(row.event, row.seat), { owner: lockOwner(row.user, row.key), isLiveHold: row.live }]),
  );
}

function findSuspects(
  locks: Map<string, Lock>,
  owners: Map<string, Owner>,
  afterRebuild: boolean,
): Map<string, string> {
  const suspects = new Map<string, string>();
  for (const [key, { owner, endsAtMs }] of locks)
    if (owners.get(key)?.owner !== owner)
      suspects.set(key, `is locked for ${owner} until ${endsAtMs}, and PostgreSQL knows of no such hold`);
  for (const [key, { owner, isLiveHold }] of owners)
    if (afterRebuild && isLiveHold && !locks.has(key)) suspects.set(key, `is held by ${owner} and has no lock`);
  return suspects;
}

async function findWrongMaps(db: Db, redis: Redis): Promise<string[]> {
  const wrong: string[] = [];
  for (const eventId of await listProjectedEvents(redis))
    wrong.push(...(await findSeatMapDisagreements({ db, redis }, eventId)));
  return wrong;
}
