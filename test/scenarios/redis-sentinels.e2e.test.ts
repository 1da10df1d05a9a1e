import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, expect, test } from 'vitest';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { fetchValkey } from '#processes/dev/servers/fetch-servers.ts';
import { freePort, isPortFree, launch } from '#processes/dev/servers/server-process.ts';
import { EPOCH } from '#redis/keys.ts';
import { signInAsGuest } from '#test/fans/fan.ts';
import { openPaymentScenes } from '#test/support/payments/payment-scenes.ts';
import { startWatchedRedis } from '#test/support/redis/redis-sentinels.ts';

const redis = await startWatchedRedis();
const scenes = await openPaymentScenes({
  redisUrl: redis.url,
  env: { REDIS_SENTINELS: redis.sentinels },
  processes: ['worker', 'api'],
});
const { system } = scenes;
afterAll(async () => {
  await scenes.close();
  await redis.close();
});

/** Whether the seat locks of the server on this port are those of a complete rebuild. */
async function isRebuilt(port: number): Promise<boolean> {
  const client = new Redis({ port });
  const [epoch, info] = [await client.get(EPOCH), await client.info('server')];
  client.disconnect();
  return epoch?.endsWith(`:${/^run_id:(\w+)/m.exec(info)?.[1]}`) ?? false;
}

test('when the primary dies, holds continue, and seat locks and live maps continue with the primary that the sentinels name', async () => {
  const event = await scenes.event(60);
  const fan = await signInAsGuest(system.apiUrl);
  const first = await redis.primary();
  await expect.poll(() => isRebuilt(first), { timeout: 60_000 }).toBe(true);
  expect(await scenes.book(fan, event, [0])).toMatchObject({ __typename: 'CreateBookingSuccess' });

  let isOver = false;
  const outcomes: string[] = [];
  const holding = (async () => {
    for (let seat = 10; seat < 60 && !isOver; seat++) {
      const buyer = await signInAsGuest(system.apiUrl);
      outcomes.push((await scenes.book(buyer, event, [seat])).__typename);
      await sleep(200);
    }
  })();
  await redis.failOver();
  const second = await redis.primary();
  expect(second).not.toBe(first);
  await expect.poll(() => isRebuilt(second), { timeout: 90_000 }).toBe(true);
  isOver = true;
  await holding;
  console.log(`${outcomes.length} holds while the primary of Redis was replaced`);
  expect(new Set(outcomes)).toEqual(new Set(['CreateBookingSuccess']));

  // A change is pushed through the pub/sub of the new primary, to the subscriber connection of the api.
  const pushed = Promise.withResolvers<void>();
  const socket = fan.socket();
  const eventId = encodeGlobalId('Event', event.eventId);
  const query = 'subscription ($id: ID!) { seatMapChanged(eventId: $id) { __typename } }';
  socket.subscribe(
    { query, variables: { id: eventId } },
    { next: () => pushed.resolve(), error: pushed.reject, complete: () => undefined },
  );
  let seat = 1;
  const booked = async () => {
    if (seat < 8) await scenes.book(fan, event, [seat++]);
    return await Promise.race([pushed.promise.then(() => true), sleep(500, false)]);
  };
  await expect.poll(booked).toBe(true);
  await socket.dispose();
  const ready = async () => (await fetch(`${system.apiUrl}/ready`)).status;
  await expect.poll(ready).toBe(200);
}, 240_000);

test('a node of a Redis Cluster is refused at the start, with the reason', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-cluster-'));
  const port = await freePort();
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--cluster-enabled',
    'yes',
  ];
  const command = await fetchValkey(console.error);
  const server = await launch({ name: 'Valkey', command, args, dataDir: folder, disposableDir: folder });
  while (await isPortFree(port)) await sleep(20);
  const child = spawn(process.execPath, ['src/processes/worker.ts'], {
    env: { ...system.env, REDIS_URL: `redis://127.0.0.1:${port}`, REDIS_SENTINELS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
  const [code] = await once(child, 'close');
  await server.stop();
  await rm(folder, { recursive: true, force: true });
  expect(code).toBe(1);
  expect(said).toContain('REDIS_URL: this server is a node of a Redis Cluster, which Frontrow does not support');
}, 240_000);
