import { type createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { signInAsGuest } from '#test/fans/fan.ts';
import { post } from '#test/fans/graphql-http.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

let system: System;
let db: Db;
beforeAll(async () => {
  system = await startSystem({ processes: ['api'] });
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
});
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

const session = '... on Refusal { code message retry { advice afterSeconds } }';
const invalid = '... on InvalidInput { field }';
const tokens = 'session { accessToken accessTokenExpiresAt refreshToken viewer { id email displayName } }';
const signUp = `mutation ($input: SignUpInput!) { signUp(input: $input) { __typename ... on SignUpSuccess { ${tokens} } ${session} ${invalid} } }`;
const signIn = `mutation ($input: SignInInput!) { signIn(input: $input) { __typename ... on SignInSuccess { ${tokens} } ${session} } }`;
const refresh = `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { __typename ... on RefreshSessionSuccess { ${tokens} } ${session} } }`;

const ask = async (query: string, input: object, token?: string) => {
  const headers = token ? { authorization: `Bearer ${token}` } : undefined;
  const { data, errors } = await post(system.apiUrl, { query, variables: { input } }, headers);
  if (errors) throw new Error(JSON.stringify(errors));
  return Object.values(data)[0] as Record<string, unknown>;
};
/** The viewer of a token, or the code with which the API refuses the token. */
const viewerOf = async (token: string) => {
  const query = '{ viewer { id email } }';
  const { data, errors } = await post(system.apiUrl, { query }, { authorization: `Bearer ${token}` });
  return errors ? errors[0].extensions.code : data.viewer;
};

test('an address gets one account, in any case, and signs in again', async () => {
  const input = { email: 'Ann@Example.org', password: 'correct horse', displayName: 'Ann' };
  const made = await ask(signUp, input);
  expect(made).toMatchObject({
    __typename: 'SignUpSuccess',
    session: { viewer: { email: 'Ann@Example.org', displayName: 'Ann' } },
  });
  expect(await ask(signUp, { ...input, email: 'ann@example.ORG' })).toMatchObject({
    __typename: 'EmailTaken',
    code: 'EMAIL_TAKEN',
    retry: { advice: 'NEVER' },
  });
  const again = await ask(signIn, { email: 'ann@example.org', password: 'correct horse' });
  expect(again).toMatchObject({
    __typename: 'SignInSuccess',
    session: { viewer: (made as { session: { viewer: object } }).session.viewer },
  });
});

test('a wrong password and an unknown address get the same refusal', async () => {
  await ask(signUp, { email: 'bob@example.org', password: 'correct horse', displayName: 'Bob' });
  const wrong = await ask(signIn, { email: 'bob@example.org', password: 'incorrect horse' });
  const unknown = await ask(signIn, { email: 'unknown@example.org', password: 'incorrect horse' });
  expect(wrong).toMatchObject({ __typename: 'WrongCredentials' });
  expect(unknown).toEqual(wrong);
});

test('wrong passwords for an address are limited the same with and without an account', async () => {
  await ask(signUp, { email: 'guessed@example.org', password: 'correct horse', displayName: 'G' });
  const guess = async (email: string) => {
    const answers: unknown[] = [];
    for (let n = 0; n < 12; n++) answers.push((await ask(signIn, { email, password: 'incorrect horse' })).__typename);
    return answers;
  };
  const known = await guess('guessed@example.org');
  expect(known).toEqual([...Array(10).fill('WrongCredentials'), 'RateLimited', 'RateLimited']);
  expect(await guess('unguessed@example.org')).toEqual(known);
  expect(await ask(signIn, { email: 'Guessed@Example.org', password: 'correct horse' })).toMatchObject({
    code: 'RATE_LIMITED',
    retry: { advice: 'AFTER' },
  });
});

test.each([
  ['email', { email: 'no address', password: 'correct horse', displayName: 'C' }],
  ['password', { email: 'c@example.org', password: 'too short', displayName: 'C' }],
  ['password', { email: 'c@example.org', password: 'x'.repeat(201), displayName: 'C' }],
  ['displayName', { email: 'c@example.org', password: 'correct horse', displayName: '  ' }],
])('a bad %s is named', async (field, input) => {
  expect(await ask(signUp, input)).toMatchObject({ __typename: 'InvalidInput', field });
});

test('each guest is a new viewer, also with a known address', async () => {
  const [one, two] = [await signInAsGuest(system.apiUrl), await signInAsGuest(system.apiUrl)];
  expect(one.userId).not.toBe(two.userId);
  expect(await viewerOf(one.token)).toEqual({ id: one.userId, email: 'fan@example.org' });
  const node = 'query ($id: ID!) { node(id: $id) { id } }';
  expect((await one.ask(node, { id: one.userId })).node).toEqual({ id: one.userId });
  expect((await one.ask(node, { id: two.userId })).node).toBeNull();
});

type Opened = { session: { accessToken: string; refreshToken: string; viewer: { id: string } } };
const open = async (email: string) =>
  ((await ask(signUp, { email, password: 'correct horse', displayName: 'Dan' })) as never as Opened).session;
const goOn = async ({ refreshToken }: { refreshToken: string }) =>
  ((await ask(refresh, { refreshToken })) as never as Opened).session;

test('a refresh whose answer was lost, sent again, returns the same successor, and the session continues', async () => {
  const first = await open('lost@example.org');
  const lost = await goOn(first);
  const again = await goOn(first);
  expect(again.refreshToken).toBe(lost.refreshToken);
  expect(await viewerOf(again.accessToken)).toMatchObject({ id: first.viewer.id });
  expect((await goOn(again)).viewer).toEqual(first.viewer);
});

test('a refresh token that returns after its successor was used ends the session for both holders', async () => {
  const first = await open('dan@example.org');
  const second = await goOn(first);
  const third = await goOn(second);
  expect(await viewerOf(third.accessToken)).toMatchObject({ id: first.viewer.id });
  expect(await ask(refresh, { refreshToken: first.refreshToken })).toMatchObject({ __typename: 'SessionEnded' });
  expect(await ask(refresh, { refreshToken: third.refreshToken })).toMatchObject({ __typename: 'SessionEnded' });
  expect(await viewerOf(third.accessToken)).toBe('UNAUTHENTICATED');
});

test('a refresh token that returns after half a minute ends the session, with its successor used or not', async () => {
  const first = await open('late@example.org');
  const second = await goOn(first);
  const userId = first.viewer.id.replace('User_', '');
  await db.$client`update refresh_tokens set used_at = used_at - interval '29 seconds' where user_id = ${userId} and used_at is not null`;
  expect((await goOn(first)).refreshToken).toBe(second.refreshToken);
  await db.$client`update refresh_tokens set used_at = used_at - interval '2 seconds' where user_id = ${userId} and used_at is not null`;
  expect(await ask(refresh, { refreshToken: first.refreshToken })).toMatchObject({ __typename: 'SessionEnded' });
  expect(await ask(refresh, { refreshToken: second.refreshToken })).toMatchObject({ __typename: 'SessionEnded' });
});

test('many simultaneous uses of one refresh token return the same next one, and add one row', async () => {
  const first = await open('eve@example.org');
  const answers = await Promise.all(Array.from({ length: 10 }, () => goOn(first)));
  expect(new Set(answers.map((answer) => answer.refreshToken)).size).toBe(1);
  const rows = await db.$client`select 1 from refresh_tokens where user_id = ${first.viewer.id.replace('User_', '')}`;
  expect(rows).toHaveLength(2);
});

test('a successor that was stored while its session was being ended opens no session', async () => {
  const first = await open('race@example.org');
  const second = await goOn(first);
  // The row that a sign-out leaves if it did not see the successor.
  await db.$client`update refresh_tokens set revoked_at = now() where user_id = ${first.viewer.id.replace('User_', '')} and used_at is not null`;
  expect(await ask(refresh, { refreshToken: second.refreshToken })).toMatchObject({ __typename: 'SessionEnded' });
});

test('signing out ends the session at once, and needs a session', async () => {
  const fan = await signInAsGuest(system.apiUrl);
  expect(await fan.ask('mutation { signOut }')).toEqual({ signOut: true });
  expect(await viewerOf(fan.token)).toBe('UNAUTHENTICATED');
  const { errors } = await fan.answer('mutation { signOut }');
  expect(errors?.[0].extensions.code).toBe('UNAUTHENTICATED');
});

test('a session that was ended at another process ends here within seconds', async () => {
  const fan = await signInAsGuest(system.apiUrl);
  await db.$client`update refresh_tokens set revoked_at = now() where user_id = ${fan.userId.replace('User_', '')}`;
  await expect.poll(() => viewerOf(fan.token)).toBe('UNAUTHENTICATED');
});

test('only a token of this system, of the right kind, makes a viewer', async () => {
  const fan = await signInAsGuest(system.apiUrl);
  const [header = '', payload = '', signature = ''] = fan.token.split('.');
  const decoded = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const foreign = generateKeyPairSync('ed25519').privateKey;
  const sign = (key: ReturnType<typeof createPrivateKey>, alg: string, typ: string) =>
    new SignJWT(decoded).setProtectedHeader({ alg, typ }).sign(key);
  const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
  const forged = [
    await sign(foreign, 'Ed25519', 'at+jwt'),
    `${none}.${payload}.`,
    `${header}.${Buffer.from(JSON.stringify({ ...decoded, role: 'ADMIN' })).toString('base64url')}.${signature}`,
    `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
    'nonsense',
  ];
  for (const token of forged) expect(await viewerOf(token), token).toBe('UNAUTHENTICATED');
});

test('all callers see a published event and its venue; no caller sees a draft', async () => {
  const event = await seedEvent(db, {
    seats: 40,
    sections: 2,
    title: 'Opening match',
    priceMinor: 5000,
    feeMinor: 250,
  });
  const draft = await seedEvent(db, { seats: 4, status: 'DRAFT', like: event });
  const { data, errors } = await post(system.apiUrl, {
    query: `query ($id: ID!, $venue: ID!, $draft: ID!) {
      event(id: $id) { id title saleStatus priceFrom { amountMinor currency } priceTiers { id name price { amountMinor } fee { amountMinor } }
        availability { capacity available held booked } venue { id name location { latitude longitude } } }
      venue(id: $venue) { id capacity }
      node(id: $id) { __typename id ... on Event { title } }
      draft: event(id: $draft) { id }
    }`,
    variables: { id: `Event_${event.eventId}`, venue: `Venue_${event.venueId}`, draft: `Event_${draft.eventId}` },
  });
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({
    event: {
      title: 'Opening match',
      saleStatus: 'ON_SALE',
      priceFrom: { amountMinor: 5250, currency: 'USD' },
      priceTiers: [
        { name: 'Tier 1', price: { amountMinor: 5250 }, fee: { amountMinor: 250 } },
        { name: 'Tier 2', price: { amountMinor: 6250 } },
      ],
      availability: { capacity: 40, available: 40, held: 0, booked: 0 },
      venue: { id: `Venue_${event.venueId}`, location: { latitude: 40, longitude: -90 } },
    },
    venue: { id: `Venue_${event.venueId}`, capacity: 40 },
    node: { __typename: 'Event', id: `Event_${event.eventId}`, title: 'Opening match' },
    draft: null,
  });
});
