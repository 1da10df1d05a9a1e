import { hash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { createBooking, signInAsGuest } from '#test/fans/fan.ts';
import { post } from '#test/fans/graphql-http.ts';
import { openSocket } from '#test/fans/graphql-socket.ts';
import { transports } from '#test/fans/transports.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

let system: System;
let db: Db;
let event: SeededEvent;
beforeAll(async () => {
  system = await startSystem({ processes: ['api'] });
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  event = await seedEvent(db, { seats: 40 });
});
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

const json = { 'content-type': 'application/json' };

test('the log has a line for each operation, without private data', async () => {
  const canaries = {
    email: 'canary-7719@example.org',
    password: 'canary-password-7719',
    displayName: 'Canary Name 7719',
  };
  const mutation = `mutation CanarySignUp ($input: SignUpInput!) { signUp(input: $input) { ... on SignUpSuccess { session { accessToken refreshToken } } ... on Refusal { code } } }`;
  const { data } = await post(system.apiUrl, { query: mutation, variables: { input: canaries } });
  await post(system.apiUrl, { query: mutation, variables: { input: canaries } });
  const { accessToken, refreshToken } = data.signUp.session;
  const fan = await signInAsGuest(system.apiUrl, canaries.email);
  await createBooking(fan, `Event_${event.eventId}`, [`Seat_${event.seatId(35)}`], 'canary-key-7719');
  await expect.poll(() => system.lines.filter((line) => line.includes('CanarySignUp')).length).toBe(2);
  const log = system.lines.join('\n');
  expect(log).toContain('EMAIL_TAKEN');
  for (const secret of [
    'canary-7719',
    'canary-password',
    'Canary Name',
    'canary-key',
    accessToken,
    refreshToken,
    fan.token,
  ])
    expect(log.includes(secret), secret.slice(0, 20)).toBe(false);
});

describe('the production profile', () => {
  const trusted = 'query Trusted { __typename }';
  const id = hash('sha256', trusted);
  const subscription = 'subscription Watch ($id: ID!) { eventChanged(eventId: $id) { title } }';
  const withVariables = [
    'query Search($of: [Category!], $near: GeoPointInput, $first: Int!) { searchEvents(categories: $of, near: $near, first: $first) { totalCount } }',
    'query One($id: ID = "Event_none") { event(id: $id) { title } }',
  ] as const;
  const readyToken = 'ready-token-of-a-test-that-is-long-enough';
  let folder: string;
  let production: System;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'frontrow-trusted-'));
    const file = join(folder, 'documents.json');
    const documents = [trusted, subscription, ...withVariables].map((text) => [hash('sha256', text), text]);
    await writeFile(file, JSON.stringify(Object.fromEntries(documents)));
    production = await startSystem({
      processes: ['api'],
      env: {
        FRONTROW_PROFILE: 'production',
        TRUSTED_DOCUMENTS: file,
        READY_TOKEN: readyToken,
        HOARDING_LIMITS: 'on',
        MAIL_URL: 'smtps://frontrow:password@127.0.0.1:465',
      },
    });
  });
  afterAll(async () => {
    await production.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const ask = async (body: object) => {
    const response = await fetch(`${production.apiUrl}/graphql`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify(body),
    });
    return (await response.json()) as { data?: object; errors?: { message: string }[] };
  };

  test('executes known documents, by id or by text, over POST and GET', async () => {
    expect(await ask({ documentId: `sha256:${id}` })).toEqual({ data: { __typename: 'Query' } });
    expect(await ask({ extensions: { persistedQuery: { version: 1, sha256Hash: id } } })).toEqual({
      data: { __typename: 'Query' },
    });
    expect(await ask({ query: trusted })).toEqual({ data: { __typename: 'Query' } });
    const got = await fetch(`${production.apiUrl}/graphql?documentId=sha256:${id}`);
    expect(await got.json()).toEqual({ data: { __typename: 'Query' } });
  });

  test('executes no other document, and reveals nothing about itself', async () => {
    for (const query of ['{ __typename }', '{ __schema { types { name } } }', `${trusted} `])
      expect(await ask({ query })).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    const page = await fetch(`${production.apiUrl}/graphql`, { headers: { accept: 'text/html' } });
    expect(page.status).toBe(405);
    const front = await fetch(production.apiUrl, { redirect: 'manual' });
    expect(front.status).toBe(200);
  });

  test('says the same over WebSocket', async () => {
    const client = openSocket(production.apiUrl);
    const run = (query: string) =>
      new Promise<unknown>((resolve) => {
        client.subscribe(
          { query, variables: { id: 'Event_none' } },
          { next: resolve, error: resolve, complete: () => resolve('complete') },
        );
      });
    const message = async (query: string) => JSON.stringify(await run(query));
    expect(await message(subscription)).toContain('There is no such event');
    expect(await message(`${subscription} `)).toContain('trusted');
    await client.dispose();
  });

  test('answers an unknown id, and a text to be added, in the form that clients know, on each transport', async () => {
    const query = 'query Unknown { __typename }';
    const extensions = { persistedQuery: { version: 1, sha256Hash: hash('sha256', query) } };
    const [notFound, notSupported] = ['PersistedQueryNotFound', 'PersistedQueryNotSupported'];
    expect((await ask({ extensions })).errors?.[0]?.message).toBe(notFound);
    expect((await ask({ query, extensions })).errors?.[0]?.message).toBe(notSupported);
    const params = new URLSearchParams({ extensions: JSON.stringify(extensions) });
    expect(await (await fetch(`${production.apiUrl}/graphql?${params}`)).text()).toContain(notFound);
    const untrusted = new URLSearchParams({ query });
    expect(await (await fetch(`${production.apiUrl}/graphql?${untrusted}`)).text()).toContain('only trusted documents');
    const client = openSocket(production.apiUrl);
    const told = (payload: { query?: string; extensions: Record<string, unknown> }) =>
      new Promise<unknown>((resolve) => {
        const sink = { next: resolve, error: resolve, complete: () => resolve('complete') };
        client.subscribe({ query: '', ...payload }, sink);
      });
    expect(await told({ extensions })).toMatchObject([{ message: notFound }]);
    expect(await told({ query, extensions })).toMatchObject([{ message: notSupported }]);
    await client.dispose();
  });

  test('names no type and no value of the schema when a variable is wrong, also after many requests', async () => {
    const [search, one] = withVariables;
    const wrong: [string, object][] = [
      [search, { first: 'many' }],
      [search, {}],
      [search, { first: 1, of: ['NO_SUCH'] }],
      [search, { first: 1, near: { latitude: 1 } }],
      [search, { first: 1, near: { latitude: 1, longitude: 1, latitud: 1 } }],
      [search, { first: 1, near: 7 }],
      [one, { id: null }],
      [subscription, {}],
      [subscription, { id: { no: 1 } }],
    ];
    const told = async (query: string, variables: object) => {
      if (query !== subscription) return JSON.stringify(await ask({ query, variables }));
      const over = [transports['server-sent events'], transports.WebSocket];
      return (await Promise.all(over.map((by) => by(production.apiUrl, { query, variables }))))
        .map(({ bytes }) => bytes)
        .join();
    };
    // The third time, the document is compiled, and other code writes its errors.
    for (const [query, variables] of [...wrong, ...wrong, ...wrong, ...wrong]) {
      const answer = await told(query, variables);
      expect(answer).toContain('an invalid value');
      expect(answer).toContain('BAD_REQUEST');
      expect(answer).not.toMatch(/INTERNAL|GeoPoint|Category|Float|Int\b|ID!|Did you mean|longitude|enum|many|NO_SUCH/);
    }
  });

  test('names the parts that are away, with the reason, only on the metrics listener and for the token', async () => {
    const verbose = `${production.apiUrl}/ready?verbose`;
    const read = async (headers: Record<string, string> = {}) => (await fetch(verbose, { headers })).json();
    for (const authorization of ['', 'Bearer ', 'Bearer wrong', readyToken, `Bearer ${readyToken}x`])
      expect(await read({ authorization })).toEqual({ status: 'ready', hint: expect.stringContaining('READY_TOKEN') });
    const details = { dependencies: { 'booking-database': { state: 'up' } } };
    expect(await read({ authorization: `Bearer ${readyToken}` })).toMatchObject(details);
    expect(await (await fetch(`${production.metricsUrl('api')}/ready?verbose`)).json()).toMatchObject(details);
  });
});

test('an internal error reveals nothing about the inside', async () => {
  await db.$client`alter table price_tiers rename to price_tiers_away`;
  try {
    const query = 'query ($id: ID!) { event(id: $id) { id } }';
    const { data, errors } = await post(system.apiUrl, { query, variables: { id: `Event_${event.eventId}` } });
    expect(data).toEqual({ event: null });
    expect(errors?.[0]).toMatchObject({
      message: 'An internal error occurred.',
      extensions: { code: 'INTERNAL' },
    });
    expect(JSON.stringify(errors)).not.toMatch(/price_tiers|relation|select|\/work|\.ts|stack/i);
    const requestId = errors?.[0].extensions.requestId;
    await expect.poll(() => system.lines.some((line) => line.includes(requestId) && line.includes('42P01'))).toBe(true);
  } finally {
    await db.$client`alter table price_tiers_away rename to price_tiers`;
  }
});

test('SIGTERM lets running operations finish', async () => {
  const own = await startSystem({ processes: ['api'] });
  try {
    const slow = post(own.apiUrl, {
      query:
        'mutation { signUp(input: { email: "slow@example.org", password: "correct horse", displayName: "S" }) { __typename } }',
    });
    await sleep(20);
    const gone = own.kill('api', 'SIGTERM');
    expect((await slow).data).toEqual({ signUp: { __typename: 'SignUpSuccess' } });
    await gone;
  } finally {
    await own.stop();
  }
});

test('while PostgreSQL is away, callers are asked to try again, without its details', async () => {
  const target = new URL(system.bookingUrl);
  const open = new Set<Socket>();
  const proxy = createServer((socket) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const end of [socket, upstream]) {
      open.add(end);
      end.on('error', () => undefined);
    }
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const proxied = new URL(target);
  proxied.port = String((proxy.address() as AddressInfo).port);
  await system.start('api-2', { DATABASE_URL: proxied.href });
  const fan = await signInAsGuest(system.secondApiUrl);
  expect((await fetch(`${system.secondApiUrl}/ready`)).status).toBe(200);

  proxy.close();
  for (const socket of open) socket.destroy();
  const { data, errors } = await fan.answer('query ($id: ID!) { event(id: $id) { title } }', {
    id: `Event_${event.eventId}`,
  });
  expect(data).toEqual({ event: null });
  expect(errors?.[0].extensions).toMatchObject({ code: 'TEMPORARILY_UNAVAILABLE', retryAfterSeconds: 2 });
  expect(JSON.stringify(errors)).not.toMatch(/127\.|ECONN|postgres|select/i);
  const held = await createBooking(fan, `Event_${event.eventId}`, [`Seat_${event.seatId(36)}`]);
  expect(held).toMatchObject({ __typename: 'TryAgain', retry: { advice: 'SAME_KEY' } });
  const ready = await fetch(`${system.metricsUrl('api-2')}/ready?verbose`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({
    status: 'not ready',
    dependencies: { 'booking-database': { state: 'down' }, redis: { state: 'up' }, search: { state: 'impaired' } },
    degradations: expect.arrayContaining([expect.objectContaining({ dependency: 'booking-database' })]),
  });
});
