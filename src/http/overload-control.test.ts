import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema } from 'graphql';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { openAccessTokens } from '#domain/account/access-tokens.ts';
import { OverloadControl } from '#graphql/overload/overload-control.ts';
import { openLog } from '#observability/log.ts';
import { asEvents, firstResult } from '#test/fans/event-stream.ts';
import { type Json, post, send } from '#test/fans/graphql-http.ts';
import { type Message, openConversation } from '#test/fans/graphql-socket.ts';
import { someViewer } from '#test/support/databases/box.ts';
import { Loop, overload } from '#test/support/http/hand-moved-loop.ts';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { requestIdOf } from './exchange.ts';
import { type GraphqlHttp, openGraphqlHttp } from './graphql-http.ts';
import { noSubjectLimits } from './subject-limits.ts';
import { type AttachedWebSocket, attachWebSocket } from './websocket/attach-websocket.ts';

const schema = buildSchema(`
  type Query { searchEvents: String seatMap: String viewer: String }
  type Mutation { createBooking: String cancelBooking: String }
  type Subscription { eventChanged: String }`);
const signed = openAccessTokens({ privateKey: newPrivateKey() });
const verify = vi.fn(signed.verify);
const endedSessions = { has: () => false, hasNow: () => false, onEnded: () => () => undefined };
/** No field of this schema reads them. */
const catalogReads = { events: async () => [], venues: async () => [], priceTiers: async () => [] };

let loop: Loop;
let control: OverloadControl;
let graphql: GraphqlHttp;
let server: Server;
let sockets: AttachedWebSocket;
let url: string;
const clients: WebSocket[] = [];

beforeEach(async () => {
  verify.mockClear();
  loop = new Loop();
  control = new OverloadControl({ targetMs: 100, clock: loop, random: () => 0.5 });
  graphql = openGraphqlHttp({
    schema,
    resources: { tokens: { ...signed, verify }, endedSessions, catalogReads } as never,
    limits: { spend: () => Promise.resolve(), subjects: noSubjectLimits },
    log: openLog({ level: 'error', name: 'test' }),
    onlyTrusted: false,
    overload: control,
  });
  server = createServer((request, response) => {
    const target = new URL(request.url ?? '/', 'http://test');
    const exchange = { request, response, url: target, address: '127.0.0.1', headers: {} };
    void graphql.handle({ ...exchange, requestId: requestIdOf(request) });
  });
  sockets = attachWebSocket(server, { graphql: graphql.graphql, allowsOrigin: () => true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  await sockets.close();
  graphql.close();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

const busy = {
  message: 'The service is too busy at the moment. Try again with the same idempotency key.',
  extensions: { code: 'TEMPORARILY_UNAVAILABLE', retryAfterSeconds: 5, requestId: expect.any(String) },
};
const search = { query: '{ searchEvents }' };

/** The first message about an operation over a socket that the server has accepted before `begin`. */
async function overSocket(query: string, begin = () => {}, init?: object): Promise<Message> {
  const heard = Promise.withResolvers<Message>();
  const operations = () => {
    begin();
    return [{ query }];
  };
  clients.push(openConversation(url, { init, operations, onMessage: heard.resolve }));
  return await heard.promise;
}

test('a busy process refuses with the same typed error over HTTP, server-sent events and WebSocket', async () => {
  const socket = await overSocket(search.query, () => overload(loop, control));
  expect(socket).toMatchObject({ type: 'error', payload: [busy] });

  const plain = await send(url, search);
  expect(plain.status).toBe(200);
  expect(plain.headers.get('retry-after')).toBe('5');
  expect(await plain.json()).toEqual({ errors: [busy] });

  const strict = await send(url, search, { headers: { accept: 'application/graphql-response+json' } });
  expect(strict.status).toBe(400);
  expect(await strict.json()).toEqual({ errors: [busy] });

  const get = await fetch(`${url}/graphql?query=${encodeURIComponent(search.query)}`);
  expect(get.status).toBe(200);
  expect(await get.json()).toEqual({ errors: [busy] });

  const events = await send(url, { query: 'subscription { eventChanged }' }, { headers: asEvents });
  expect(events.headers.get('content-type')).toContain('text/event-stream');
  const text = await events.text();
  expect(firstResult(text)).toMatchObject({ errors: [{ extensions: { code: 'TEMPORARILY_UNAVAILABLE' } }] });
  expect(text).toMatch(/event: complete\ndata:\n\n$/);
});

test('a refusal verifies no token and does not look at the document', async () => {
  const { token } = await signed.issue(someViewer());
  overload(loop, control);
  const refused = await post(url, { query: '{ searchEvents(' }, { authorization: `Bearer ${token}` });
  expect(refused.errors).toEqual([busy]);
  expect(verify).not.toHaveBeenCalled();
});

test('a fan who has a hold is served with everything, over HTTP and WebSocket, and another fan is not', async () => {
  const [ann, bob] = [someViewer(), someViewer()];
  const bearer = async (viewer: typeof ann) => ({ authorization: `Bearer ${(await signed.issue(viewer)).token}` });
  const [ofAnn, ofBob] = [await bearer(ann), await bearer(bob)];
  // Both have asked something before.
  for (const headers of [ofAnn, ofBob]) expect(await post(url, search, headers)).toMatchObject({ data: {} });
  control.holders.add(ann.userId);
  const begin = () => overload(loop, control);
  expect(await overSocket('{ seatMap }', begin, ofAnn)).toMatchObject({ type: 'next', payload: { data: {} } });
  expect(await overSocket('{ seatMap }', begin, ofBob)).toMatchObject({ type: 'error', payload: [expect.anything()] });
  expect(await post(url, search, ofAnn)).toMatchObject({ data: { searchEvents: null } });
  expect((await post(url, search, ofBob)).errors).toEqual([busy]);
});

test('serves again as soon as the loop has time', async () => {
  overload(loop, control);
  expect((await post(url, search)).errors).toEqual([busy]);
  loop.turn();
  loop.rest(10);
  const answers: Json[] = await Promise.all(Array.from({ length: 20 }, () => post(url, search)));
  for (const { data } of answers) expect(data).toEqual({ searchEvents: null });
  expect(control.stats().search).toMatchObject({ running: 0, waiting: 0 });
});
