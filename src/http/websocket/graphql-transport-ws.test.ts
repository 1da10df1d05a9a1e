import { readFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { openWebSocketWorld, type RawSocket, type WebSocketWorld } from '#test/support/http/websocket-world.ts';
import { until } from '#test/support/system/until.ts';

/** The protocol as the package graphql-ws has it. */
const protocol = await readFile(new URL('../../../node_modules/graphql-ws/PROTOCOL.md', import.meta.url), 'utf8');

let world: WebSocketWorld;
afterEach(() => world.close());

const TICKED = 'subscription { ticked { no } }';
const subscribe = (id: string, query: string, more: object = {}) => ({
  id,
  type: 'subscribe',
  payload: { query, ...more },
});
const parsed = ({ messages }: RawSocket) => messages.map((message) => JSON.parse(message));
const receives = (socket: RawSocket, ...expected: object[]) => expect.poll(() => parsed(socket)).toEqual(expected);
const ACK = { type: 'connection_ack' };
const PONG = { type: 'pong' };
const tick = (id: string, no: number) => ({ id, type: 'next', payload: { data: { ticked: { no } } } });
const complete = (id: string) => ({ id, type: 'complete' });

/** The code and the reason with which the server closes the socket. */
const closing = (socket: RawSocket): Promise<string> =>
  new Promise((resolve) => {
    socket.socket.on('close', (code, reason) => resolve(`${code}: ${String(reason)}`));
  });

async function connect(): Promise<RawSocket> {
  const socket = await world.raw();
  await socket.init();
  return socket;
}

async function subscribed(id: string): Promise<RawSocket> {
  const socket = await connect();
  socket.send(subscribe(id, TICKED));
  await until(() => world.ticker.readers === 1);
  return socket;
}

/** What is due has been sent when the answer to a ping is there. */
async function settle(socket: RawSocket): Promise<void> {
  socket.send({ type: 'ping' });
  await until(() => parsed(socket).some(({ type }) => type === 'pong'));
}

type Case = readonly [sentence: string, what: string, show: () => Promise<void>];

const cases: readonly Case[] = [
  [
    'The WebSocket sub-protocol for this specification is: `graphql-transport-ws`.',
    'a socket without it is closed with 4406',
    async () => {
      expect((await world.raw()).socket.protocol).toBe('graphql-transport-ws');
      expect(await closing(await world.raw({ protocols: [] }))).toBe('4406: Subprotocol not acceptable');
    },
  ],
  [
    'the server will close the socket with the event: `4408: Connection initialisation timeout`.',
    'a socket that stays silent',
    async () => expect(await closing(await world.raw())).toBe('4408: Connection initialisation timeout'),
  ],
  [
    'If the server receives more than one `ConnectionInit` message at any given time, the server will close the socket with the event `4429: Too many initialisation requests`.',
    'before and after the acknowledgement',
    async () => {
      const early = await world.raw();
      const late = await connect();
      const closed = Promise.all([closing(early), closing(late)]);
      for (let sent = 0; sent < 2; sent++) early.send({ type: 'connection_init' });
      late.send({ type: 'connection_init' });
      expect(await closed).toEqual(Array(2).fill('4429: Too many initialisation requests'));
    },
  ],
  [
    'Expected response to the `ConnectionInit` message from the client acknowledging a successful connection with the server.',
    'with a payload, with null and without one',
    async () => {
      for (const payload of [{ any: 'thing' }, null, undefined]) {
        const socket = await world.raw();
        socket.send({ type: 'connection_init', payload });
        await receives(socket, ACK);
      }
    },
  ],
  [
    'The server can close the socket (kick the client off) at any time.',
    'a token that is not accepted is 4403',
    async () => {
      const socket = await world.raw();
      const closed = closing(socket);
      socket.send({ type: 'connection_init', payload: { authorization: 'an unknown token' } });
      expect(await closed).toMatch(/^4403: /);
    },
  ],
  [
    'The `Ping` message can be sent at any time within the established socket.',
    'before the initialisation, after it and while a subscription runs',
    async () => {
      const socket = await world.raw();
      socket.send({ type: 'ping', payload: { at: 1 } });
      await receives(socket, PONG);
      socket.send({ type: 'connection_init' });
      socket.send({ type: 'ping' });
      await expect.poll(() => parsed(socket)).toHaveLength(3);
      socket.send(subscribe('a', TICKED));
      socket.send({ type: 'ping', payload: null });
      await expect.poll(() => parsed(socket).filter(({ type }) => type === 'pong')).toHaveLength(3);
    },
  ],
  [
    'Furthermore, the `Pong` message may even be sent unsolicited as an unidirectional heartbeat.',
    'is not answered',
    async () => {
      const socket = await connect();
      socket.send({ type: 'pong', payload: { at: 1 } });
      await settle(socket);
      expect(parsed(socket)).toEqual([ACK, PONG]);
    },
  ],
  [
    'if the connection is not acknowledged, the socket will be closed immediately with the event `4401: Unauthorized`.',
    'a subscribe message that comes first',
    async () => {
      const socket = await world.raw();
      const closed = closing(socket);
      socket.send(subscribe('a', '{ hello }'));
      expect(await closed).toBe('4401: Unauthorized');
    },
  ],
  [
    'regardless of the operation type, the server **must** close the socket immediately with the event `4409: Subscriber for <unique-operation-id> already exists`.',
    'for a subscription and for a query',
    async () => {
      for (const query of [TICKED, '{ slow }']) {
        const socket = await connect();
        const closed = closing(socket);
        socket.send(subscribe('twice', query));
        await until(() => world.ticker.readers + world.waiting.length > 0);
        socket.send(subscribe('twice', '{ hello }'));
        expect(await closed).toBe('4409: Subscriber for twice already exists');
        await until(() => world.ticker.readers === 0);
        for (const finish of world.waiting.splice(0)) finish();
      }
      // A reason has 123 bytes at most; a longer one used to end the process.
      for (const id of ['x'.repeat(128), '€'.repeat(128)]) {
        const socket = await connect();
        const closed = closing(socket);
        socket.send(subscribe(id, TICKED));
        await until(() => world.ticker.readers > 0);
        socket.send(subscribe(id, TICKED));
        expect(await closed).toMatch(/^4409: Subscriber for (x{50,}|€{20,})…$/);
        await until(() => world.ticker.readers === 0);
      }
    },
  ],
  [
    'Once a client completes an operation, it is free to re-use that ID.',
    'for a subscription, and for a query that has ended',
    async () => {
      const socket = await subscribed('again');
      socket.send(complete('again'));
      socket.send(subscribe('again', '{ hello }'));
      await expect.poll(() => parsed(socket)).toHaveLength(3);
      socket.send(subscribe('again', TICKED));
      await until(() => world.ticker.readers === 1);
      world.ticker.push();
      await expect.poll(() => parsed(socket).at(-1)).toEqual(tick('again', 0));
    },
  ],
  [
    'After all results have been emitted, the `Complete` message will follow indicating stream completion.',
    'with the id of the operation on each message',
    async () => {
      const socket = await subscribed('s');
      world.ticker.push();
      await receives(socket, ACK, tick('s', 0));
      world.ticker.end();
      await receives(socket, ACK, tick('s', 0), complete('s'));
    },
  ],
  [
    'A single result operation is identical to a streaming operation except that _at most one_ `Next` message is sent.',
    'a query and a mutation, with variables and an operation name',
    async () => {
      const socket = await connect();
      socket.send(subscribe('q', 'query A { hello } query B { __typename }', { operationName: 'A', variables: null }));
      await receives(socket, ACK, { id: 'q', type: 'next', payload: { data: { hello: 'world' } } }, complete('q'));
      const query = 'mutation ($name: String!) { greet(name: $name) }';
      socket.send(subscribe('m', query, { variables: { name: 'Ann' }, extensions: {} }));
      await expect
        .poll(() => parsed(socket).slice(3))
        .toEqual([{ id: 'm', type: 'next', payload: { data: { greet: 'Hello, Ann' } } }, complete('m')]);
    },
  ],
  [
    'It shares the same name-space for IDs as streaming operations and can be multiplexed with other operations on the connection.',
    'a fast query does not wait for a slow one',
    async () => {
      const socket = await subscribed('stream');
      socket.send(subscribe('slow', '{ slow }'));
      socket.send(subscribe('fast', '{ hello }'));
      await expect.poll(() => parsed(socket).at(-1)).toEqual(complete('fast'));
      world.ticker.push();
      await expect.poll(() => parsed(socket).at(-1)).toEqual(tick('stream', 0));
      for (const finish of world.waiting.splice(0)) finish();
      await expect.poll(() => parsed(socket).at(-1)).toEqual(complete('slow'));
    },
  ],
  [
    'This message terminates the operation and no further messages will be sent.',
    'a document that is refused, and a subscription that fails',
    async () => {
      const socket = await connect();
      const refused = ['{', '{ nothing }', 'subscription { refused { no } }', 'subscription { failing { no } }'];
      for (const [index, query] of refused.entries()) {
        socket.send(subscribe(`${index}`, query));
        await expect.poll(() => parsed(socket)).toHaveLength(index + 2);
        const { id, type, payload } = parsed(socket).at(-1);
        expect([id, type, payload]).toEqual([
          `${index}`,
          'error',
          [expect.objectContaining({ message: expect.any(String) })],
        ]);
      }
      await settle(socket);
      expect(parsed(socket)).toHaveLength(refused.length + 2);
    },
  ],
  [
    'No further events, relevant to the original subscription, should be sent through.',
    'after the client completes it',
    async () => {
      const socket = await subscribed('s');
      socket.send(complete('s'));
      await until(() => world.ticker.readers === 0);
      world.ticker.push();
      await settle(socket);
      expect(parsed(socket)).toEqual([ACK, PONG]);
    },
  ],
  [
    'Even if the client sent a `Complete` message for a _single-result-operation_ before it resolved, the result should not be sent through once it does.',
    'a slow query',
    async () => {
      const socket = await connect();
      socket.send(subscribe('q', '{ slow }'));
      await until(() => world.waiting.length === 1);
      socket.send(complete('q'));
      await settle(socket);
      for (const finish of world.waiting.splice(0)) finish();
      socket.send(subscribe('next', '{ hello }'));
      await expect.poll(() => parsed(socket).at(-1)).toEqual(complete('next'));
      expect(socket.messages.join()).not.toContain('"q"');
    },
  ],
  [
    'It is permissable to simply ignore all _unknown_ IDs without closing the connection.',
    'a complete message for an operation that never was',
    async () => {
      const socket = await connect();
      socket.send(complete('never'));
      await settle(socket);
      expect(parsed(socket)).toEqual([ACK, PONG]);
    },
  ],
  [
    'Receiving a message of a type or format which is not specified in this document will result in an **immediate** socket closure with the event `4400: <error-message>`.',
    'messages that are not of the protocol',
    async () => {
      const invalid: readonly (string | object)[] = [
        'not json',
        '[]',
        {},
        { type: 'shout' },
        { type: 'ping', payload: 'text' },
        { type: 'complete' },
        { type: 'subscribe', payload: { query: '{ hello }' } },
        { type: 'subscribe', id: '', payload: { query: '{ hello }' } },
        { type: 'subscribe', id: 7, payload: { query: '{ hello }' } },
        { type: 'subscribe', id: 'a', payload: '{ hello }' },
        { type: 'subscribe', id: 'a', payload: { query: { hello: true } } },
        { type: 'subscribe', id: 'a', payload: { query: '{ hello }', variables: [] } },
        { type: 'subscribe', id: 'a', payload: { query: '{ hello }', operationName: 1 } },
        { type: 'subscribe', id: 'a', payload: { query: '{ hello }', extensions: 'x' } },
      ];
      for (const message of invalid) {
        const socket = await connect();
        const closed = closing(socket);
        socket.send(message);
        expect(await closed, JSON.stringify(message)).toMatch(/^4400: ./);
      }
      const socket = await connect();
      const closed = closing(socket);
      socket.socket.send(Buffer.from('{"type":"ping"}'));
      expect(await closed, 'a binary frame').toMatch(/^4400: ./);
    },
  ],
];

test.each(cases)('%s (%s)', async (sentence, _what, show) => {
  expect(protocol).toContain(sentence);
  world = await openWebSocketWorld({ initSeconds: 1 });
  await show();
});
