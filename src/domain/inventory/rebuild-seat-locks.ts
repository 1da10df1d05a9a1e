import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { type Redis, runScript } from '#redis/client.ts';
import { EPOCH, seatLock } from '#redis/keys.ts';
import { currentEpoch, lockOwner, SEAT_LOCKS } from './seat-locks.ts';

type Needs = {
  readonly db: Db;
  readonly redis: Redis;
  /** What else Redis keeps and must be true before the epoch says so, such as the snapshots of seat maps. */
  readonly rebuildToo?: () => Promise<void>;
};

export type Rebuild =
  | { readonly kind: 'current' }
  | { readonly kind: 'rebuilt'; readonly locks: number; readonly dropped: number };

type Hold = {
  bookingId: string;
  eventId: string;
  userId: string;
  idempotencyKey: string;
  remainingMs: number;
  seatNos: number[];
};

/**
 * Makes the seat locks equal to the live holds, unless Redis names the epoch of the last complete rebuild and so still
 * has them. A Redis that is empty, or came back with an old dump, is flushed of seat locks and filled from PostgreSQL;
 * the epoch is written last, and until then holds go through PostgreSQL alone. Several processes may call it at once.
 */
export async function rebuildSeatLocks(needs: Needs): Promise<Rebuild> {
  const [named, current] = await Promise.all([needs.redis.get(EPOCH), currentEpoch(needs.db)]);
  if (named !== null && named === current) return { kind: 'current' };
  await needs.redis.del(EPOCH);
  const epoch = randomUUIDv7();
  const dropped = await dropLocks(needs.redis);
  const holds = await liveHolds(needs.db);
  const locks = await restore(needs.redis, holds);
  await releaseEnded(needs, holds);
  await needs.rebuildToo?.();
  await inTransaction(needs.db, 'rebuildSeatLocks', async (tx) => {
    await tx.execute(sql`
      insert into redis_epochs (name, epoch, rebuilt_at) values (${SEAT_LOCKS}, ${epoch}, clock_timestamp())
      on conflict (name) do update set epoch = excluded.epoch, rebuilt_at = excluded.rebuilt_at`);
  });
  // When two rebuild at once, the loser's epoch is unknown and the next call mends that.
  await needs.redis.set(EPOCH, epoch);
  return { kind: 'rebuilt', locks, dropped };
}

async function dropLocks(redis: Redis): Promise<number> {
  let dropped = 0;
  for await (const keys of redis.scanStream({ match: seatLock('*', 0).replace(/0$/, '*'), count: 1000 })) {
    if ((keys as string[]).length > 0) dropped += await redis.unlink(...(keys as string[]));
  }
  return dropped;
}

async function liveHolds(db: Db): Promise<Hold[]> {
  const rows = await db.execute<Hold>(sql`
    select b.id as "bookingId", b.event_id as "eventId", b.user_id as "userId", b.idempotency_key as "idempotencyKey",
      ceil(extract(epoch from b.hold_expires_at - clock_timestamp()) * 1000)::float8 as "remainingMs",
      array(select s.seat_no from booking_seats s where s.booking_id = b.id) as "seatNos"
    from bookings b where b.status = 'PENDING_PAYMENT' and b.hold_expires_at > clock_timestamp()`);
  return [...rows];
}

const CHUNK = 500;

async function restore(redis: Redis, holds: readonly Hold[]): Promise<number> {
  const perEvent = Map.groupBy(holds, (hold) => hold.eventId);
  let locks = 0;
  for (const [eventId, ofEvent] of perEvent) {
    for (let from = 0; from < ofEvent.length; from += CHUNK) {
      const chunk = ofEvent.slice(from, from + CHUNK);
      const keys = chunk.flatMap((hold) => hold.seatNos.map((seatNo) => seatLock(eventId, seatNo)));
      const args = chunk.flatMap((hold) => {
        const owner = lockOwner(hold.userId, hold.idempotencyKey);
        return hold.seatNos.flatMap(() => [owner, Math.max(1, hold.remainingMs)]);
      });
      locks += Number(await runScript(redis, 'restoreSeatLocks', keys, args));
    }
  }
  return locks;
}

/** A hold that ended after it was loaded found no lock to release, and its lock came after it: look once more. */
async function releaseEnded({ db, redis }: Needs, restored: readonly Hold[]): Promise<void> {
  const live = new Set((await liveHolds(db)).map((hold) => hold.bookingId));
  for (const hold of restored) {
    if (live.has(hold.bookingId)) continue;
    const keys = hold.seatNos.map((seatNo) => seatLock(hold.eventId, seatNo));
    await runScript(redis, 'releaseSeatLocks', keys, [lockOwner(hold.userId, hold.idempotencyKey)]);
  }
}
