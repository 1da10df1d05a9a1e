import type { Db } from '#db/client.ts';
import { type Redis, runScript } from '#redis/client.ts';
import { seatLock } from '#redis/keys.ts';
import { findEndedHold } from './live-holds-queries.ts';
import { lockOwner } from './seat-locks.ts';

type Ended = { readonly eventId: string; readonly bookingId: string; readonly seatNos: readonly number[] };

/**
 * Deletes the seat locks of a booking that was released while Redis was away, or by a process that died before it
 * could delete them. Otherwise the free seat could not be bought until the lock ends. Rejects when Redis is away.
 */
export async function unlockEnded({ db, redis }: { db: Db; redis: Redis }, ended: Ended): Promise<void> {
  const keys = ended.seatNos.map((seatNo) => seatLock(ended.eventId, seatNo));
  if (keys.length === 0 || (await redis.exists(...keys)) === 0) return;
  const hold = await findEndedHold(db, ended);
  if (hold) await runScript(redis, 'releaseSeatLocks', keys, [lockOwner(hold.userId, hold.idempotencyKey)]);
}
