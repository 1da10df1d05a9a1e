import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { failpoint } from '#db/failpoint.ts';
import { inTransaction } from '#db/transaction.ts';
import { type Redis, runScript } from '#redis/client.ts';
import { EPOCH, SEAT_KEYS, seatLock } from '#redis/keys.ts';
import { type LiveHold, listEndedSince, streamLiveHolds } from './live-holds-queries.ts';
import { CLAIM, currentEpoch, epochOn, readRunId, SEAT_LOCKS } from './redis-epoch.ts';
import { lockOwner } from './seat-locks.ts';

type Needs = { readonly db: Db; readonly redis: Redis };

export type Rebuild =
  | { readonly kind: 'current' }
  /** Another process rebuilds now. */
  | { readonly kind: 'underWay' }
  /** Redis lost its data again before the rebuild was complete: call again. */
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'rebuilt'; readonly locks: number; readonly dropped: number };

const CLAIM_MS = 3_000;
const KEEP_CLAIM_EVERY_MS = 500;

/**
 * Makes the seat locks equal to the live holds, unless Redis names the epoch of the last complete rebuild and was not
 * restarted since. When Redis is empty, or came back with a dump of any age, its seat locks and seat maps are deleted
 * and the locks are filled from PostgreSQL. The epoch is written last, and until then holds go through PostgreSQL
 * alone. Any number of processes may call this at once: one of them rebuilds. Seat maps are read from PostgreSQL when
 * they are next asked for.
 */
export async function rebuildSeatLocks(needs: Needs): Promise<Rebuild> {
  const { db, redis } = needs;
  const [named, epoch, runId] = await Promise.all([redis.get(EPOCH), currentEpoch(db), readRunId(redis)]);
  if (named !== null && epoch !== undefined && named === epochOn(epoch, runId)) return { kind: 'current' };
  if (named?.startsWith(CLAIM)) return { kind: 'underWay' };
  const claim = `${CLAIM}${randomUUIDv7()}`;
  const replace = async (expected: string, value: string, ms: number) =>
    (await runScript(redis, 'replaceEpoch', [EPOCH], [expected, value, ms])) === 1;
  if (!(await replace(named ?? '', claim, CLAIM_MS))) return { kind: 'underWay' };
  let isLost = false;
  const keeping = setInterval(() => {
    replace(claim, claim, CLAIM_MS).then(
      (isOurs) => {
        isLost ||= !isOurs;
      },
      () => {
        isLost = true;
      },
    );
  }, KEEP_CLAIM_EVERY_MS);
  try {
    const dropped = await dropSeatKeys(redis);
    const locks = await restoreAll(needs, () => isLost);
    failpoint('seat-locks.restored');
    const next = await writeEpoch(db);
    // A Redis that was emptied meanwhile no longer has the claim, and one that was restarted has another run id.
    return (await replace(claim, epochOn(next, runId), 0))
      ? { kind: 'rebuilt', locks, dropped }
      : { kind: 'interrupted' };
  } catch (error) {
    // So that the next try does not have to wait for the end of the claim.
    await replace(claim, '', 1).catch(() => undefined);
    throw error;
  } finally {
    clearInterval(keeping);
  }
}

async function dropSeatKeys(redis: Redis): Promise<number> {
  let dropped = 0;
  let dropping: Promise<number> | undefined;
  for await (const keys of redis.scanStream({ match: SEAT_KEYS, count: 2000 })) {
    dropped += (await dropping) ?? 0;
    dropping = (keys as string[]).length > 0 ? redis.unlink(...(keys as string[])) : undefined;
    // Its error is thrown where it is awaited.
    dropping?.catch(() => undefined);
  }
  return dropped + ((await dropping) ?? 0);
}

/** Restores one page while PostgreSQL reads the next one. Stops early when `isLost` returns true. */
async function restoreAll({ db, redis }: Needs, isLost: () => boolean): Promise<number> {
  const versions = new Map<string, string>();
  let locks = 0;
  let restoring = Promise.resolve();
  try {
    for await (const page of streamLiveHolds(db)) {
      await restoring;
      if (isLost()) break;
      for (const { eventId, eventVersion } of page) versions.set(eventId, eventVersion);
      restoring = restore(redis, page).then((count) => {
        locks += count;
      });
      restoring.catch(() => undefined);
    }
    await restoring;
  } finally {
    await releaseEnded({ db, redis }, versions);
  }
  return locks;
}

/** A longer script would block all other clients of Redis for too long. */
const HOLDS_PER_SCRIPT = 500;

async function restore(redis: Redis, page: readonly LiveHold[]): Promise<number> {
  const counts: Promise<unknown>[] = [];
  for (const [eventId, ofEvent] of Map.groupBy(page, (hold) => hold.eventId)) {
    for (let from = 0; from < ofEvent.length; from += HOLDS_PER_SCRIPT) {
      const chunk = ofEvent.slice(from, from + HOLDS_PER_SCRIPT);
      const keys = chunk.flatMap((hold) => hold.seatNos.map((seatNo) => seatLock(eventId, seatNo)));
      const args = chunk.flatMap((hold) => [
        lockOwner(hold.userId, hold.idempotencyKey),
        hold.remainingMs,
        hold.seatNos.length,
      ]);
      counts.push(runScript(redis, 'restoreSeatLocks', keys, args));
    }
  }
  return (await Promise.all(counts)).reduce<number>((sum, count) => sum + Number(count), 0);
}

/**
 * When a hold ended after it was read, its release found no lock yet, and the lock was restored afterwards. So the
 * holds that ended meanwhile are released once more.
 */
async function releaseEnded({ db, redis }: Needs, versions: ReadonlyMap<string, string>): Promise<void> {
  const ended = versions.size > 0 ? await listEndedSince(db, versions) : [];
  for (let from = 0; from < ended.length; from += HOLDS_PER_SCRIPT) {
    const some = ended.slice(from, from + HOLDS_PER_SCRIPT).map((hold) => {
      const keys = hold.seatNos.map((seatNo) => seatLock(hold.eventId, seatNo));
      return runScript(redis, 'releaseSeatLocks', keys, [lockOwner(hold.userId, hold.idempotencyKey)]);
    });
    await Promise.all(some);
  }
}

async function writeEpoch(db: Db): Promise<string> {
  const epoch = randomUUIDv7();
  await inTransaction(db, 'rebuildSeatLocks', async (tx) => {
    await tx.execute(sql`
      insert into redis_epochs (name, epoch, rebuilt_at) values (${SEAT_LOCKS}, ${epoch}, clock_timestamp())
      on conflict (name) do update set epoch = excluded.epoch, rebuilt_at = excluded.rebuilt_at`);
  });
  return epoch;
}
