import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, expect, test } from 'vitest';
import { findViolations } from '#processes/invariants/violations.ts';
import { openBox, policy, someViewer } from '#test/support/databases/box.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { cancelBooking } from '../booking/cancel-booking.ts';
import { confirmBooking } from '../booking/confirm-booking.ts';
import { createBooking } from '../booking/create-booking.ts';
import { expireBookings } from '../booking/expire-bookings.ts';
import { failBooking } from '../booking/fail-booking.ts';
import { recordPaymentSession } from '../booking/record-payment-session.ts';
import { DomainError } from '../errors.ts';
import type { Viewer } from '../viewer.ts';
import { openAddressKeys } from './address-keys.ts';
import type { HoardingPolicy } from './hoarding-policy-rules.ts';

const coolDown = { freeEndings: 3, seconds: 15, maxSeconds: 1_800, halfLifeSeconds: 1_800, addressSeats: 20 };
const alone = (hoarding: Partial<HoardingPolicy>) => ({
  policy: {
    ...policy,
    hoarding: {
      maxSeatsPerViewer: undefined,
      maxSeatsPerAddress: undefined,
      addressShare: undefined,
      coolDown: undefined,
      ...hoarding,
    },
  },
});

// The cool-down alone: no other limit on unpaid seats is on. The second process also has the share of an address.
const box = await openBox(alone({ coolDown }));
const withShare = box.process(alone({ coolDown, addressShare: { percent: 10, floor: 8 } }));
afterAll(() => box.close());
afterEach(async () => {
  expect(await findViolations(box.url, { except: ['I17'] })).toEqual([]);
});

const message = () => ({ consumer: 'test', messageId: randomUUIDv7() });
const keyOf = openAddressKeys('a secret of this test');
let networks = 0;
const someAddress = () => keyOf(`10.1.${networks >> 8}.${networks++ & 255}`) ?? '';

let seated: SeededEvent | undefined;
async function someEvent(seats = 400): Promise<SeededEvent> {
  seated ??= await seedEvent(box.reader, { seats, rows: 4 });
  return await seedEvent(box.reader, { seats, like: seated });
}

type Of = { viewer: Viewer; addressKey?: string; process?: typeof box | typeof withShare };

async function hold(event: SeededEvent, seatNos: readonly number[], { viewer, addressKey, process = box }: Of) {
  const request = { seatIds: event.seatIds(...seatNos), idempotencyKey: randomUUIDv7(), addressKey };
  const { booking } = await createBooking(process, viewer, { eventId: event.eventId, ...request });
  const of = { aggregateId: booking.id, eventId: event.eventId };
  const at = new Date().toISOString();
  return {
    cancel: () => cancelBooking(process, viewer, { bookingId: booking.id }),
    openSession: () =>
      recordPaymentSession(
        process,
        { type: 'PaymentSessionOpened', ...of, url: 'https://pay.example/1', openedAt: at },
        message(),
      ),
    decline: () => failBooking(process, { type: 'PaymentFailed', ...of, reason: 'declined' }, message()),
    pay: () =>
      confirmBooking(
        process,
        {
          type: 'PaymentSucceeded',
          ...of,
          amountMinor: booking.totalMinor,
          currency: booking.currency,
          capturedAt: at,
        },
        message(),
      ),
    /** Lets its hold end. */
    async expire() {
      await box.reader.execute(sql`
        with b as (update bookings set created_at = created_at - interval '500 seconds',
          hold_expires_at = hold_expires_at - interval '500 seconds' where id = ${booking.id} returning id, hold_expires_at)
        update event_seats e set hold_expires_at = b.hold_expires_at from b where e.booking_id = b.id`);
      expect((await expireBookings(process)).expired).toBe(1);
    },
  };
}

const refused = async (holding: Promise<unknown>) => {
  const error = await holding.then(
    () => undefined,
    (thrown) => thrown,
  );
  if (!(error instanceof DomainError)) throw new Error(`Not refused: ${error}`);
  return { code: error.code, ...error.retry };
};
/** Moves the last ending so much further into the past. */
const later = (holder: string, seconds: number) =>
  box.reader.execute(
    sql`update hold_strikes set struck_at = struck_at - make_interval(secs => ${seconds}) where holder = ${holder}`,
  );
const strikesOf = async (holder: string) => {
  const [row] = await box.reader.execute<{ strikes: number }>(
    sql`select strikes from hold_strikes where holder = ${holder}`,
  );
  return row?.strikes;
};

test('a viewer who cancels and holds again may do so three times, then waits, each time twice as long', async () => {
  const event = await someEvent();
  const viewer = someViewer();
  for (let seatNo = 0; seatNo < 4; seatNo++) await (await hold(event, [seatNo], { viewer })).cancel();
  const waits: number[] = [];
  for (let round = 0; round < 4; round++) {
    const refusal = await refused(hold(event, [10], { viewer }));
    expect(refusal).toMatchObject({ code: 'COOLING_DOWN', advice: 'SAME_KEY' });
    const wait = 'afterSeconds' in refusal ? (refusal.afterSeconds ?? 0) : 0;
    waits.push(wait);
    // A second before its end the wait still lasts; then it is over.
    await later(viewer.userId, wait - 2);
    expect(await refused(hold(event, [10], { viewer }))).toMatchObject({ code: 'COOLING_DOWN' });
    await later(viewer.userId, 2);
    await (await hold(event, [10], { viewer })).cancel();
  }
  expect(waits[0]).toBeGreaterThanOrEqual(14);
  expect(waits[0]).toBeLessThanOrEqual(15);
  for (const [index, wait] of waits.slice(1).entries()) {
    // The count decays a little meanwhile.
    expect(wait / (waits[index] ?? 1)).toBeGreaterThan(1.6);
    expect(wait / (waits[index] ?? 1)).toBeLessThanOrEqual(2.1);
  }
  // Other viewers do not wait, and the refusal is the same for a taken and a free seat.
  await hold(event, [11], { viewer: someViewer() });
  expect(await refused(hold(event, [11], { viewer }))).toMatchObject({ code: 'COOLING_DOWN' });
});

test('a hold that ends unpaid counts like a cancelled one, and so does a declined payment', async () => {
  const event = await someEvent();
  const viewer = someViewer();
  const [first, second, third, fourth] = [
    await hold(event, [0], { viewer }),
    await hold(event, [1], { viewer }),
    await hold(event, [2], { viewer }),
    await hold(event, [3], { viewer }),
  ];
  for (const booking of [first, second, third, fourth]) await booking?.openSession();
  await first?.expire();
  await second?.expire();
  await third?.decline();
  await hold(event, [4], { viewer });
  await fourth?.decline();
  expect(await refused(hold(event, [5], { viewer }))).toMatchObject({ code: 'COOLING_DOWN' });
});

test('a hold that could not be paid because its session did not open is our fault and not counted', async () => {
  const event = await someEvent();
  const viewer = someViewer();
  for (let seatNo = 0; seatNo < 5; seatNo++) await (await hold(event, [seatNo], { viewer })).expire();
  expect(await strikesOf(viewer.userId)).toBeUndefined();
  await hold(event, [9], { viewer });
});

test('a payment clears its viewer, and a viewer who pays is not put on record', async () => {
  const event = await someEvent();
  const [viewer, buyer] = [someViewer(), someViewer()];
  for (let seatNo = 0; seatNo < 3; seatNo++) await (await hold(event, [seatNo], { viewer })).cancel();
  await (await hold(event, [3], { viewer })).pay();
  expect(await strikesOf(viewer.userId)).toBe(0);
  for (let seatNo = 4; seatNo < 7; seatNo++) await (await hold(event, [seatNo], { viewer })).cancel();
  await hold(event, [7], { viewer });
  await (await hold(event, [8], { viewer: buyer, addressKey: someAddress() })).pay();
  expect(await strikesOf(buyer.userId)).toBeUndefined();
});

test('cancelling and holding again counts the same in one transaction and in several', async () => {
  const event = await someEvent();
  const viewer = someViewer();
  const { userId } = viewer;
  const held = [0, 1, 2, 3].map((seatNo) => ({
    kind: 'hold' as const,
    bookingId: randomUUIDv7(),
    userId,
    planId: event.planId,
    seatNos: [seatNo],
    idempotencyKey: randomUUIDv7(),
    requestHash: '',
  }));
  await Promise.all(held.map((command) => box.writer.submit(event.eventId, command)));
  const released = held.map(({ bookingId }) =>
    box.writer.submit(event.eventId, { kind: 'release', reason: 'CANCELLED', bookingId, userId }),
  );
  const again = box.writer.submit(event.eventId, {
    ...(held[0] as (typeof held)[number]),
    bookingId: randomUUIDv7(),
    idempotencyKey: randomUUIDv7(),
  });
  await Promise.all(released);
  expect(await again).toMatchObject({ kind: 'coolingDown' });
  expect(await strikesOf(userId)).toBe(4);
});

test('the share of an address shrinks with the holds that it lets end, down to its floor, and payments restore it', async () => {
  const event = await someEvent();
  const addressKey = someAddress();
  const by = () => ({ viewer: someViewer(), addressKey, process: withShare });
  /** How many seats the address gets, five at a time, before it is refused; it pays for none of them. */
  const fill = async (from: number) => {
    const bookings: Awaited<ReturnType<typeof hold>>[] = [];
    for (let at = from; ; at += 4) {
      const got = await hold(event, [at, at + 1, at + 2, at + 3], by()).catch((error: unknown) => error);
      if (got instanceof DomainError) return { bookings, seats: bookings.length * 4, refusal: got };
      bookings.push(got as Awaited<ReturnType<typeof hold>>);
    }
  };
  const full = await fill(0);
  expect(full.seats).toBe(40);
  expect(full.refusal).toMatchObject({ code: 'TOO_MANY_UNPAID_SEATS', limit: 40, of: 'ADDRESS_AT_EVENT' });
  for (const { cancel } of full.bookings) await cancel();
  expect(await strikesOf(addressKey)).toBeGreaterThan(39.9);
  // Forty seats ended: halved twice that would be 10, but the count has decayed a little since.
  const less = await fill(100);
  expect(less.refusal).toMatchObject({ limit: 20 });
  expect(less.seats).toBe(20);
  for (const { cancel } of less.bookings) await cancel();
  const least = await fill(150);
  expect(least.refusal).toMatchObject({ limit: 10 });
  for (const { cancel } of least.bookings) await cancel();
  expect((await fill(200)).refusal).toMatchObject({ limit: 8 });
  await later(addressKey, 100_000);
  const paying = await fill(250);
  expect(paying.refusal).toMatchObject({ limit: 40 });
  for (const { pay } of paying.bookings) await pay();
  expect(await strikesOf(addressKey)).toBe(0);
  // Eight of the forty are still held from before.
  expect((await fill(300)).seats).toBe(32);
});

test('of an address only a keyed hash is stored, and only while the hold is unpaid', async () => {
  const event = await someEvent();
  const addressKey = someAddress();
  const keys = async () =>
    (
      await box.reader.execute<{ key: string | null }>(
        sql`select address_key as key from bookings where event_id = ${event.eventId} order by created_at, id`,
      )
    ).map(({ key }) => key);
  const of = () => ({ viewer: someViewer(), addressKey });
  const [paid, cancelled, expired] = [
    await hold(event, [0], of()),
    await hold(event, [1], of()),
    await hold(event, [2], of()),
  ];
  expect(await keys()).toEqual([addressKey, addressKey, addressKey]);
  await paid?.openSession();
  expect(await keys()).toEqual([addressKey, addressKey, addressKey]);
  await paid?.pay();
  await cancelled?.cancel();
  await expired?.expire();
  expect(await keys()).toEqual([null, null, null]);
  const messages = await box.reader.execute(sql`select from outbox where outbox::text like ${`%${addressKey}%`}`);
  expect(messages).toHaveLength(0);
});
