import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { tellJoined } from '#domain/waiting-room/publish-room.ts';
import { readRooms } from '#domain/waiting-room/read-rooms.ts';
import { openPubSub } from '#redis/pubsub.ts';
import { startSystem } from '#test/support/system/system.ts';
import { seedRoom } from '#test/support/waiting-room/waiting-room.ts';

test('a worker that is stopped leaves the waiting rooms to the next one, which begins at once', async () => {
  const system = await startSystem({ processes: ['worker'] });
  const db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  const pubsub = openPubSub({ url: system.redisUrl, name: 'test' });
  const { eventId } = await seedRoom(db, undefined, { capacity: 3, joined: 5 });
  tellJoined({ pubsub })(eventId);
  const read = async () => (await readRooms(db, { eventIds: [eventId] }))[0];
  const lease = async () =>
    await db.execute(
      sql`select fence::int as fence, expires_at = '-infinity' as "isGivenBack" from leases where name = 'waiting-rooms'`,
    );
  await expect.poll(async () => (await read())?.watermark).toBe(3);
  expect(await lease()).toEqual([{ fence: 1, isGivenBack: false }]);
  await system.kill('worker', 'SIGTERM');
  expect(await lease()).toEqual([{ fence: 1, isGivenBack: true }]);
  const version = (await read())?.version ?? 0;
  await system.start('worker');
  await expect.poll(async () => (await read())?.version).toBeGreaterThan(version);
  expect(await lease()).toEqual([{ fence: 2, isGivenBack: false }]);
  await pubsub.close();
  await closeDb(db);
  await system.stop();
});
