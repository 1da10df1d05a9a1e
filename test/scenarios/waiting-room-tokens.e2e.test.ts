import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { signIn, signUp } from '#test/fans/accounts.ts';
import { type Attempt, type Outcome, type Way, wayNames, ways } from '#test/fans/admission-attempts.ts';
import type { Fan } from '#test/fans/fan.ts';
import { post } from '#test/fans/graphql-http.ts';
import { openMap, pay } from '#test/fans/waiting-room-buyer.ts';
import type { WaitingRoomFan } from '#test/fans/waiting-room-fan.ts';
import { expectAllInvariants } from '#test/support/databases/all-invariants.ts';
import type { SeededEvent } from '#test/support/databases/catalog.ts';
import { firstDifference, type Planned, planAttempts, wayOf } from '#test/support/waiting-room/admission-plan.ts';
import { bitFlipsOf } from '#test/support/waiting-room/forged-admissions.ts';
import { openWaitingRoomWorld } from '#test/support/waiting-room/waiting-room-world.ts';

/**
 * No viewer passes a waiting room with a token that is forged, belongs to another viewer or is over. Every test run
 * tries 2,000 tokens; `ADMISSION_ATTEMPTS=100000 npm test -- test/scenarios/waiting-room-tokens` tries all 100,000
 * (two to three minutes).
 */
const ATTEMPTS = Number(process.env.ADMISSION_ATTEMPTS ?? 2_000);
const isWhole = ATTEMPTS > 10_000;
const INSIDERS = isWhole ? 40 : 8;
const FORMER = INSIDERS / 4;

const key = { kid: 'k1', secret: 'admissions-of-this-test-and-of-no-other' };
const world = await openWaitingRoomWorld({
  // Thousands of requests of one viewer exceed the limits.
  env: { RATE_LIMITS: 'off', ADMISSION_KEYS: `${key.kid}:${key.secret}` },
});
afterAll(() => world.close());

const roomy = { capacity: 200, sessionSeconds: 3_600, graceSeconds: 1_800 };
let event: SeededEvent;
let other: SeededEvent;
/** Inside all the time. */
let insiders: WaitingRoomFan[];
/** Were inside, and have left or bought. */
let former: WaitingRoomFan[];
let outsider: Fan;
/** A refused viewer does not get it, so it stays free for a viewer who is wrongly let in. */
let bait: string;

beforeAll(async () => {
  event = await world.room(roomy, { seats: 400, rows: 10 });
  other = await world.room(roomy, { like: event });
  bait = encodeGlobalId('Seat', event.seatId(399));
  const enter = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, index) => world.insider(event, { at: index })));
  insiders = await enter(INSIDERS);
  former = await enter(FORMER);
  const checkOut = async (fan: WaitingRoomFan, seatNo: number) =>
    pay(fan, (await fan.book([event.seatId(seatNo)])).booking.id, Promise.resolve());
  await Promise.all(former.map((fan, index) => (index % 2 ? fan.leave() : checkOut(fan, 380 + index))));
  await Promise.all(former.map((fan) => fan.when('LEFT')));
  outsider = (await world.fan(event)).fan;
});

const bearer = (fan: Pick<Fan, 'token'>) => `Bearer ${fan.token}`;
let turn = 0;
/** Alternates between the processes. */
const attempt = (way: Way, by: string | undefined, admission: string | undefined, more: Partial<Attempt> = {}) =>
  ways[way](world.apiUrls[turn++ % 2] ?? '', {
    eventId: encodeGlobalId('Event', event.eventId),
    seatId: bait,
    authorization: by,
    admission,
    ...more,
  });
const everyWay = async (by: string | undefined, admission: string | undefined, more: Partial<Attempt> = {}) =>
  Object.fromEntries(
    await Promise.all(wayNames.map(async (way) => [way, await attempt(way, by, admission, more)] as const)),
  );
const always = (outcome: Outcome) => Object.fromEntries(wayNames.map((way) => [way, outcome]));
const refused = always('ADMISSION_REQUIRED');
const admitted = always('accepted');
const freeSeat = (seatNo: number) => ({ seatId: encodeGlobalId('Seat', event.seatId(seatNo)) });

function tokenOf(fan: WaitingRoomFan | undefined): string {
  if (!fan?.admission) throw new Error('This fan has no admission.');
  return fan.admission;
}

describe(`of ${ATTEMPTS} tokens`, () => {
  const tally = new Map<string, Map<Outcome, number>>();
  const flipped = new Set<number>();
  let tried = 0;
  const tryOne = async (by: Fan, { what, way, token }: Planned) => {
    const outcome = await attempt(way, bearer(by), token);
    const outcomes = tally.get(what) ?? new Map<Outcome, number>();
    tally.set(what, outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1));
    tried += 1;
  };

  test('the genuine ones admit, before', async () => {
    for (const [n, fan] of insiders.entries())
      expect(await everyWay(bearer(fan.fan), tokenOf(fan), freeSeat(n))).toEqual(admitted);
  });

  test('no forged, shared or reused one is accepted', { timeout: 400_000 }, async () => {
    const share = Math.ceil((ATTEMPTS * 0.9) / INSIDERS);
    const tokens = insiders.map(tokenOf);
    const forging = insiders.map(async (fan, insider) => {
      const genuine = tokenOf(fan);
      let n = 0;
      for (const planned of planAttempts(insider, { tokens, key, other: other.eventId, isWhole })) {
        if (n++ === share) return;
        if (planned.what === 'a bit flipped') flipped.add(firstDifference(planned.token, genuine));
        await tryOne(fan.fan, planned);
        // So that the token is refused, and not the fan.
        if (n % 100 === 0) expect(await attempt('seatMap', bearer(fan.fan), genuine)).toBe('accepted');
      }
    });
    const replaying = former.map(async (fan) => {
      for (let n = 0; n < (ATTEMPTS * 0.1) / FORMER; n++)
        await tryOne(fan.fan, {
          what: 'the token of a visit that is over',
          way: n < 40 ? (wayNames[n % 4] ?? 'seatMap') : wayOf(n),
          token: tokenOf(fan),
        });
    });
    await Promise.all([...forging, ...replaying]);

    const outcomes = Object.fromEntries([...tally].map(([what, found]) => [what, [...found.keys()]]));
    expect(outcomes).toEqual(Object.fromEntries([...tally.keys()].map((what) => [what, ['ADMISSION_REQUIRED']])));
    expect(tried).toBeGreaterThanOrEqual(ATTEMPTS);
    expect(tally.size).toBeGreaterThan(60);
    expect(flipped.size, 'every character was changed').toBeGreaterThanOrEqual(tokenOf(insiders[0]).length - 1);
    if (isWhole) console.info(`tried ${tried} tokens:`, Object.fromEntries(tally));
  });

  test('the genuine ones admit, after', async () => {
    for (const [n, fan] of insiders.entries())
      expect(await everyWay(bearer(fan.fan), tokenOf(fan), freeSeat(100 + n))).toEqual(admitted);
  });

  test('only the genuine ones are inside and have held seats', async () => {
    const inside = await world.db.execute<{ user_id: string }>(sql`
      select user_id from waiting_room_sessions
      where event_id = ${event.eventId} and entered_at is not null and ended_at is null`);
    expect(inside.map(({ user_id }) => user_id).sort()).toEqual(insiders.map(({ userId }) => userId).sort());
    const held = await world.db.execute<{ user_id: string }>(sql`
      select user_id from bookings where event_id = ${event.eventId}
        and user_id not in (select user_id from waiting_room_sessions where end_reason = 'CHECKOUT')`);
    expect(held.map(({ user_id }) => user_id).sort()).toEqual(
      insiders.flatMap(({ userId }) => [userId, userId]).sort(),
    );
  });
});

describe('a genuine token', () => {
  const inside = (at = 0) => {
    const fan = insiders[at];
    if (!fan) throw new Error('No fan is inside.');
    return { fan, by: bearer(fan.fan), token: tokenOf(fan) };
  };

  test('admits only the viewer it was given to', async () => {
    const { token } = inside();
    expect(await everyWay(bearer(outsider), token)).toEqual(refused);
    expect(await everyWay(inside(1).by, token)).toEqual(refused);
    const waiting = await world.fan(event);
    await waiting.join();
    expect(await everyWay(bearer(waiting.fan), token)).toEqual(refused);
    expect(await everyWay(undefined, token)).toEqual({ ...refused, createBooking: 'UNAUTHENTICATED' });
  });

  test('admits to no other event, also for a viewer who has the same place there', async () => {
    const [first] = await world.db.execute<{ user_id: string }>(
      sql`select user_id from waiting_room_places where event_id = ${event.eventId} and ordinal = 0`,
    );
    const { by, token, fan } = inside(insiders.findIndex(({ userId }) => userId === first?.user_id));
    const elsewhere = await world.insider(other, { by: fan.fan });
    const there = { eventId: elsewhere.eventId };
    expect(await everyWay(by, token, there)).toEqual(refused);
    expect(await everyWay(by, tokenOf(elsewhere))).toEqual(refused);
    expect(await everyWay(by, tokenOf(elsewhere), { ...there, ...freeSeat(0) })).toEqual(admitted);
  });

  test('without a token no viewer is admitted', async () => {
    expect(await everyWay(inside().by, undefined)).toEqual(refused);
    expect(await everyWay(bearer(outsider), undefined)).toEqual(refused);
  });

  test('is not an access token, and an access token is not an admission', async () => {
    const { fan, by, token } = inside();
    expect(await everyWay(by, fan.fan.token)).toEqual(refused);
    const body = { query: '{ viewer { id } }' };
    const asked = await post(world.system.apiUrl, body, { authorization: `Bearer ${token}` });
    expect(asked.data?.viewer ?? null).toBeNull();
    const outcomes = await everyWay(`Bearer ${token}`, token);
    expect(Object.values(outcomes)).not.toContain('accepted');
  });

  test.concurrent('of the turn stays valid after the turn for a viewer who is inside by then', async () => {
    const short = await world.room({ ...roomy, graceSeconds: 5 }, { like: event });
    const fan = await world.insider(short);
    const atTurn = fan.frames.find(({ state }) => state === 'YOUR_TURN')?.admission;
    const there = { eventId: fan.eventId };
    const by = bearer(fan.fan);
    await expect.poll(() => Date.now()).toBeGreaterThan(Date.parse(atTurn?.expiresAt ?? ''));
    expect(await everyWay(by, atTurn?.token, { ...there, ...freeSeat(0) })).toEqual(admitted);
    expect(await everyWay(by, tokenOf(fan), { ...there, ...freeSeat(1) })).toEqual(admitted);
  });

  test.concurrent('does not admit a viewer who let the turn pass', async () => {
    const short = await world.room({ ...roomy, graceSeconds: 5 }, { like: event });
    const fan = await world.fan(short);
    await fan.join();
    await fan.watch();
    await fan.when('YOUR_TURN');
    await fan.when('MISSED');
    expect(await everyWay(bearer(fan.fan), tokenOf(fan), { eventId: fan.eventId })).toEqual(refused);
  });

  test('is for one sign-in session: when another session requests the place, it moves there', async () => {
    const account = await signUp(world.system.apiUrl);
    const [here, there] = [await signIn(world.system.apiUrl, account), await signIn(world.system.apiUrl, account)];
    const fan = await world.insider(event, { by: here });
    const copy = tokenOf(fan);
    expect(await everyWay(bearer(there), copy)).toEqual(refused);
    const elsewhere = await world.fan(event, { by: there });
    expect(await elsewhere.askForPlace()).toMatchObject({ state: 'INSIDE' });
    expect(await everyWay(bearer(there), tokenOf(elsewhere), freeSeat(300))).toEqual(admitted);
    expect(await everyWay(bearer(here), copy)).toEqual(refused);
    expect(await everyWay(bearer(there), copy)).toEqual(refused);
  });

  test('holds no seat and shows none from the moment its viewer left, at either process', async () => {
    const fan = await world.insider(event);
    const by = bearer(fan.fan);
    // Both processes know it.
    for (const seatNo of [310, 311])
      expect(await attempt('createBooking', by, tokenOf(fan), freeSeat(seatNo))).toBe('accepted');
    for (let n = 0; n < 2; n++) expect(await attempt('seatMap', by, tokenOf(fan))).toBe('accepted');
    await fan.leave();
    for (let n = 0; n < 2; n++) expect(await everyWay(by, tokenOf(fan))).toEqual(refused);
  });

  test('does not admit a viewer who left and joined again, and waits', async () => {
    const full = await world.room({ ...roomy, capacity: 1 }, { like: event });
    const fan = await world.insider(full);
    const old = tokenOf(fan);
    const next = await world.fan(full);
    await next.join();
    await next.watch();
    await fan.leave();
    await fan.when('LEFT');
    expect(await fan.join()).toMatchObject({ admission: null });
    await next.when('YOUR_TURN');
    await next.seatMap();
    expect(await everyWay(bearer(fan.fan), old, { eventId: fan.eventId })).toEqual(refused);
  });
});

test('a followed seat map ends when its viewer leaves, and when the room opens', async () => {
  const soon = await world.room({ ...roomy, state: 'CLOSED', opensInSeconds: 8, drawsInSeconds: 600 }, { like: event });
  const early = await openMap(await world.fan(soon));
  const fan = await world.insider(event);
  const map = await openMap(fan);
  expect([map.wrong, early.wrong]).toEqual([[], []]);
  await fan.leave();
  await expect.poll(() => map.wrong.join()).toContain('ADMISSION_REQUIRED');
  await expect.poll(() => early.wrong.join()).toContain('ADMISSION_REQUIRED');
});

test('the ticket of a place shows nothing for another account, for another event, or with a flipped bit', async () => {
  const full = await world.room({ ...roomy, capacity: 1 }, { like: event });
  const [first, second, stranger] = [await world.insider(full), await world.fan(full), await world.fan(full)];
  const mine = await second.join();
  expect(mine).toMatchObject({ state: 'WAITING', position: 2 });
  const copied = first.ticket ?? '';
  second.ticket = copied;
  expect(await second.askForPlace()).toMatchObject({ state: 'WAITING', position: 2, admission: null });
  stranger.ticket = copied;
  expect(await stranger.askForPlace()).toBeNull();
  const ofOther = await world.fan(other, { by: first.fan });
  ofOther.ticket = copied;
  expect((await ofOther.askForPlace())?.ticket).not.toBe(copied);
  for (const { token } of bitFlipsOf(mine.ticket)) {
    second.ticket = token;
    expect(await second.askForPlace()).toMatchObject({ state: 'WAITING', position: 2, admission: null });
  }
  expect(await everyWay(bearer(second.fan), copied, { eventId: second.eventId })).toEqual(refused);
});

test('every invariant holds', () => expectAllInvariants(world.system));
