import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { findViolations } from '#processes/invariants/violations.ts';
import { createBooking, createBookingMutation, type Fan, fanAt, signInAsGuest } from '#test/fans/fan.ts';
import { post } from '#test/fans/graphql-http.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

let system: System;
let db: Db;
let event: SeededEvent;
beforeAll(async () => {
  system = await startSystem({ processes: ['api', 'worker', 'gateway-sandbox'] });
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  event = await seedEvent(db, { seats: 200 });
});
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

type SignUp = { email?: string; password?: string; displayName?: string };
const signUpMutation = `mutation ($input: SignUpInput!) { signUp(input: $input) { __typename
  ... on SignUpSuccess { session { accessToken refreshToken viewer { id email displayName } } } ... on Refusal { code } } }`;
const newInput = (given: SignUp = {}) => ({
  email: `${randomUUID()}@example.org`,
  password: 'correct horse',
  displayName: 'Ann',
  ...given,
});
const signUpAs = async (fan: Fan, given: SignUp = {}) =>
  (await fan.ask(signUpMutation, { input: newInput(given) })).signUp;
const hold = (fan: Fan, ...seats: number[]) =>
  createBooking(
    fan,
    `Event_${event.eventId}`,
    seats.map((no) => `Seat_${event.seatId(no)}`),
  );
const bookingsOf = async (fan: Fan): Promise<string[]> =>
  (await fan.ask('{ viewer { bookings(first: 50) { edges { node { id } } } } }')).viewer.bookings.edges.map(
    (edge: { node: { id: string } }) => edge.node.id,
  );
const refresh = async (refreshToken: string) =>
  (
    await post(system.apiUrl, {
      query: `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { __typename
        ... on RefreshSessionSuccess { session { accessToken viewer { id } } } } }`,
      variables: { input: { refreshToken } },
    })
  ).data.refreshSession;

test('a guest who signs up stays the same viewer, with the bookings, and can sign in', async () => {
  const guest = await signInAsGuest(system.apiUrl);
  const { booking } = await hold(guest, 0, 1);
  const input = newInput();
  const { session } = await signUpAs(guest, input);
  expect(session.viewer).toEqual({ id: guest.userId, email: input.email, displayName: 'Ann' });
  expect(await bookingsOf(fanAt(system.apiUrl, { userId: guest.userId, token: session.accessToken }))).toEqual([
    booking.id,
  ]);
  // The guest's own access token stays valid, because it is the same session.
  expect(await bookingsOf(guest)).toEqual([booking.id]);
  expect((await refresh(session.refreshToken)).session.viewer.id).toBe(guest.userId);
  const signedIn = await post(system.apiUrl, {
    query: `mutation ($email: String!, $password: String!) { signIn(input: { email: $email, password: $password }) {
      ... on SignInSuccess { session { viewer { id } } } } }`,
    variables: { email: input.email, password: input.password },
  });
  expect(signedIn.data.signIn.session.viewer.id).toBe(guest.userId);
});

test('the former refresh token of the guest opens no session and ends none', async () => {
  const { data } = await post(system.apiUrl, {
    query: `mutation { signInAsGuest(input: { email: "two@example.org" }) {
      ... on SignInAsGuestSuccess { session { accessToken refreshToken viewer { id } } } } }`,
  });
  const before = data.signInAsGuest.session;
  const guest = fanAt(system.apiUrl, { userId: before.viewer.id, token: before.accessToken });
  const { session } = await signUpAs(guest);
  expect(await refresh(before.refreshToken)).toEqual({ __typename: 'SessionEnded' });
  expect((await refresh(session.refreshToken)).session.viewer.id).toBe(guest.userId);
});

test('the other sessions of the guest end', async () => {
  const guest = await signInAsGuest(system.apiUrl);
  const userId = guest.userId.replace('User_', '');
  await db.$client`
    insert into refresh_tokens (id, user_id, family_id, token_hash, expires_at)
    values (gen_random_uuid(), ${userId}, gen_random_uuid(), 'other', now() + interval '1 day')`;
  await signUpAs(guest);
  const rows = await db.$client`select token_hash from refresh_tokens where user_id = ${userId} and revoked_at is null`;
  expect(rows).toHaveLength(1);
  expect(rows[0]?.token_hash).not.toEqual(Buffer.from('other'));
});

test('an address that has an account is refused, and the guest stays a guest, with the bookings', async () => {
  const taken = newInput();
  await signUpAs(await signInAsGuest(system.apiUrl), taken);
  const guest = await signInAsGuest(system.apiUrl);
  const { booking } = await hold(guest, 2);
  expect(await signUpAs(guest, { email: taken.email.toUpperCase() })).toMatchObject({ code: 'EMAIL_TAKEN' });
  expect(await bookingsOf(guest)).toEqual([booking.id]);
  expect((await signUpAs(guest)).session.viewer.id).toBe(guest.userId);
});

test('of many simultaneous sign-ups of one guest, one gets the guest and none takes its address twice', async () => {
  const guest = await signInAsGuest(system.apiUrl);
  const { booking } = await hold(guest, 3);
  const input = newInput();
  const answers = await Promise.all(Array.from({ length: 5 }, () => signUpAs(guest, input)));
  const became = answers.filter((answer) => answer.session);
  expect(became).toHaveLength(1);
  expect(became[0].session.viewer.id).toBe(guest.userId);
  expect(answers.filter((answer) => answer.code === 'EMAIL_TAKEN')).toHaveLength(4);
  expect(await bookingsOf(guest)).toEqual([booking.id]);
});

test('of two guests who sign up with one address at once, one becomes the account and the other stays a guest', async () => {
  const guests = [await signInAsGuest(system.apiUrl), await signInAsGuest(system.apiUrl)];
  const input = newInput();
  const answers = await Promise.all(guests.map((guest) => signUpAs(guest, input)));
  expect(answers.map((answer) => answer.code ?? 'ok').sort()).toEqual(['EMAIL_TAKEN', 'ok']);
  const rows = await db.$client`select is_guest from users
    where id = any(${guests.map(({ userId }) => userId.replace('User_', ''))}) order by is_guest`;
  expect(rows.map((row) => row.is_guest)).toEqual([false, true]);
});

test('holds that are made while the guest signs up belong to the account', async () => {
  const guest = await signInAsGuest(system.apiUrl);
  const holding = Array.from({ length: 8 }, (_, n) =>
    guest.ask(createBookingMutation, {
      input: {
        eventId: `Event_${event.eventId}`,
        seatIds: [`Seat_${event.seatId(20 + n)}`],
        idempotencyKey: randomUUID(),
      },
    }),
  );
  const [{ session }, ...held] = await Promise.all([signUpAs(guest), ...holding]);
  expect(session.viewer.id).toBe(guest.userId);
  const account = fanAt(system.apiUrl, { userId: guest.userId, token: session.accessToken });
  const ids = held.map(({ createBooking: answer }) => answer.booking.id);
  expect((await bookingsOf(account)).sort()).toEqual(ids.sort());
  expect(await findViolations(system.bookingUrl)).toEqual([]);
});

test('sign-up with the token of an account makes another account, and the first one keeps everything', async () => {
  const guest = await signInAsGuest(system.apiUrl);
  const { booking } = await hold(guest, 40);
  await signUpAs(guest);
  const { session } = await signUpAs(guest);
  expect(session.viewer.id).not.toBe(guest.userId);
  expect(await bookingsOf(guest)).toEqual([booking.id]);
});

const recover = async (email: string) =>
  (
    await post(system.apiUrl, {
      query: `mutation ($input: RecoverGuestInput!) { recoverGuest(input: $input) { __typename
        ... on RecoverGuestSuccess { linkValidMinutes } ... on Refusal { code } ... on InvalidInput { field } } }`,
      variables: { input: { email } },
    })
  ).data.recoverGuest;
const resume = async (token: string) =>
  (
    await post(system.apiUrl, {
      query: `mutation ($input: ResumeGuestInput!) { resumeGuest(input: $input) { __typename
        ... on ResumeGuestSuccess { session { accessToken refreshToken viewer { id } } } ... on Refusal { code retry { advice } } } }`,
      variables: { input: { token } },
    })
  ).data.resumeGuest;
const mailsTo = async (email: string): Promise<{ text: string }[]> => {
  const { mails } = (await (await fetch(`${system.gatewayUrl}/mails`)).json()) as {
    mails: { to: string; text: string }[];
  };
  return mails.filter(({ to }) => to === email);
};
const tokenIn = (text: string) => /recover#([\w-]+)/.exec(text)?.[1] ?? '';

test('a guest who lost the tokens comes back by the link in a mail, to the same bookings', async () => {
  const email = `canary-${randomUUID()}@example.org`;
  const guest = await signInAsGuest(system.apiUrl, email);
  const { booking } = await hold(guest, 50);
  expect(await recover(email)).toEqual({ __typename: 'RecoverGuestSuccess', linkValidMinutes: 30 });
  await expect.poll(async () => (await mailsTo(email)).length).toBe(1);
  const [mail] = await mailsTo(email);
  const token = tokenIn(mail?.text ?? '');
  const { session } = await resume(token);
  expect(session.viewer.id).toBe(guest.userId);
  expect(await bookingsOf(fanAt(system.apiUrl, { userId: guest.userId, token: session.accessToken }))).toEqual([
    booking.id,
  ]);
  expect(await resume(token)).toEqual({
    __typename: 'RecoveryLinkEnded',
    code: 'RECOVERY_LINK_ENDED',
    retry: { advice: 'NEVER' },
  });
  // After that the guest can become an account.
  const account = await signUpAs(fanAt(system.apiUrl, { userId: guest.userId, token: session.accessToken }));
  expect(account.session.viewer.id).toBe(guest.userId);

  const page = await fetch(`${system.gatewayUrl}/mails`, { headers: { accept: 'text/html' } });
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await page.text()).toContain(`<a href="https://tickets.example/recover#${token}"`);
  const log = system.lines.join('\n');
  for (const secret of [email, token, session.refreshToken]) expect(log).not.toContain(secret);
  for (const table of ['outbox', 'mails', 'guest_recoveries', 'event_log.messages']) {
    const rows = JSON.stringify(await db.$client.unsafe(`select row_to_json(t)::text as row from ${table} t`));
    for (const secret of [email, token]) expect(rows.includes(secret), table).toBe(false);
  }
});

test('an address that no guest gave gets the same answer, and both are limited alike', async () => {
  const known = `${randomUUID()}@example.org`;
  await signInAsGuest(system.apiUrl, known);
  const ask = async (email: string) => {
    const answers: unknown[] = [];
    for (let n = 0; n < 5; n++) answers.push(await recover(email));
    return answers;
  };
  const answers = await ask(known);
  expect(answers.map((answer) => (answer as { __typename: string }).__typename)).toEqual([
    ...Array(3).fill('RecoverGuestSuccess'),
    'RateLimited',
    'RateLimited',
  ]);
  expect(await ask(`${randomUUID()}@example.org`)).toEqual(answers);
  expect(await recover('no address')).toEqual({ __typename: 'InvalidInput', code: 'INVALID_INPUT', field: 'email' });
});

test('only a caller with the key of the gateway can put a mail on its page', async () => {
  const body = JSON.stringify({ id: 'x', from: 'a', to: 'b', subject: 'c', text: 'd' });
  const put = (authorization: string) =>
    fetch(`${system.gatewayUrl}/mails`, { method: 'POST', headers: { authorization }, body });
  expect((await put('Bearer wrong')).status).toBe(401);
  expect((await put(`Bearer ${system.gatewayApiKey}`)).status).toBe(201);
  expect((await fetch(`${system.gatewayUrl}/mails`, { method: 'DELETE' })).status).toBe(405);
});
