import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { schema } from '#schema/index.ts';
import { type Fan, fanAt, signInAsGuest } from '#test/fans/fan.ts';
import { post } from '#test/fans/graphql-http.ts';
import { recoveryTokenFor } from '#test/support/account/recovery-token.ts';
import { type SeededEvent, seedEvent, seedMember } from '#test/support/databases/catalog.ts';
import { openAttempts, organizationMutations } from '#test/support/http/attempts.ts';
import { awayTurnstile, mutations } from '#test/support/http/mutation-documents.ts';
import { chooseWhatIsRefused } from '#test/support/http/refused-choices.ts';
import { someAddress } from '#test/support/http/some-address.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

/**
 * Every member of the result unions, over HTTP; the last test lists the members that never occurred. Those of
 * organizations are in refusals-organizations.e2e.test.ts.
 */

let system: System;
let db: Db;
let event: SeededEvent;
beforeAll(async () => {
  // Behind a proxy the proxy names the address, so that each test can come from another one.
  system = await startSystem({
    processes: ['api'],
    env: { TRUST_PROXY: '1', HOARDING_LIMITS: 'on', MAX_PLACES_PER_ADDRESS: '1' },
  });
  db = openDb({ url: system.bookingUrl, poolMax: 4, name: 'test' });
  event = await seedEvent(db, { seats: 200, rows: 4 });
});
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

const attempts = openAttempts(() => system.apiUrl);
const attempt = attempts.attempt.bind(attempts);

type More = { of?: SeededEvent; key?: string; address?: string; quoteHash?: string };
const book = (fan: Fan, seatNos: number[], more: More = {}) => {
  const { of = event, key: idempotencyKey = randomUUID(), address, quoteHash } = more;
  const seatIds = of.seatIds(...seatNos).map((id) => `Seat_${id}`);
  return attempt('createBooking', { eventId: `Event_${of.eventId}`, seatIds, idempotencyKey, quoteHash }, fan, address);
};
const guest = () => signInAsGuest(system.apiUrl);

test('accounts: taken addresses, wrong credentials, bad input', async () => {
  const input = { email: 'ann@example.org', password: 'correct horse', displayName: 'Ann' };
  expect((await attempt('signUp', input)).session.viewer.id).toMatch(/^User_/);
  expect(await attempt('signUp', input)).toMatchObject({ code: 'EMAIL_TAKEN', retry: { advice: 'NEVER' } });
  expect(await attempt('signUp', { ...input, email: 'ann' })).toMatchObject({ code: 'INVALID_INPUT', field: 'email' });
  const { displayName: _, ...credentials } = input;
  expect(await attempt('signIn', credentials)).toHaveProperty('session.accessToken');
  expect(await attempt('signIn', { ...credentials, password: 'wrong' })).toMatchObject({ code: 'WRONG_CREDENTIALS' });
  expect(await attempt('signIn', { ...credentials, email: '@' })).toMatchObject({ code: 'INVALID_INPUT' });
  expect((await attempt('signInAsGuest', { email: 'guest@example.org' })).session.refreshToken).toBeTruthy();
  expect(await attempt('signInAsGuest', { email: 'guest' })).toMatchObject({ code: 'INVALID_INPUT' });
});

test('guests with a challenge: no answer, and a verifier that is away', async () => {
  await system.start('api-2', awayTurnstile);
  const ask = async (more: object) => {
    const body = { query: mutations.signInAsGuest, variables: { input: { email: 'guest@example.org', ...more } } };
    const { data } = await post(system.secondApiUrl, body);
    attempts.produced('signInAsGuest', data.signInAsGuest);
    return data.signInAsGuest;
  };
  expect(await ask({})).toMatchObject({ code: 'CHALLENGE_REQUIRED', kind: 'TURNSTILE', challenge: 'site' });
  expect(await ask({ challengeAnswer: 'token' })).toMatchObject({ code: 'TRY_AGAIN', retry: { advice: 'SAME_KEY' } });
  await system.kill('api-2');
});

test('sessions: a refresh token works once, and a lost answer is repeated until the next token is used', async () => {
  const first = { refreshToken: (await attempt('signInAsGuest', { email: 'guest@example.org' })).session.refreshToken };
  const next = await attempt('refreshSession', first);
  expect((await attempt('refreshSession', first)).session.refreshToken).toBe(next.session.refreshToken);
  expect((await attempt('refreshSession', { refreshToken: next.session.refreshToken })).code).toBeUndefined();
  expect(await attempt('refreshSession', first)).toMatchObject({ code: 'SESSION_ENDED', retry: { advice: 'NEVER' } });
  expect(await attempt('refreshSession', { refreshToken: 'a\u0000b' })).toMatchObject({ code: 'INVALID_INPUT' });
});

test.each([
  ['signUp', 20, { email: 'x', password: 'x', displayName: 'x' }],
  ['signIn', 30, { email: 'x', password: 'x' }],
  ['signInAsGuest', 120, { email: 'x' }],
  ['refreshSession', 300, { refreshToken: 'x' }],
  ['recoverGuest', 10, { email: 'x' }],
  ['resumeGuest', 30, { token: 'x' }],
] as const)('%s: an address that tries too often learns when to come back', async (name, budget, input) => {
  const address = someAddress();
  const another = (n: number) => ('email' in input ? { ...input, email: `${name}-${n}` } : input);
  for (let n = 0; n < budget; n++)
    expect((await attempt(name, another(n), undefined, address)).code).not.toBe('RATE_LIMITED');
  const limited = await attempt(name, another(budget), undefined, address);
  expect(limited).toMatchObject({ code: 'RATE_LIMITED', retry: { advice: 'AFTER' } });
  expect(limited.retry.afterSeconds).toBeGreaterThan(0);
  expect((await attempt(name, input)).code, 'another address is not').not.toBe('RATE_LIMITED');
});

test('a guest: a link is requested, and its token opens a session once', async () => {
  expect(await attempt('recoverGuest', { email: 'lost@example.org' })).toMatchObject({
    __typename: 'RecoverGuestSuccess',
  });
  expect(await attempt('recoverGuest', { email: 'lost' })).toMatchObject({ code: 'INVALID_INPUT', field: 'email' });
  const { userId } = await signInAsGuest(system.apiUrl, 'lost@example.org');
  const token = await recoveryTokenFor(db, userId);
  expect((await attempt('resumeGuest', { token })).session.viewer.id).toBe(userId);
  expect(await attempt('resumeGuest', { token })).toMatchObject({ code: 'RECOVERY_LINK_ENDED' });
  expect(await attempt('resumeGuest', { token: 'a\u0000b' })).toMatchObject({ code: 'INVALID_INPUT' });
});

test('a booking: made, replayed, refused for another request with its key', async () => {
  const [fan, key] = [await guest(), randomUUID()];
  const made = await book(fan, [0, 1], { key });
  expect(made).toMatchObject({ __typename: 'CreateBookingSuccess', replayed: false });
  expect(await book(fan, [1, 0], { key })).toMatchObject({ replayed: true, booking: { id: made.booking.id } });
  expect(await book(fan, [2], { key })).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', retry: { advice: 'NEW_KEY' } });
  const taken = await book(await guest(), [1, 2]);
  expect(taken).toMatchObject({
    code: 'SEATS_UNAVAILABLE',
    retry: { advice: 'NEW_KEY' },
    seats: [{ id: `Seat_${event.seatId(1)}` }],
  });
  expect(taken.alternatives[0].seats).toHaveLength(2);
  expect(taken.alternatives[0].total).toEqual({ amountMinor: 2 * 5250, currency: 'USD' });
});

test('a booking: invalid requests', async () => {
  const fan = await guest();
  expect(await book(fan, [])).toMatchObject({ code: 'INVALID_INPUT', field: 'seatIds' });
  expect(await book(fan, [10, 10])).toMatchObject({ code: 'INVALID_INPUT', field: 'seatIds' });
  expect(await book(fan, [100_000])).toMatchObject({ code: 'INVALID_INPUT', field: 'seatIds' });
  expect(await book(fan, [10], { key: '' })).toMatchObject({ code: 'INVALID_INPUT', field: 'idempotencyKey' });
  expect(await book(fan, [10], { quoteHash: 'older' })).toMatchObject({ code: 'PRICE_CHANGED' });
  expect(await book(fan, [20, 21, 22, 23, 24, 25, 26, 27, 28])).toMatchObject({ code: 'TOO_MANY_SEATS', limit: 8 });
  const unknown = { eventId: `Event_${randomUUID()}`, seatIds: [`Seat_${event.seatId(0)}`], idempotencyKey: 'k' };
  expect(await attempt('createBooking', unknown, fan)).toMatchObject({ code: 'NOT_FOUND' });
  expect(await attempt('createBooking', { ...unknown, eventId: 'nonsense' }, fan)).toMatchObject({ code: 'NOT_FOUND' });
  const early = await book(fan, [0], { of: await seedEvent(db, { seats: 4, onSaleInSeconds: 3600, like: event }) });
  expect(early).toMatchObject({ code: 'EVENT_NOT_ON_SALE', retry: { advice: 'AFTER' } });
  expect(new Date(early.opensAt).getTime()).toBeGreaterThan(Date.now());
});

test('a booking: a code that is not valid, a single seat, a companion seat alone, places of an area', async () => {
  await chooseWhatIsRefused({ db, attempt, fan: await guest() });
});

test('a booking: more unpaid seats than allowed, and too many bookings given back', async () => {
  const [hoarder, fickle] = [await guest(), await guest()];
  for (const first of [100, 108])
    await book(
      hoarder,
      [0, 1, 2, 3, 4, 5, 6, 7].map((n) => first + n),
    );
  const full = await book(hoarder, [0], { of: await seedEvent(db, { seats: 4, like: event }) });
  expect(full).toMatchObject({ code: 'TOO_MANY_UNPAID_SEATS', of: 'VIEWER', limit: 16, retry: { advice: 'SAME_KEY' } });
  for (let n = 0; n < 4; n++)
    await attempt('cancelBooking', { bookingId: (await book(fickle, [120])).booking.id }, fickle);
  const waiting = await book(fickle, [120]);
  expect(waiting).toMatchObject({ code: 'COOLING_DOWN', retry: { advice: 'SAME_KEY' } });
  expect(waiting.retry.afterSeconds).toBeGreaterThan(0);
});

test('a booking: sixty attempts in a minute are one viewer’s share', async () => {
  const fan = await guest();
  const codes = [];
  for (let n = 0; n < 61; n++) codes.push((await book(fan, [])).code);
  expect(codes.slice(0, 60)).not.toContain('RATE_LIMITED');
  expect(codes[60]).toBe('RATE_LIMITED');
});

test('a booking: given back once, not after it ended, and only by its owner', async () => {
  const [fan, other] = [await guest(), await guest()];
  const { booking } = await book(fan, [50]);
  expect(await attempt('cancelBooking', { bookingId: booking.id }, other)).toMatchObject({ code: 'NOT_FOUND' });
  expect(await attempt('cancelBooking', { bookingId: booking.id }, fan)).toMatchObject({
    booking: { status: 'CANCELLED' },
  });

  const { booking: overdue } = await book(fan, [60]);
  await expireByHand(overdue.id.replace('Booking_', ''));
  expect(await attempt('cancelBooking', { bookingId: overdue.id }, fan)).toMatchObject({ code: 'NOT_CANCELLABLE' });
});

/** Does what the worker does when a hold is over. */
async function expireByHand(id: string): Promise<void> {
  await db.$client.begin(async (sql) => {
    await sql`update bookings set status = 'EXPIRED', released_at = now() where id = ${id}`;
    await sql`update event_seats set status = 'AVAILABLE', booking_id = null, hold_expires_at = null where booking_id = ${id}`;
    await sql`update seat_inventories set held = held - 1, available = available + 1, version = version + 1 where event_id = ${event.eventId}`;
  });
}

test('cancelling: ten attempts in ten seconds are one viewer’s share', async () => {
  const fan = await guest();
  const codes = [];
  for (let n = 0; n < 11; n++) codes.push((await attempt('cancelBooking', { bookingId: 'Booking_none' }, fan)).code);
  expect(codes.at(-1)).toBe('RATE_LIMITED');
});

test('an event that is stuck delays a request at most five seconds, and the same key later gets the answer', async () => {
  const [fan, stuck] = [await guest(), await seedEvent(db, { seats: 4, like: event })];
  const { booking } = await book(fan, [0], { of: stuck });
  const release = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const holding = db.$client.begin(async (sql) => {
    await sql`select 1 from seat_inventories where event_id = ${stuck.eventId} for update`;
    locked.resolve();
    await release.promise;
  });
  await locked.promise;
  const key = randomUUID();
  try {
    const [held, cancelled] = await Promise.all([
      book(fan, [2], { of: stuck, key }),
      attempt('cancelBooking', { bookingId: booking.id }, fan),
    ]);
    expect(held).toMatchObject({ code: 'TRY_AGAIN', retry: { advice: 'SAME_KEY' } });
    expect(cancelled).toMatchObject({ code: 'TRY_AGAIN', retry: { advice: 'SAME_KEY' } });
  } finally {
    release.resolve();
    await holding;
  }
  await expect.poll(async () => (await book(fan, [2], { of: stuck, key })).__typename).toBe('CreateBookingSuccess');
});

const organizing = ['configureWaitingRoom', 'openWaitingRoom', 'pauseWaitingRoom', 'endWaitingRoom'] as const;
const organizer = { email: 'organizer@example.org', password: 'correct horse' };

async function signInAsOrganizer(): Promise<Fan> {
  const { session: opened } = await attempt('signIn', organizer);
  return fanAt(system.apiUrl, { token: opened.accessToken, userId: opened.viewer.id });
}

async function eventOfOrganizer(): Promise<SeededEvent> {
  const signedUp = await attempt('signUp', { ...organizer, displayName: 'Organizer' });
  if (signedUp.session) await db.$client`update users set role = 'ORGANIZER' where email = ${organizer.email}`;
  const { userId } = await signInAsOrganizer();
  return seedEvent(db, { seats: 4, like: event, organizerId: userId.replace('User_', '') });
}

test('a waiting room: its organizer configures, opens, pauses and ends it; for other viewers it does not exist', async () => {
  const { eventId: id, organizationId } = await eventOfOrganizer();
  const [by, fan, eventId] = [await signInAsOrganizer(), await guest(), `Event_${id}`];
  for (const name of organizing) {
    expect(await attempt(name, { eventId }, fan)).toMatchObject({ code: 'NOT_FOUND' });
    expect(await attempt(name, { eventId: 'nonsense' }, by)).toMatchObject({ code: 'NOT_FOUND' });
    const bare = name === 'configureWaitingRoom' ? { code: 'INVALID_INPUT', field: 'capacity' } : { code: 'NOT_FOUND' };
    expect(await attempt(name, { eventId }, by)).toMatchObject(bare);
  }
  const reader = await guest();
  await seedMember(db, { organizationId, userId: reader.userId.replace('User_', ''), role: 'READER' });
  for (const name of organizing)
    expect(
      await attempt(name, name === 'configureWaitingRoom' ? { eventId, capacity: 1 } : { eventId }, reader),
    ).toMatchObject({ code: 'NOT_ALLOWED' });
  const input = { eventId, capacity: 5, opensAt: new Date(Date.now() + 3_600_000) };
  const made = await attempt('configureWaitingRoom', input, by);
  expect(made).toMatchObject({ event: { id: eventId }, waitingRoom: { state: 'CLOSED', capacity: 5 } });
  expect(await attempt('joinWaitingRoom', { eventId }, fan)).toMatchObject({
    code: 'EVENT_NOT_ON_SALE',
    opensAt: input.opensAt.toISOString(),
  });
  expect(await attempt('openWaitingRoom', { eventId }, by)).toMatchObject({ waitingRoom: { state: 'OPEN' } });
  await expect
    .poll(async () => (await attempt('joinWaitingRoom', { eventId }, fan)).place?.state, {
      interval: 500,
    })
    .toBe('WAITING');
  const [second, third, address] = [await guest(), await guest(), someAddress()];
  expect((await attempt('joinWaitingRoom', { eventId }, second, address)).place.state).toBe('WAITING');
  expect(await attempt('joinWaitingRoom', { eventId }, third, address)).toMatchObject({
    code: 'TOO_MANY_PLACES',
    limit: 1,
  });
  const early = await attempt(
    'createBooking',
    { eventId, seatIds: [`Seat_${event.seatId(0)}`], idempotencyKey: 'k' },
    fan,
  );
  expect(early).toMatchObject({ code: 'ADMISSION_REQUIRED' });
  expect(await attempt('pauseWaitingRoom', { eventId }, by)).toMatchObject({
    waitingRoom: { state: 'OPEN', paused: true },
    stats: { joined: 2 },
  });
  expect(await attempt('leaveWaitingRoom', { eventId }, fan)).toMatchObject({ place: { state: 'LEFT' } });
  expect(await attempt('leaveWaitingRoom', { eventId }, await guest())).toMatchObject({ code: 'NOT_FOUND' });
  expect(await attempt('joinWaitingRoom', { eventId: `Event_${event.eventId}` }, fan)).toMatchObject({
    code: 'NOT_FOUND',
  });
  expect(await attempt('endWaitingRoom', { eventId }, by)).toMatchObject({ waitingRoom: { state: 'ENDED' } });
});

test('a waiting room that is stuck delays no request without an end', async () => {
  const { eventId: id } = await eventOfOrganizer();
  const [by, fan, eventId] = [await signInAsOrganizer(), await guest(), `Event_${id}`];
  await attempt('configureWaitingRoom', { eventId, capacity: 5 }, by);
  const [locked, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const holding = db.$client.begin(async (sql) => {
    await sql`select 1 from waiting_rooms where event_id = ${id} for update`;
    locked.resolve();
    await release.promise;
  });
  await locked.promise;
  const changes = organizing.map((name) => attempt(name, { eventId }, by));
  const answers = await Promise.all([...changes, attempt('joinWaitingRoom', { eventId }, fan)]).finally(
    release.resolve,
  );
  await holding;
  expect(answers.map(({ code }) => code)).toEqual(Array.from(answers, () => 'TRY_AGAIN'));
});

test.each([...organizing.map((name) => [name, 30] as const), ['joinWaitingRoom', 60] as const])(
  '%s: %i attempts in a minute are one viewer’s share',
  async (name, budget) => {
    const fan = await guest();
    const codes = [];
    for (let n = 0; n <= budget; n++) codes.push((await attempt(name, { eventId: 'Event_none' }, fan)).code);
    expect(codes.slice(0, budget)).not.toContain('RATE_LIMITED');
    expect(codes[budget]).toBe('RATE_LIMITED');
  },
);

test('every member of every result union was produced', () => {
  const { members, missing } = attempts.coverage(schema, { except: organizationMutations });
  expect(members.length).toBeGreaterThan(25);
  expect(missing).toEqual([]);
});
