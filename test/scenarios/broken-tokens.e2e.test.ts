import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { createBooking, type Fan, signInAsGuest } from '#test/fans/fan.ts';
import { post } from '#test/fans/graphql-http.ts';
import { openSocket } from '#test/fans/graphql-socket.ts';
import { transports } from '#test/fans/transports.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

let system: System;
let db: Db;
let event: SeededEvent;
let fan: Fan;
let bookingId: string;
beforeAll(async () => {
  system = await startSystem({ processes: ['api'] });
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  event = await seedEvent(db, { seats: 40 });
  fan = await signInAsGuest(system.apiUrl);
  const held = await createBooking(fan, `Event_${event.eventId}`, [`Seat_${event.seatId(3)}`]);
  bookingId = held.booking.id;
});
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

/** The fan's own token, as it is an hour later. */
async function expired(): Promise<string> {
  const claims = JSON.parse(Buffer.from(fan.token.split('.')[1] ?? '', 'base64url').toString());
  const der = Buffer.from(system.env.TOKEN_PRIVATE_KEY ?? '', 'base64');
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const hour = 3_600;
  return await new SignJWT({ ...claims, iat: claims.iat - hour, exp: claims.exp - hour })
    .setProtectedHeader({ alg: 'Ed25519', typ: 'at+jwt' })
    .sign(key);
}

const tokens: Record<string, () => Promise<string> | string> = {
  'that has expired': expired,
  'whose signature is broken': () => `${fan.token.slice(0, -4)}AAAA`,
  'that is cut short': () => fan.token.slice(0, 40),
  'of a variable that was never set': () => 'undefined',
  'with characters that no token has': () => 'a b"c',
  async 'of a session that was signed out'() {
    const other = await signInAsGuest(system.apiUrl);
    await other.ask('mutation { signOut }');
    return other.token;
  },
};

const operations = {
  'its own booking': ['query ($id: ID!) { booking(id: $id) { id } }', () => ({ id: bookingId })],
  'the viewer': ['{ viewer { id } }', () => ({})],
  'a node': ['query ($id: ID!) { node(id: $id) { id } }', () => ({ id: bookingId })],
  'a public event': ['query ($id: ID!) { event(id: $id) { id } }', () => ({ id: `Event_${event.eventId}` })],
  'a mutation that needs no viewer': [
    'mutation { signInAsGuest(input: { email: "fan@example.org" }) { __typename } }',
    () => ({}),
  ],
  'a subscription to its booking': [
    'subscription ($id: ID!) { bookingChanged(bookingId: $id) { id } }',
    () => ({ id: bookingId }),
  ],
  'a public subscription': [
    'subscription ($id: ID!) { eventChanged(eventId: $id) { id } }',
    () => ({ id: `Event_${event.eventId}` }),
  ],
} as const satisfies Record<string, readonly [string, () => object]>;
const subscriptions = Object.entries(operations).filter(([, [query]]) => query.startsWith('subscription'));

describe.each(Object.entries(tokens))('a token %s', (_name, tokenOf) => {
  test.each(Object.entries(operations))('refuses %s over HTTP and server-sent events', async (_what, operation) => {
    const [query, variables] = operation;
    const asked = { query, variables: variables(), token: await tokenOf() };
    const over = query.startsWith('subscription')
      ? ['server-sent events' as const]
      : ['HTTP' as const, 'server-sent events' as const];
    for (const transport of over) {
      const { bytes } = await transports[transport](system.apiUrl, asked);
      expect(bytes).toContain('"code":"UNAUTHENTICATED"');
      expect(bytes).not.toContain('"data":{');
    }
  });

  test.each(subscriptions)(
    'refuses the socket that asks for %s, with a code that clients retry',
    async (_what, operation) => {
      const [query, variables] = operation;
      const { bytes } = await transports.WebSocket(system.apiUrl, {
        query,
        variables: variables(),
        token: await tokenOf(),
      });
      expect(bytes).toMatch(/^closed 4403 UNAUTHENTICATED/);
    },
  );
});

test('a client that asks for the newer media type gets status 401', async () => {
  const accept = 'application/graphql-response+json';
  const headers = { accept, authorization: 'Bearer undefined' };
  expect(await post(system.apiUrl, { query: '{ viewer { id } }' }, headers)).toMatchObject({
    status: 401,
    errors: [{ extensions: { code: 'UNAUTHENTICATED', requestId: expect.any(String) } }],
  });
});

test.each(['', 'Bearer', 'Bearer '])(
  'the header %j carries no token, so the caller has no viewer',
  async (authorization) => {
    const { data, errors } = await post(system.apiUrl, { query: '{ viewer { id } }' }, { authorization });
    expect([data, errors]).toEqual([{ viewer: null }, undefined]);
  },
);

/** The answer to a socket with these params about the fan's own booking. */
const bookingBy = (params: Record<string, unknown>) =>
  new Promise<unknown>((resolve) => {
    const client = openSocket(system.apiUrl, params);
    const [query, variables] = operations['a subscription to its booking'];
    const done = (heard: unknown) => {
      resolve(heard);
      void client.dispose();
    };
    client.subscribe(
      { query, variables: variables() as Record<string, unknown> },
      { next: done, error: done, complete: () => done('complete') },
    );
  });

test.each([
  ['authorization', (bearer: string) => ({ authorization: bearer })],
  ['Authorization', (bearer: string) => ({ Authorization: bearer })],
  ['headers.authorization', (bearer: string) => ({ headers: { authorization: bearer } })],
  ['headers.Authorization', (bearer: string) => ({ headers: { Authorization: bearer } })],
])('connection params carry the token as %s', async (_name, params) => {
  expect(await bookingBy(params(`Bearer ${fan.token}`))).toEqual({ data: { bookingChanged: { id: bookingId } } });
  expect(await bookingBy(params('Bearer undefined'))).toMatchObject({ code: 4403 });
  expect(await bookingBy(params(''))).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
});
