import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test, vi } from 'vitest';
import { RateLimited } from '#domain/errors.ts';
import {
  openWebSocketWorld,
  type RawSocket,
  subscribe,
  viewer,
  type WebSocketWorld,
} from '#test/support/http/websocket-world.ts';
import { until } from '#test/support/system/until.ts';

let world: WebSocketWorld;
afterEach(() => world.close());

const SUBSCRIBE = { id: 'one', type: 'subscribe', payload: { query: 'subscription { ticked { no } }' } };
const BAD_TOKEN = { authorization: 'an unknown token' };
const PING = { type: 'ping' };

const initAndSend =
  (...messages: (object | string)[]) =>
  async (socket: RawSocket) => {
    await socket.init();
    for (const message of messages) socket.send(message);
  };

/** What is referred to, without what only waits to be collected. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().arrayBuffers;
}

test('two hundred subscribers cost one execution a tick and get the same bytes after their own id', async () => {
  world = await openWebSocketWorld({ sockets: 500, socketsPerAddress: 500 });
  const sockets = await Promise.all(Array.from({ length: 200 }, () => world.raw()));
  await Promise.all(sockets.map((socket) => socket.init()));
  const query = 'subscription Ticks($since: Int) { ticked(since: $since) { no text } }';
  for (const [index, socket] of sockets.entries())
    socket.send({ id: `own-${index}`, type: 'subscribe', payload: { query, variables: { since: index } } });
  await until(() => world.ticker.readers === 200);
  expect(world.stats()).toMatchObject({ sockets: 200, subscriptions: 200, groups: 1, executions: 0 });
  world.ticker.push('one');
  await until(() => sockets.every((socket) => socket.messages.length === 2));
  world.ticker.push('two');
  await until(() => sockets.every((socket) => socket.messages.length === 3));
  expect(world.stats().executions).toBe(2);
  for (const [index, socket] of sockets.entries()) {
    expect(socket.messages.slice(1)).toEqual(
      ['one', 'two'].map(
        (text, no) => `{"id":"own-${index}","type":"next","payload":{"data":{"ticked":{"no":${no},"text":"${text}"}}}}`,
      ),
    );
  }
  for (const { socket } of sockets) socket.close();
  await until(() => world.ticker.readers === 0);
  expect(world.stats()).toMatchObject({ sockets: 0, subscriptions: 0, groups: 0 });
});

test('what depends on the viewer is never shared, and what is shared does not know the viewer', async () => {
  world = await openWebSocketWorld();
  Object.assign(world.callers, { a: { viewer: viewer('ann') }, b: { viewer: viewer('bob') } });
  const [ann, bob] = [world.client('a'), world.client('b')];
  const mine = [ann, bob].map((by) => subscribe(by, 'subscription { mine { who } }'));
  const shared = [ann, bob].map((by) => subscribe(by, 'subscription { ticked { who } }'));
  await until(() => world.ticker.readers === 4);
  world.ticker.push();
  await until(() => [...mine, ...shared].every(({ got }) => got.length === 1));
  expect(mine.map(({ got }) => got)).toEqual([[{ mine: { who: 'ann' } }], [{ mine: { who: 'bob' } }]]);
  expect(shared.map(({ got }) => got)).toEqual([[{ ticked: { who: null } }], [{ ticked: { who: null } }]]);
  expect(world.stats().executions).toBe(3);
});

test('a refused document, wrong arguments and an unknown field are errors of the operation alone', async () => {
  world = await openWebSocketWorld();
  const by = world.client();
  const steady = subscribe(by, 'subscription { ticked { no } }');
  await until(() => world.ticker.readers === 1);
  for (const query of [
    'subscription {',
    'subscription { nothing }',
    'subscription { refused { no } }',
    `subscription { ticked { ${Array.from({ length: 9 }, (_, i) => `a${i}: no`).join(' ')} } }`,
  ]) {
    const { failure } = subscribe(by, query);
    await until(failure);
    expect(failure()).toEqual([expect.objectContaining({ message: expect.any(String) })]);
  }
  const failing = subscribe(by, 'subscription { failing { no } }');
  await until(failing.failure);
  expect(failing.failure()).toMatchObject([{ extensions: { code: 'INTERNAL' } }]);
  expect(JSON.stringify(failing.failure())).not.toContain('secret');
  world.ticker.push();
  await until(() => steady.got.length === 1);
});

test('a query and a mutation have one result each, then complete; their ids may be used again', async () => {
  world = await openWebSocketWorld();
  const one = await world.raw();
  await one.init();
  for (const [query, data] of [
    ['{ hello }', { hello: 'world' }],
    ['mutation { greet(name: "Ann") }', { greet: 'Hello, Ann' }],
    ['{ hello failing }', { hello: 'world', failing: null }],
  ] as const) {
    const before = one.messages.length;
    one.send({ id: 'same', type: 'subscribe', payload: { query } });
    await until(() => one.messages.length === before + 2);
    const [next, complete] = one.messages.slice(before).map((message) => JSON.parse(message));
    expect(next).toMatchObject({ id: 'same', type: 'next', payload: { data } });
    expect(complete).toEqual({ id: 'same', type: 'complete' });
  }
  expect(one.messages.join()).not.toContain('secret');
  expect(world.stats().subscriptions).toBe(0);
});

test('an exhausted budget refuses one operation, and the subscriptions of the socket go on', async () => {
  world = await openWebSocketWorld();
  const one = await world.raw();
  await one.init();
  one.send(SUBSCRIBE);
  await until(() => world.ticker.readers === 1);
  world.budget.spend = () => {
    throw new RateLimited(7);
  };
  for (const query of ['{ hello }', 'subscription { ticked { no } }', 'subscription { nothing }', '{']) {
    const before = one.messages.length;
    one.send({ id: 'refused', type: 'subscribe', payload: { query } });
    await until(() => one.messages.length > before);
    expect(JSON.parse(one.messages.at(-1) ?? '')).toMatchObject({
      id: 'refused',
      type: 'error',
      payload: [{ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 7 } }],
    });
  }
  world.ticker.push();
  await until(() => JSON.parse(one.messages.at(-1) ?? '').type === 'next');
});

test('the client ends an operation and may use its id again', async () => {
  world = await openWebSocketWorld();
  const one = await world.raw();
  await one.init();
  const payload = { query: 'subscription { ticked { no } }' };
  for (let round = 0; round < 3; round++) {
    one.send({ id: 'same', type: 'subscribe', payload });
    await until(() => world.ticker.readers === 1);
    one.send({ id: 'same', type: 'complete' });
    await until(() => world.ticker.readers === 0);
  }
  world.ticker.push();
  one.send({ type: 'ping' });
  await until(() => one.messages.includes('{"type":"pong"}'));
  expect(one.messages).toHaveLength(2);
});

test('closes a socket that stops reading, with bounded memory, while other sockets go on', async () => {
  world = await openWebSocketWorld({ stallSeconds: 5 });
  const stalled = await world.tcp('subscription { ticked { text } }');
  const reading = subscribe(world.client(), 'subscription { ticked { text } }');
  await until(() => world.ticker.readers === 2);
  stalled.pause();
  const text = 'x'.repeat(60_000);
  const before = heldBytes();
  // More than the kernel takes for it.
  for (let tick = 1; tick <= 600; tick++) {
    world.ticker.push(text);
    await vi.waitUntil(() => reading.got.length === tick, { timeout: 25_000, interval: 1 });
    // Every reader gets the newest tick, so older ticks need not be kept.
    if (tick > 1) world.ticker.ticks[tick - 2] = { no: tick - 2, text: '' };
  }
  await vi.waitFor(() => expect(heldBytes() - before).toBeLessThan(2_000_000), 4_000);
  expect(world.ticker.readers, 'the stalled one is still there').toBe(2);
  await until(() => world.ticker.readers === 1);
  world.ticker.push('still there');
  await until(() => JSON.stringify(reading.got.at(-1)).includes('still there'));
  await until(() => world.stats().sockets === 1);
});

test.each([
  ['a message that is no message', 4400, async (s: RawSocket) => s.send('{"type":"shout"}')],
  ['a subscribe before the acknowledgement', 4401, async (s: RawSocket) => s.send(SUBSCRIBE)],
  ['a second initialisation', 4429, initAndSend({ type: 'connection_init' })],
  ['an id that is in use', 4409, initAndSend(SUBSCRIBE, SUBSCRIBE)],
  ['no initialisation in time', 4408, async () => undefined],
  [
    'a token that is not accepted',
    4403,
    async (s: RawSocket) => s.send({ type: 'connection_init', payload: BAD_TOKEN }),
  ],
  ['too many messages', 4429, initAndSend(...Array<object>(30).fill(PING))],
  ['a message of more than 64 KiB', 1009, initAndSend('x'.repeat(65 * 1024))],
])('%s closes the socket with %i', async (_what, code, act) => {
  world = await openWebSocketWorld({ initSeconds: 1 });
  const socket = await world.raw();
  await act(socket);
  expect(await socket.closed()).toBe(code);
  await until(() => world.stats().sockets === 0);
});

test('accepts a client whose connection_init arrived in time and was not read, because the process was busy', async () => {
  world = await openWebSocketWorld({ initSeconds: 1 });
  const socket = await world.raw();
  // The kernel has it before the process is busy.
  socket.send({ type: 'connection_init' });
  const busyUntil = performance.now() + 4_000;
  while (performance.now() < busyUntil);
  await until(() => socket.messages.includes('{"type":"connection_ack"}'));
  expect(socket.socket.readyState).toBe(socket.socket.OPEN);
});

test('another subprotocol, another path and a foreign origin are turned away', async () => {
  world = await openWebSocketWorld();
  const other = await world.raw({ protocols: [] });
  expect(await other.closed()).toBe(4406);
  expect((await world.raw({ origin: 'https://elsewhere.example' })).status).toBe(403);
  expect((await world.raw({ origin: 'https://frontrow.example' })).status).toBeUndefined();
  expect((await world.raw({ path: '/other' })).status).toBe(404);
});

test('the token ends the socket when it ends itself, and a session that has ended is noticed at the next subscribe', async () => {
  world = await openWebSocketWorld();
  Object.assign(world.callers, { short: { viewer: viewer('ann', 0.5) }, long: { viewer: viewer('bob') } });
  const short = await world.raw();
  await short.init({ authorization: 'short' });
  const long = await world.raw();
  await long.init({ authorization: 'long' });
  expect(await short.closed()).toBe(4403);
  long.send(SUBSCRIBE);
  await until(() => world.ticker.readers === 1);
  delete world.callers.long;
  long.send({ ...SUBSCRIBE, id: 'two' });
  expect(await long.closed()).toBe(4403);
  await until(() => world.ticker.readers === 0);
});

test('one socket has ten subscriptions, one viewer five sockets, one address its share, and what ends makes room', async () => {
  world = await openWebSocketWorld({ socketsPerAddress: 7 });
  Object.assign(world.callers, { a: { viewer: viewer('ann') } });
  const sockets = await Promise.all(Array.from({ length: 5 }, () => world.raw()));
  for (const socket of sockets) await socket.init({ authorization: 'a' });
  const sixth = await world.raw();
  sixth.send({ type: 'connection_init', payload: { authorization: 'a' } });
  expect(await sixth.closed()).toBe(4429);
  await until(() => world.stats().sockets === 5);
  sockets[0]?.socket.close();
  await until(() => world.stats().sockets === 4);
  const again = await world.raw();
  await again.init({ authorization: 'a' });
  for (let id = 0; id < 11; id++) again.send({ ...SUBSCRIBE, id: `${id}` });
  await until(() => again.messages.length === 2);
  expect(JSON.parse(again.messages[1] ?? '')).toMatchObject({
    id: '10',
    type: 'error',
    payload: [{ message: 'Too many operations on one socket.', extensions: { code: 'RATE_LIMITED' } }],
  });
  expect(world.ticker.readers).toBe(10);
  const others = await Promise.all(Array.from({ length: 3 }, () => world.raw()));
  expect(others.map(({ status }) => status).filter(Boolean)).toEqual([429]);
});

test('a deploy closes sockets evenly with a code that clients retry, and they go on at the next process', async () => {
  world = await openWebSocketWorld();
  const watching = subscribe(world.client(), 'subscription { ticked { no } }');
  const others = await Promise.all(Array.from({ length: 20 }, () => world.raw()));
  await Promise.all(others.map((socket) => socket.init()));
  await until(() => world.ticker.readers === 1);
  await world.stop(500);
  expect(new Set(await Promise.all(others.map((socket) => socket.closed())))).toEqual(new Set([1012]));
  await world.start();
  await until(() => world.ticker.readers === 1);
  world.ticker.push();
  await until(() => watching.got.length === 1);
  expect(watching.completed()).toBe(false);
});
