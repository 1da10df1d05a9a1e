import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { buildSchema, type GraphQLSchema } from 'graphql';
import { afterEach, expect, test, vi } from 'vitest';
import { openAccessTokens } from '#domain/account/access-tokens.ts';
import { openLog } from '#observability/log.ts';
import { someViewer } from '#test/support/databases/box.ts';
import { Ticker } from '#test/support/http/websocket-world.ts';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { requestIdOf } from './exchange.ts';
import { type GraphqlHttp, openGraphqlHttp } from './graphql-http.ts';
import type { EventStreamLimits } from './sse.ts';
import { noSubjectLimits } from './subject-limits.ts';

const tokens = openAccessTokens({ privateKey: newPrivateKey() });
/** No session ends in this file. */
const endedSessions = { has: () => false, hasNow: () => false, onEnded: () => () => undefined };

let ticker: Ticker;
/** Queries that are being answered; each waits until it is let go. */
let waiting: (() => void)[];
let server: Server;
let graphql: GraphqlHttp;
let url: string;
const clients: Socket[] = [];

function schemaOf(): GraphQLSchema {
  const schema = buildSchema(`
    type Query { slow: String }
    type Tick { no: Int! text: String! }
    type Subscription { ticked: Tick! }`);
  const { slow } = schema.getQueryType()?.getFields() ?? {};
  if (slow) slow.resolve = () => new Promise((resolve) => waiting.push(() => resolve('done')));
  const { ticked } = schema.getSubscriptionType()?.getFields() ?? {};
  if (ticked) Object.assign(ticked, { subscribe: () => ticker.watch(), resolve: (tick: unknown) => tick });
  return schema;
}

type Limits = { maxInFlight?: number } & Partial<EventStreamLimits>;

/** The HTTP side of an api process, with a schema whose resolvers wait. */
async function serve({ maxInFlight, ...eventStreams }: Limits): Promise<void> {
  ticker = new Ticker();
  waiting = [];
  graphql = openGraphqlHttp({
    schema: schemaOf(),
    resources: { tokens, endedSessions } as never,
    limits: { spend: () => Promise.resolve(), subjects: noSubjectLimits },
    log: openLog({ level: 'error', name: 'test' }),
    onlyTrusted: false,
    maxInFlight,
    eventStreams,
  });
  server = createServer((request, response) => {
    const address = request.socket.remoteAddress ?? '';
    const exchange = { request, response, url: new URL('http://test/graphql'), address, headers: {} };
    void graphql.handle({ ...exchange, requestId: requestIdOf(request) });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  graphql.close();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

const post = (query: string, accept = 'application/json', headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, ...headers },
    body: JSON.stringify({ query }),
  });

async function answersTo(count: number) {
  const responses = await Promise.all(Array.from({ length: count }, () => post('{ slow }')));
  return await Promise.all(
    responses.map(async (response) => ({
      retryAfter: response.headers.get('retry-after'),
      body: (await response.json()) as { data?: object; errors?: { extensions: { code: string } }[] },
    })),
  );
}

test('with a hundred times more requests than it can run, a bounded number waits and the others get a retry time at once', async () => {
  await serve({ maxInFlight: 5 });
  for (let round = 0; round < 2; round++) {
    const asked = answersTo(500);
    await vi.waitUntil(() => waiting.length === 5, { timeout: 25_000 });
    // All but five requests have their response before one of the five may go on.
    await vi.waitFor(async () => expect((await answersTo(1))[0]?.body.errors).toBeDefined(), { timeout: 25_000 });
    expect(waiting).toHaveLength(5);
    const letGo = setInterval(() => waiting.splice(0).forEach((go) => void go()), 5);
    const answers = await asked;
    clearInterval(letGo);
    const refused = answers.filter(({ body }) => body.errors);
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(5);
    expect(refused.length).toBeGreaterThan(0);
    for (const { body, retryAfter } of refused) {
      expect(body.errors?.[0]?.extensions).toMatchObject({ code: 'TEMPORARILY_UNAVAILABLE', retryAfterSeconds: 1 });
      expect(retryAfter).toBe('1');
    }
  }
});

/** A stream of which nothing is read once its head has come. */
async function openStalled(): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const client = connect(Number(port), hostname);
  clients.push(client);
  const body = JSON.stringify({ query: 'subscription { ticked { text } }' });
  client.write(
    `POST /graphql HTTP/1.1\r\nhost: test\r\naccept: text/event-stream\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  await new Promise((resolve) => client.once('data', resolve));
  client.pause();
  return client;
}

/** Hears until the stream ends. */
async function listen(): Promise<{ heard: string[] }> {
  const response = await post('subscription { ticked { no text } }', 'text/event-stream');
  const heard: string[] = [];
  const read = async () => {
    let rest = '';
    for await (const chunk of response.body ?? []) {
      const parts = (rest + Buffer.from(chunk).toString()).split('\n\n');
      rest = parts.pop() ?? '';
      heard.push(...parts.filter((part) => part.includes('data: ')));
    }
  };
  void read().catch(() => undefined);
  return { heard };
}

const bufferedFor = (sockets: ReadonlySet<Socket>) =>
  [...sockets].reduce((most, socket) => Math.max(most, socket.writableLength), 0);

test('closes an event stream whose client stops reading, with bounded memory, while a reading client gets every event', async () => {
  await serve({ stallSeconds: 3 });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  const stalled = await Promise.all([openStalled(), openStalled()]);
  const ended = Promise.all(stalled.map((client) => new Promise((resolve) => client.once('close', resolve))));
  for (const client of stalled) client.on('error', () => undefined);
  const { heard } = await listen();
  await vi.waitUntil(() => ticker.readers === 3);
  const text = 'x'.repeat(60_000);
  let most = 0;
  for (let tick = 1; tick <= 300; tick++) {
    ticker.push(text);
    await vi.waitUntil(() => heard.length === tick, { timeout: 25_000, interval: 1 });
    most = Math.max(most, bufferedFor(sockets));
    if (tick > 1) ticker.ticks[tick - 2] = { no: tick - 2, text: '' };
  }
  // One event under way and one behind it, and not the 18 MB that were sent.
  expect(most).toBeGreaterThan(60_000);
  expect(most).toBeLessThan(400_000);
  await vi.waitUntil(() => ticker.readers === 1, { timeout: 25_000 });
  for (const client of stalled) client.resume();
  await ended;
  ticker.push('the last');
  await vi.waitUntil(() => heard.at(-1)?.includes('the last'));
});

test('an address has its share of event streams, and what ends makes room', async () => {
  await serve({ streamsPerAddress: 2 });
  const streams = await Promise.all([openStalled(), openStalled()]);
  const refused = await post('subscription { ticked { no } }', 'text/event-stream');
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('5');
  expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
  streams[0]?.destroy();
  await vi.waitUntil(() => ticker.readers === 1);
  const { heard } = await listen();
  await vi.waitUntil(() => ticker.readers === 2);
  ticker.push('one');
  await vi.waitUntil(() => heard.length === 1);
});

test('a viewer has a share of event streams from wherever, others keep theirs, and what ends makes room', async () => {
  await serve({ streamsPerViewer: 2, streamsPerAddress: 5 });
  const bearer = async () => ({ authorization: `Bearer ${(await tokens.issue(someViewer())).token}` });
  const [ann, bob] = [await bearer(), await bearer()];
  const open = (by: Record<string, string>) => post('subscription { ticked { no } }', 'text/event-stream', by);
  const hers = [await open(ann), await open(ann)];
  expect(hers.map(({ status }) => status)).toEqual([200, 200]);
  const refused = await open(ann);
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
  // What was refused took no place of the address either: three are left for others.
  const others = [await open(bob), await open({}), await open({})];
  expect(others.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await open({})).status).toBe(503);
  await hers[0]?.body?.cancel();
  await vi.waitUntil(async () => (await open(ann)).status === 200);
});
