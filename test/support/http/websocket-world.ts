import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSchema, GraphQLError, type GraphQLSchema } from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Viewer } from '#domain/viewer.ts';
import type { Caller, Identity } from '#graphql/call.ts';
import { openGraphql } from '#graphql/graphql.ts';
import { noSubjectLimits } from '#http/subject-limits.ts';
import { type AttachedWebSocket, attachWebSocket } from '#http/websocket/attach-websocket.ts';
import { SUBPROTOCOL } from '#http/websocket/messages.ts';
import type { WebSocketOptions } from '#http/websocket/options.ts';
import { openLog } from '#observability/log.ts';
import { until } from '#test/support/system/until.ts';

/** A source whose readers are positions in one list: a slow reader gets the newest value next, as with a seat map. */
export class Ticker {
  ticks: { no: number; text: string }[] = [];
  #waiting: (() => void)[] = [];
  #hasEnded = false;
  readers = 0;

  /** Ends it for every reader that has read its ticks. */
  end(): void {
    this.#hasEnded = true;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  push(text = ''): void {
    this.ticks.push({ no: this.ticks.length, text });
    for (const wake of this.#waiting.splice(0)) wake();
  }

  watch(): AsyncIterableIterator<object> {
    let position = this.ticks.length;
    let done = false;
    this.readers++;
    const end = { done: true, value: undefined } as const;
    const iterator = {
      next: async () => {
        while (position >= this.ticks.length && !done && !this.#hasEnded)
          await new Promise<void>((resolve) => this.#waiting.push(resolve));
        if (done || position >= this.ticks.length) return end;
        position = this.ticks.length;
        return { done: false as const, value: this.ticks[position - 1] ?? {} };
      },
      return: async () => {
        if (!done) this.readers--;
        done = true;
        for (const wake of this.#waiting.splice(0)) wake();
        return end;
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }
}

/** A viewer with a token that lives this many seconds. */
export const viewer = (userId: string, seconds = 60): Viewer => ({
  userId,
  role: 'FAN',
  sessionId: userId,
  tokenExpiresAt: new Date(Date.now() + seconds * 1000),
});

function resolveRoots(schema: GraphQLSchema, waiting: (() => void)[]): void {
  const { hello, failing, slow } = schema.getQueryType()?.getFields() ?? {};
  if (hello) hello.resolve = () => 'world';
  if (failing) failing.resolve = () => Promise.reject(new Error('secret'));
  if (slow) slow.resolve = () => new Promise((resolve) => waiting.push(() => resolve('done')));
  const { greet } = schema.getMutationType()?.getFields() ?? {};
  if (greet) greet.resolve = (_root, { name }) => `Hello, ${name}`;
}

function schemaOf(ticker: Ticker, waiting: (() => void)[]): GraphQLSchema {
  const schema = buildSchema(`
    type Query { hello: String failing: String slow: String }
    type Mutation { greet(name: String!): String! }
    type Tick { no: Int! text: String! who: String }
    type Subscription { ticked(since: Int): Tick! mine: Tick! refused: Tick! failing: Tick! }`);
  resolveRoots(schema, waiting);
  const fields = schema.getSubscriptionType()?.getFields() ?? {};
  for (const [name, field] of Object.entries(fields)) {
    field.subscribe = () => ticker.watch();
    field.resolve = (tick) => tick;
    if (name === 'refused') {
      field.subscribe = () => {
        throw new GraphQLError('There is no such thing.');
      };
    }
    if (name === 'failing') {
      field.subscribe = () => ({
        next: () => Promise.reject(new Error('secret')),
        [Symbol.asyncIterator]() {
          return this;
        },
      });
    }
  }
  const tick = schema.getType('Tick');
  if (tick && 'getFields' in tick) {
    const { who } = tick.getFields();
    if (who && 'resolve' in who) who.resolve = (_tick, _args, context: Caller) => context.viewer?.userId ?? null;
  }
  return schema;
}

export type WebSocketWorld = Awaited<ReturnType<typeof openWebSocketWorld>>;
export type RawSocket = Awaited<ReturnType<WebSocketWorld['raw']>>;

/** A server with a small schema of its own, and clients of it; `close` ends all of them. */
export async function openWebSocketWorld(limits: WebSocketOptions['limits'] = {}) {
  const ticker = new Ticker();
  /** The meaning of access tokens here. */
  const callers: Record<string, Identity | undefined> = {};
  /** The cost of operations; a test may replace it. */
  const budget = { spend: (_address: string): void => undefined };
  /** Operations of the field `slow`; each waits until it is called. */
  const waiting: (() => void)[] = [];
  const closers: (() => unknown)[] = [];
  let server: Server;
  let attached: AttachedWebSocket;
  let port = 0;

  const start = async () => {
    server = createServer();
    const graphql = openGraphql({
      schema: schemaOf(ticker, waiting),
      resources: { endedSessions: { has: () => false, onEnded: () => () => undefined } } as never,
      limits: { spend: async (_what, { address }) => budget.spend(address), subjects: noSubjectLimits },
      log: openLog({ level: 'silent', name: 'test' }),
      onlyTrusted: false,
    });
    const refused = { viewer: undefined, refusal: new GraphQLError('The token has ended.') };
    attached = attachWebSocket(server, {
      graphql: {
        ...graphql,
        authenticate: async (token) => (token === undefined ? { viewer: undefined } : (callers[token] ?? refused)),
      },
      publicFields: new Set(['ticked']),
      positionArguments: { ticked: 'since' },
      allowsOrigin: (origin) => origin === undefined || origin === 'https://frontrow.example',
      limits,
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  };
  const stop = async (overMs = 0) => {
    await attached.close(overMs);
    server.close();
    await once(server, 'close');
  };
  await start();

  const urlOf = (path: string) => `ws://127.0.0.1:${port}${path}`;

  return {
    ticker,
    callers,
    budget,
    waiting,
    start,
    stop,
    stats: () => attached.stats(),
    /** The client that most applications use; it tries again for as long as the test lasts. */
    client(token?: string): Client {
      const opened = createClient({
        url: urlOf('/graphql'),
        webSocketImpl: WebSocket,
        retryAttempts: 1_000,
        retryWait: () => sleep(20),
        // By default it gives up when no process listens for a moment.
        shouldRetry: () => true,
        ...(token !== undefined && { connectionParams: { authorization: token } }),
      });
      closers.push(() => opened.dispose());
      return opened;
    },
    async raw(options?: { protocols?: string[]; origin?: string; path?: string }) {
      const socket = await openRaw(urlOf(options?.path ?? '/graphql'), options);
      closers.push(() => socket.socket.terminate());
      return socket;
    },
    async tcp(query: string): Promise<Socket> {
      const socket = await subscribeOverTcp(port, query);
      closers.push(() => socket.destroy());
      return socket;
    },
    async close(): Promise<void> {
      for (const close of closers) await close();
      await stop();
    },
  };
}

/** Collects the results of one operation. */
export function subscribe(by: Client, query: string, variables?: Record<string, unknown>) {
  const got: unknown[] = [];
  let failure: unknown;
  let completed = false;
  const stop = by.subscribe(
    { query, ...(variables && { variables }) },
    {
      next: (result) => got.push(result.data),
      error: (error) => {
        failure = error;
      },
      complete: () => {
        completed = true;
      },
    },
  );
  return { got, stop, failure: () => failure, completed: () => completed };
}

/** A raw socket, with the bytes that it received and the way it was closed. */
async function openRaw(url: string, options?: { protocols?: string[]; origin?: string }) {
  const socket = new WebSocket(url, options?.protocols ?? [SUBPROTOCOL], {
    ...(options?.origin && { origin: options.origin }),
  });
  const messages: string[] = [];
  let closeCode: number | undefined;
  socket.on('message', (data) => messages.push(String(data)));
  socket.on('error', () => undefined);
  socket.on('close', (code) => {
    closeCode = code;
  });
  const status = await Promise.race([
    once(socket, 'open').then(() => undefined),
    once(socket, 'unexpected-response').then(([, response]) => (response as { statusCode: number }).statusCode),
  ]);
  const send = (message: object | string) =>
    socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  return {
    socket,
    messages,
    send,
    async init(payload?: object): Promise<void> {
      send({ type: 'connection_init', payload });
      await until(() => messages.includes('{"type":"connection_ack"}'));
    },
    /** The HTTP status that refused the upgrade. */
    status,
    closed: () => until(() => closeCode),
  };
}

/** A subscriber on a bare TCP connection, which can stop reading. */
async function subscribeOverTcp(port: number, query: string): Promise<Socket> {
  const tcp = connect(port, '127.0.0.1');
  tcp.on('error', () => undefined);
  tcp.write(
    `GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\nSec-WebSocket-Protocol: ${SUBPROTOCOL}\r\n\r\n`,
  );
  await once(tcp, 'data');
  const write = (message: object) => {
    const text = Buffer.from(JSON.stringify(message));
    // Masked with zeros, so that the text is sent unchanged.
    tcp.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
  };
  write({ type: 'connection_init' });
  await once(tcp, 'data');
  write({ id: '1', type: 'subscribe', payload: { query } });
  tcp.resume();
  return tcp;
}
