import { hash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { type SeededEvent, seedEvent } from '#test/support/catalog.ts';
import { createBooking, openSocket, post, signInAsGuest } from '#test/support/fan.ts';
import { type System, startSystem } from '#test/support/system.ts';

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

test('the log has a line for each operation, and nothing that is private', async () => {
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
  let folder: string;
  let production: System;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'frontrow-trusted-'));
    const file = join(folder, 'documents.json');
    await writeFile(file, JSON.stringify({ [id]: trusted, [hash('sha256', subscription)]: subscription }));
    production = await startSystem({
      processes: ['api'],
      env: { FRONTROW_PROFILE: 'production', TRUSTED_DOCUMENTS: file },
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

  test('executes what it knows, by id or by text, over POST and GET', async () => {
    expect(await ask({ documentId: `sha256:${id}` })).toEqual({ data: { __typename: 'Query' } });
    expect(await ask({ extensions: { persistedQuery: { version: 1, sha256Hash: id } } })).toEqual({
      data: { __typename: 'Query' },
    });
    expect(await ask({ query: trusted })).toEqual({ data: { __typename: 'Query' } });
    const got = await fetch(`${production.apiUrl}/graphql?documentId=sha256:${id}`);
    expect(await got.json()).toEqual({ data: { __typename: 'Query' } });
  });

  test('executes nothing else, and tells nothing about itself', async () => {
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
});

test('an error inside tells nothing about the inside', async () => {
  await db.$client`alter table price_tiers rename to price_tiers_away`;
  try {
    const query = 'query ($id: ID!) { event(id: $id) { id } }';
    const { data, errors } = await post(system.apiUrl, { query, variables: { id: `Event_${event.eventId}` } });
    expect(data).toEqual({ event: null });
    expect(errors?.[0]).toMatchObject({
      message: 'Something went wrong on our side.',
      extensions: { code: 'INTERNAL' },
    });
    expect(JSON.stringify(errors)).not.toMatch(/price_tiers|relation|select|\/work|\.ts|stack/i);
    const requestId = errors?.[0].extensions.requestId;
    await expect.poll(() => system.lines.some((line) => line.includes(requestId) && line.includes('42P01'))).toBe(true);
  } finally {
    await db.$client`alter table price_tiers_away rename to price_tiers`;
  }
});

test('SIGTERM lets what runs finish', async () => {
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

test('while PostgreSQL is away callers are told to try again, and nothing about it', async () => {
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
  expect(JSON.stringify(errors)).not.toMatch(/127|ECONN|postgres|select/i);
  const held = await createBooking(fan, `Event_${event.eventId}`, [`Seat_${event.seatId(36)}`]);
  expect(held).toMatchObject({ __typename: 'TryAgain', retry: { advice: 'SAME_KEY' } });
  const ready = await fetch(`${system.secondApiUrl}/ready?verbose`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({
    status: 'not ready',
    dependencies: { 'booking-database': { state: 'down' }, redis: { state: 'up' }, search: { state: 'impaired' } },
    degradations: expect.arrayContaining([expect.objectContaining({ dependency: 'booking-database' })]),
  });
});
