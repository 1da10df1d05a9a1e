import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { post } from '#test/fans/graphql-http.ts';
import { openSocket } from '#test/fans/graphql-socket.ts';
import { transports } from '#test/fans/transports.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

let system: System;
let db: Db;
let event: SeededEvent;
beforeAll(async () => {
  system = await startSystem({ processes: ['api'], env: { ALLOWED_ORIGINS: 'https://shop.example' } });
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  event = await seedEvent(db, { seats: 40 });
});
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

const send = (init: RequestInit & { path?: string }) => fetch(`${system.apiUrl}${init.path ?? '/graphql'}`, init);
const json = { 'content-type': 'application/json' };
const typename = JSON.stringify({ query: '{ __typename }' });

describe('what is not a GraphQL request', () => {
  test.each([
    ['a form', 'application/x-www-form-urlencoded', 'query=%7B__typename%7D', 415],
    ['plain text', 'text/plain', typename, 415],
    ['a file upload', 'multipart/form-data; boundary=x', '--x--', 415],
    ['GraphQL as text', 'application/graphql', '{ __typename }', 415],
    ['broken JSON', 'application/json', '{', 400],
    ['a batch', 'application/json', `[${typename},${typename}]`, 400],
    ['variables that are a list', 'application/json', '{"query":"{__typename}","variables":[1]}', 400],
  ])('%s is refused', async (_what, contentType, body, status) => {
    const response = await send({ method: 'POST', headers: { 'content-type': contentType }, body });
    expect(response.status).toBe(status);
    expect((await response.json()) as object).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
  });

  test('a batch is refused with an explaining message, over HTTP and over WebSocket', async () => {
    const response = await send({ method: 'POST', headers: json, body: `[${typename},${typename}]` });
    expect(await response.text()).toContain('Batches are not accepted. Send each operation in its own request.');
    const subscribe = { type: 'subscribe', id: '1', payload: [{ query: 'subscription { x }' }] };
    for (const message of [[{ type: 'connection_init' }], subscribe]) {
      const socket = new WebSocket(`${system.apiUrl.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
      const closed = new Promise((resolve) => {
        socket.on('close', (code, reason) => resolve([code, String(reason)]));
      });
      socket.on('open', () => socket.send(JSON.stringify(message)));
      expect(await closed).toEqual([4400, 'Batches are not accepted. Send each operation in its own message']);
    }
  });

  test('other methods, a GET without a query and a mutation in a GET are refused', async () => {
    expect((await send({ method: 'PUT', body: '{}' })).status).toBe(405);
    expect((await send({})).status).toBe(405);
    const mutation = await send({ path: `/graphql?query=${encodeURIComponent('mutation { signOut }')}` });
    expect([mutation.status, mutation.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
  });

  test('more than 100 KB is refused, with a length header and without', async () => {
    const body = JSON.stringify({ query: `{ __typename } #${'x'.repeat(110_000)}` });
    expect((await send({ method: 'POST', headers: json, body })).status).toBe(413);
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(`${system.apiUrl}/graphql`, { method: 'POST', headers: json }, (response) =>
        resolve(response.statusCode),
      );
      request.on('error', reject);
      // No Content-Length, and never ended: the answer comes before the end.
      request.write(body);
    });
    expect(status).toBe(413);
  });
});

describe('allowed origins', () => {
  test('an allowed page may call, another may not, a program needs no origin', async () => {
    const allowed = await send({
      method: 'POST',
      headers: { ...json, origin: 'https://shop.example' },
      body: typename,
    });
    expect(allowed.status).toBe(200);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(allowed.headers.get('access-control-allow-credentials')).toBeNull();
    for (const origin of ['https://evil.example', 'null', 'https://shop.example.evil.example']) {
      const refused = await send({ method: 'POST', headers: { ...json, origin }, body: typename });
      expect(refused.status).toBe(403);
      expect(refused.headers.get('access-control-allow-origin')).toBeNull();
    }
    expect((await send({ method: 'POST', headers: { ...json, origin: system.apiUrl }, body: typename })).status).toBe(
      200,
    );
  });

  test('a preflight request gets the rules', async () => {
    const headers = { origin: 'https://shop.example', 'access-control-request-method': 'POST' };
    const preflight = await send({ method: 'OPTIONS', headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('apollo-require-preflight');
    expect((await send({ method: 'OPTIONS', headers: { ...headers, origin: 'https://evil.example' } })).status).toBe(
      403,
    );
  });

  test('a WebSocket of another page is refused before the upgrade', async () => {
    const open = (origin?: string) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(`${system.apiUrl.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
          ...(origin && { origin }),
        });
        socket.on('open', () => resolve('open')).on('error', (error) => resolve(error.message));
        socket.on('open', () => socket.terminate());
      });
    expect(await open()).toBe('open');
    expect(await open('https://shop.example')).toBe('open');
    expect(await open('http://localhost:5173')).toBe('open');
    expect(await open('https://evil.example')).toContain('403');
  });

  test('an event stream of another page is refused, and one of a development server is not', async () => {
    const query = 'subscription ($id: ID!) { eventChanged(eventId: $id) { title } }';
    const body = JSON.stringify({ query, variables: { id: `Event_${event.eventId}` } });
    const open = async (origin: string) => {
      const ending = new AbortController();
      const headers = { ...json, accept: 'text/event-stream', origin };
      const response = await send({ method: 'POST', headers, body, signal: ending.signal });
      ending.abort();
      return [response.status, response.headers.get('access-control-allow-origin')];
    };
    expect(await open('https://evil.example')).toEqual([403, null]);
    expect(await open('http://[::1]:5173')).toEqual([200, 'http://[::1]:5173']);
  });

  test('a refused origin is logged once for all transports, with the setting', () => {
    const lines = system.lines.filter((line) => line.includes('"origin":"https://evil.example"'));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('set ALLOWED_ORIGINS=https://shop.example,https://evil.example');
  });
});

test('every answer carries the security headers and the id of its request', async () => {
  for (const path of ['/graphql', '/health', '/nothing', '/layouts/none.json', '/']) {
    const response = await send({ path, headers: { 'x-request-id': 'my-request-1' }, redirect: 'manual' });
    expect(response.headers.get('x-content-type-options'), path).toBe('nosniff');
    expect(response.headers.get('x-frame-options'), path).toBe('DENY');
    expect(response.headers.get('content-security-policy'), path).toContain("default-src 'none'");
    expect(response.headers.get('x-request-id'), path).toBe('my-request-1');
  }
  const { headers } = await send({ path: '/health', headers: { 'x-request-id': 'x"; drop' } });
  expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
});

const deep = '{ __typename }'.replace('__typename', `${'a { '.repeat(9)}__typename${' }'.repeat(9)}`);
const eventFields = (inner: string) => `event(id: "Event_x") { ${inner} }`;
const refusedDocuments = [
  [
    'nine levels',
    `query { searchEvents { edges { node { venue { location { latitude } } } } } ${deep.slice(1, -1)} }`,
    'depth',
  ],
  ['six aliases', `query { ${Array.from({ length: 6 }, (_, n) => `a${n}: __typename`).join(' ')} }`, 'aliases'],
  [
    'six directives',
    `query { ${Array.from({ length: 6 }, () => '__typename @skip(if: false)').join(' ')} }`,
    'directives',
  ],
  ['a thousand tokens', `query { ${'__typename '.repeat(1_001)} }`, 'tokens'],
  [
    'too much to answer',
    `query ($n: Int) { seatMap(eventId: "Event_x") { seats(first: $n) { nodes { ${'seat { id section { id label } row label x y } '.repeat(40)} } } } }`,
    'cost',
  ],
  [
    'fragments that spread each other',
    `query { ...A } fragment A on Query { ...B ...B } fragment B on Query { ...A ...A }`,
    'cannot spread',
  ],
] as const;

describe.each(refusedDocuments)('a document with %s', (_what, document, reason) => {
  test('is refused over HTTP', async () => {
    const { errors } = await post(system.apiUrl, { query: document });
    expect(errors?.[0].extensions.code).toBe('BAD_REQUEST');
    expect(errors?.map(({ message }) => message).join()).toMatch(new RegExp(reason, 'i'));
  });

  test('is an error on its operation over WebSocket, and the socket stays open', async () => {
    const client = openSocket(system.apiUrl);
    const ask = (query: string) =>
      new Promise<unknown>((resolve) => {
        client.subscribe({ query }, { next: resolve, error: resolve, complete: () => resolve('complete') });
      });
    const asSubscription = document
      .replace('query', 'subscription')
      .replaceAll('on Query', 'on Subscription')
      .replace('seatMap(eventId: "Event_x")', 'seatMapChanged(eventId: "Event_x") { ... on SeatMapReset { seatMap')
      .replace(/$/, document.includes('seatMap(') ? ' } }' : '');
    const errors = (await ask(asSubscription)) as { extensions: { code: string } }[];
    expect(errors.map(({ extensions }) => extensions.code)).toContain('BAD_REQUEST');
    expect(JSON.stringify(errors)).toMatch(new RegExp(reason, 'i'));
    const alive = `subscription { eventChanged(eventId: "Event_${event.eventId}") { title } }`;
    expect(await ask(alive)).toMatchObject({ data: { eventChanged: { title: 'Test match' } } });
    await client.dispose();
  });
});

test('the contract’s own deepest query fits the limits', async () => {
  const { errors } = await post(system.apiUrl, {
    query: `{ viewer { bookings { edges { node { event { ${'venue { location { latitude } }'} } seats { seat { section { label } } } tickets { event { venue { city } } } } } } } ${eventFields('venue { location { latitude } }')} }`,
  });
  expect(errors).toBeUndefined();
});

test.each(['WebSocket', 'server-sent events'] as const)('subscriptions over %s receive changes', async (name) => {
  const query =
    'subscription ($id: ID!, $v: Int) { seatMapChanged(eventId: $id, sinceVersion: $v) { __typename ... on SeatMapReset { seatMap { version event { title } } } } }';
  const variables = { id: `Event_${event.eventId}`, v: 1_000_000 };
  const { bytes } = await transports[name](system.apiUrl, { query, variables });
  expect(bytes).toContain('"data":{"seatMapChanged":{"__typename":"SeatMapReset","seatMap":{');
});

test('a layout never changes: named by its content, compressed for clients that accept it, cached', async () => {
  const { data } = await post(system.apiUrl, {
    query:
      'query ($id: ID!) { seatMap(eventId: $id) { version statuses layout { hash url seatCount } seats(first: 2) { nodes { status seat { id seatNo } price { amountMinor } } pageInfo { hasNextPage endCursor } } sections { available section { label } } } }',
    variables: { id: `Event_${event.eventId}` },
  });
  const { layout } = data.seatMap;
  expect(layout).toMatchObject({ seatCount: 40, url: `/layouts/${layout.hash}.json` });
  const response = await send({ path: layout.url });
  expect(response.headers.get('content-encoding')).toBe('gzip');
  expect(response.headers.get('cache-control')).toContain('immutable');
  expect((await response.json()) as object).toMatchObject({ hash: layout.hash });
  const plain = await send({ path: layout.url, headers: { 'accept-encoding': 'identity' } });
  expect(plain.headers.get('content-encoding')).toBeNull();
  expect(((await plain.json()) as { seats: { id: string[] } }).seats.id[0]).toBe(data.seatMap.seats.nodes[0].seat.id);
  expect((await send({ path: layout.url, headers: { 'if-none-match': `"${layout.hash}"` } })).status).toBe(304);
  expect((await send({ path: `/layouts/${'0'.repeat(32)}.json` })).status).toBe(404);
});

test('GraphiQL loads everything from the server', async () => {
  const response = await send({ headers: { accept: 'text/html' } });
  const page = await response.text();
  expect(page).toContain('YogaGraphiQL');
  expect(page).toContain('createBooking');
  expect(page).not.toMatch(/<(script|link)[^>]+(src|href)="?https?:/);
  expect(response.headers.get('content-security-policy')).toContain("connect-src 'self'");
});
