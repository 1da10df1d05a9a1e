import { afterAll, expect, test } from 'vitest';
import { openRedis, type Redis, runScript } from '#redis/client.ts';
import { EPOCH, SEAT_KEYS, seatLock, seatMap, seatMapAhead, seatMapDeltas } from '#redis/keys.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { Chance } from './chance.ts';
import { openSimulatedRedis } from './redis-client.ts';
import { RedisServer } from './redis-server.ts';
import { Actor, Scheduler } from './scheduler.ts';

const real = openRedis({ url: await testRedisUrl(), name: 'model' });
afterAll(() => real.disconnect());

const EVENT = '00000000-0000-7000-8000-000000000001';
const LONG_MS = 600_000;
const owners = ['ann', 'bob', 'eve'];

type Call = (redis: Redis) => Promise<unknown>;
const script =
  (name: string, keys: readonly string[], args: readonly (string | number | Buffer)[]): Call =>
  (redis) =>
    runScript(redis, name, keys, args);

function someLocks(chance: Chance): string[] {
  const first = chance.whole(0, 5);
  return [0, 1, 2].slice(0, chance.whole(1, 3)).map((offset) => seatLock(EVENT, first + offset));
}

function someCall(chance: Chance): Call {
  const locks = someLocks(chance);
  const mapKeys = [seatMap(EVENT), seatMapDeltas(EVENT), seatMapAhead(EVENT)];
  const hold = [chance.pick(owners), LONG_MS, locks.length];
  const change = () =>
    JSON.stringify([chance.whole(1, 30), chance.whole(0, 3), chance.whole(0, 11), chance.whole(0, 11)]);
  const packed = Buffer.from([chance.whole(0, 255), chance.whole(0, 255), chance.whole(0, 255)]);
  return chance.pick<Call>([
    script('acquireSeatLocks', [...locks, seatLock(EVENT, 7)], [...hold, chance.pick(owners), LONG_MS, 1]),
    script('releaseSeatLocks', locks, [chance.pick(owners)]),
    script('restoreSeatLocks', locks, hold),
    script('keepSeatLocks', locks, hold),
    script('replaceEpoch', [EPOCH], [chance.pick(['', 'a', 'b']), chance.pick(['a', 'b']), chance.pick([0, LONG_MS])]),
    script('applySeatChanges', mapKeys, ['channel', 8, 600, change(), change()]),
    script('applySeatChanges', mapKeys, ['channel', 8, 600, change()]),
    script('putSeatMap', mapKeys, ['channel', 600, chance.whole(0, 30), packed]),
    (redis) => {
      const read = Reflect.get(redis, 'readSeatMapBuffer') as (...args: unknown[]) => Promise<unknown>;
      return read.call(redis, 1, seatMap(EVENT), chance.whole(-1, 30));
    },
    (redis) => redis.lrange(seatMapDeltas(EVENT), 0, -1),
    (redis) => redis.exists(...locks),
    (redis) => redis.get(chance.pick([...locks, EPOCH])),
    (redis) => redis.del(chance.pick([...locks, EPOCH, ...mapKeys])),
  ]);
}

test('the simulated Redis returns the same as Valkey for every command and script', async () => {
  const scheduler = new Scheduler((_actor, run) => run());
  const server = new RedisServer(scheduler, new Chance(1, 'model'));
  const model = openSimulatedRedis(server, new Actor('client'));
  for (let seed = 1; seed <= 20; seed++) {
    await real.flushdb();
    server.wipe();
    for (let step = 0; step < 60; step++) {
      const name = `seed ${seed} step ${step}`;
      // The same chance for both: a call draws from it while it is made.
      const expected = await someCall(new Chance(seed, name))(real);
      const answering = someCall(new Chance(seed, name))(model);
      await scheduler.runUntil(scheduler.nowMs + 10);
      expect(await answering, name).toEqual(expected);
    }
    const keys = await real.keys(SEAT_KEYS);
    expect(server.keysLike(SEAT_KEYS).sort(), `keys of seed ${seed}`).toEqual(keys.sort());
  }
});
