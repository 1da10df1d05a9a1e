import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { type FaultProxy, openFaultProxy } from '#test/support/network/fault-proxy.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { until } from '#test/support/system/until.ts';
import { openPubSub, type PubSub } from './pubsub.ts';

const url = await testRedisUrl();
const rejections: unknown[] = [];
const onRejection = (reason: unknown) => rejections.push(reason);
process.on('unhandledRejection', onRejection);
afterAll(() => {
  process.off('unhandledRejection', onRejection);
});

let proxy: FaultProxy;
let pubsub: PubSub;
beforeEach(async () => {
  proxy = await openFaultProxy(url);
  pubsub = openPubSub({ url: proxy.through(url), name: 'test' });
  rejections.length = 0;
});
afterEach(async () => {
  await pubsub.close();
  await proxy.close();
});

test('a subscriber that comes while the connection is being restored receives everything, and no subscriber loses the connection', async () => {
  const subscriber = pubsub.getSubscriber();
  const heard: string[] = [];
  await pubsub.subscribe('before', (text: string) => heard.push(text));
  // Late answers arrive together, so that an early caller gets its answer before the connection was checked.
  proxy.set({ kind: 'latency', ms: 30 });
  for (let round = 1; round <= 3; round++) {
    const connected = new Promise<void>((resolve) => subscriber.once('connect', () => resolve()));
    proxy.cut();
    await connected;
    let lost = 0;
    const onClose = () => {
      lost += 1;
    };
    subscriber.on('close', onClose);
    await pubsub.subscribe(`round ${round}`, (text: string) => heard.push(text));
    await until(() => subscriber.status === 'ready');
    await pubsub.publish(`round ${round}`, `new ${round}`);
    await pubsub.publish('before', `old ${round}`);
    await until(() => heard.includes(`new ${round}`) && heard.includes(`old ${round}`));
    subscriber.off('close', onClose);
    expect(lost).toBe(0);
  }
  expect(rejections).toEqual([]);
});
