import { randomUUIDv7 } from 'node:crypto';
import { afterAll, expect, test, vi } from 'vitest';
import { placeChannel, WAITING_ROOMS_CHANNEL } from '#redis/channels.ts';
import { openRedis } from '#redis/client.ts';
import { openPubSub } from '#redis/pubsub.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { publishRoom, tellPlaces } from './publish-room.ts';
import type { Room } from './room.ts';

const url = await testRedisUrl();
const redis = openRedis({ url, name: 'publish-room-test' });
const pubsub = openPubSub({ url, name: 'publish-room-test' });
afterAll(async () => {
  await pubsub.close();
  redis.disconnect();
});

const someRoom = (): Room => ({
  eventId: randomUUIDv7(),
  version: 1,
  state: 'DRAWN',
  isPaused: false,
  capacity: 10,
  sessionSeconds: 600,
  graceSeconds: 60,
  opensAtMs: 0,
  drawAtMs: 0,
  joined: 1_000_000,
  drawCommitment: 'c',
  draw: { secret: 's', entries: 1_000_000 },
  watermark: 12,
  steps: [{ watermark: 12, atMs: 1 }],
  progress: { inside: 10, waiting: 999_988, admittedPerMinute: 1, showUpRate: 1, missed: 0 },
});

test('when several processes publish a room at once, its versions arrive in order and each once', async () => {
  const heard: Room[] = [];
  await pubsub.subscribe(WAITING_ROOMS_CHANNEL, (one: Room | null) => void (one && heard.push(one)));
  const publishAll = async () => {
    const room = someRoom();
    const versions = Array.from({ length: 200 }, () => 1 + Math.floor(Math.random() * 20));
    const answers = await Promise.all(versions.map((version) => publishRoom({ redis }, { ...room, version })));
    const told = versions.filter((_, index) => answers[index]);
    expect(told.at(-1)).toBe(Math.max(...versions));
    expect(told).toEqual([...new Set(told)].sort((a, b) => a - b));
    const ofRoom = () => heard.filter(({ eventId }) => eventId === room.eventId);
    await vi.waitUntil(() => ofRoom().length >= told.length, { timeout: 3_000 }).catch(() => undefined);
    // Pub/sub may lose messages; it never repeats them or changes their order.
    const known = ofRoom().map(({ version }) => version);
    expect(known).toEqual(told.filter((version) => known.includes(version)));
    for (const one of ofRoom()) expect(one).toEqual({ ...room, version: one.version });
    return known.length === told.length;
  };
  let rounds = 1;
  while (!(await publishAll()) && rounds < 6) rounds++;
  expect(rounds).toBeLessThan(6);
});

test('a room of a million fans is one small key that expires', async () => {
  const room = someRoom();
  const { length } = await redis.keys('*');
  await publishRoom({ redis }, room);
  const keys = await redis.keys(`*${room.eventId}*`);
  expect(keys).toHaveLength(1);
  expect(await redis.dbsize()).toBe(length + 1);
  const [key = ''] = keys;
  expect(await redis.memory('USAGE', key)).toBeLessThan(500);
  expect(await redis.ttl(key)).toBeGreaterThan(0);
});

test('each viewer gets messages about the own places only', async () => {
  const [eventId, userId, other] = [randomUUIDv7(), randomUUIDv7(), randomUUIDv7()];
  const heard: unknown[] = [];
  await pubsub.subscribe(placeChannel(eventId, userId), (ordinal: unknown) => void heard.push(ordinal));
  tellPlaces({ pubsub })(eventId, [
    { userId: other, ordinal: 3 },
    { userId, ordinal: 4 },
  ]);
  await expect.poll(() => heard).toEqual([4]);
});
