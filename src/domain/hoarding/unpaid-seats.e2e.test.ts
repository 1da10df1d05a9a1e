import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { findViolations } from '#processes/invariants/violations.ts';
import { NO_REDIS, openBox, policy, someViewer } from '#test/support/databases/box.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { createBooking } from '../booking/create-booking.ts';
import { DomainError } from '../errors.ts';
import { rebuildSeatLocks } from '../inventory/rebuild-seat-locks.ts';
import type { Viewer } from '../viewer.ts';
import { openAddressKeys } from './address-keys.ts';
import { TooManyUnpaidSeats } from './errors.ts';
import type { HoardingPolicy } from './hoarding-policy-rules.ts';

// Each limit is tested alone: without rate limits, and without the other limits on unpaid seats.
const redisUrl = await testRedisUrl();
const box = await openBox({ redisUrl });
await rebuildSeatLocks(box);
afterAll(() => box.close());
afterEach(async () => {
  expect(await findViolations(box.url)).toEqual([]);
});

const noLimits: HoardingPolicy = {
  maxSeatsPerViewer: undefined,
  maxSeatsPerAddress: undefined,
  addressShare: undefined,
  coolDown: undefined,
};
const keyOf = openAddressKeys('a secret of this test');
let networks = 0;
const someAddress = () => keyOf(`10.0.${networks >> 8}.${networks++ & 255}`);

async function seedEvents(count: number, seats: number): Promise<SeededEvent[]> {
  const first = await seedEvent(box.reader, { seats });
  const events = [first];
  while (events.length < count) events.push(await seedEvent(box.reader, { seats, like: first }));
  return events;
}

type Wish = { event: SeededEvent; seatNos: readonly number[]; viewer?: Viewer; addressKey?: string | undefined };

const heldSeats = async (where: ReturnType<typeof sql>): Promise<number> => {
  const [row] = await box.reader.execute<{ seats: number }>(sql`
    select count(*)::int as seats from bookings b join booking_seats s on s.booking_id = b.id
    where b.status = 'PENDING_PAYMENT' and ${where}`);
  return row?.seats ?? 0;
};

describe.each([
  { name: 'with Redis', redis: redisUrl },
  { name: 'with Redis away: PostgreSQL alone decides', redis: NO_REDIS },
])('$name, through three processes at once', ({ redis }) => {
  const processesWith = (hoarding: Partial<HoardingPolicy>, maxSeatsPerBooking = policy.maxSeatsPerBooking) =>
    Array.from({ length: 3 }, () =>
      box.process({
        redisUrl: redis,
        policy: { ...policy, maxSeatsPerBooking, hoarding: { ...noLimits, ...hoarding } },
      }),
    );
  type Process = ReturnType<typeof processesWith>[number];
  const expected = redis === NO_REDIS ? 'skipped' : 'locked';
  const areReady = (processes: readonly Process[]) =>
    Promise.all(
      processes.map(({ seatLocks }) =>
        vi.waitFor(async () =>
          expect((await seatLocks.acquire({ eventId: randomUUIDv7(), owner: 'warm-up', seatNos: [0] })).kind).toBe(
            expected,
          ),
        ),
      ),
    );

  /** As clients do: after TryAgain, tries again with the same key. */
  async function ask(process: Process, { event, seatNos, viewer = someViewer(), addressKey }: Wish) {
    const idempotencyKey = randomUUIDv7();
    const request = { eventId: event.eventId, seatIds: event.seatIds(...seatNos), idempotencyKey, addressKey };
    for (;;) {
      try {
        await createBooking(process, viewer, request);
        return 'HELD';
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        if (error.code !== 'TRY_AGAIN') return error;
      }
    }
  }

  async function askAll(processes: readonly Process[], wishes: readonly Wish[]) {
    await areReady(processes);
    const answers = await Promise.all(
      wishes.map((wish, index) => ask(processes[index % processes.length] as Process, wish)),
    );
    return { answers, held: answers.filter((answer) => answer === 'HELD').length };
  }

  test('one viewer at sixty events holds exactly as many seats as the limit', { timeout: 60_000 }, async () => {
    const events = await seedEvents(60, 10);
    const viewer = someViewer();
    const { answers, held } = await askAll(
      processesWith({ maxSeatsPerViewer: 16 }),
      events.map((event) => ({ event, seatNos: [1, 2], viewer, addressKey: someAddress() })),
    );
    expect(held).toBe(8);
    expect(await heldSeats(sql`b.user_id = ${viewer.userId}`)).toBe(16);
    const refusal = answers.find((answer) => answer !== 'HELD');
    expect(refusal).toBeInstanceOf(TooManyUnpaidSeats);
    expect(refusal).toMatchObject({ of: 'VIEWER', limit: 16, retry: { advice: 'SAME_KEY' } });
    const { retry } = refusal as TooManyUnpaidSeats;
    expect('afterSeconds' in retry && retry.afterSeconds).toBeGreaterThan(290);
  });

  test('one address with three hundred viewers holds exactly its share of an event', async () => {
    const event = await seedEvent(box.reader, { seats: 1_000, rows: 10 });
    const [addressKey, other] = [someAddress(), someAddress()];
    const wishes = Array.from({ length: 300 }, (_, index) => ({
      event,
      seatNos: [3 * index, 3 * index + 1],
      addressKey,
    }));
    const processes = processesWith({ addressShare: { percent: 4, floor: 10 } });
    const { answers, held } = await askAll(processes, wishes);
    expect(held).toBe(20);
    expect(await heldSeats(sql`b.address_key = ${addressKey}`)).toBe(40);
    expect(answers.find((answer) => answer !== 'HELD')).toMatchObject({
      of: 'ADDRESS_AT_EVENT',
      limit: 40,
      retry: { advice: 'SAME_KEY', afterSeconds: 10 },
    });
    // Other addresses are not affected, nor is this address at another event.
    const elsewhere = await seedEvent(box.reader, { seats: 1_000, like: event });
    const free = [
      { event, seatNos: [950], addressKey: other },
      { event, seatNos: [951] },
      { event: elsewhere, seatNos: [1], addressKey },
    ];
    expect((await askAll(processes, free)).held).toBe(3);
  });

  test('an event with few seats has a floor, so that an address can buy at all', async () => {
    const event = await seedEvent(box.reader, { seats: 20 });
    const addressKey = someAddress();
    const wishes = Array.from({ length: 20 }, (_, seatNo) => ({ event, seatNos: [seatNo], addressKey }));
    expect((await askAll(processesWith({ addressShare: { percent: 4, floor: 6 } }), wishes)).held).toBe(6);
  });

  test('one address at forty events holds exactly its limit, both near it and far from it', {
    timeout: 60_000,
  }, async () => {
    const events = await seedEvents(40, 30);
    const addressKey = someAddress();
    const wish = (index: number) => ({
      event: events[index % 40] as SeededEvent,
      seatNos: [Math.floor(index / 40)],
      addressKey,
    });
    // With one seat a booking, a lock is taken from 25 seats on.
    const processes = processesWith({ maxSeatsPerAddress: 400 }, 1);
    expect(
      (
        await askAll(
          processes,
          Array.from({ length: 40 }, (_, index) => wish(index)),
        )
      ).held,
    ).toBe(40);
    const rush = await askAll(
      processes,
      Array.from({ length: 600 }, (_, index) => wish(40 + index)),
    );
    expect(rush.held).toBe(360);
    expect(await heldSeats(sql`b.address_key = ${addressKey}`)).toBe(400);
    expect(rush.answers.find((answer) => answer !== 'HELD')).toMatchObject({ of: 'ADDRESS', limit: 400 });
    const few = processesWith({ maxSeatsPerAddress: 7 });
    const another = someAddress();
    const wishes = events.map((event) => ({ event, seatNos: [29], addressKey: another }));
    expect((await askAll(few, wishes)).held).toBe(7);
  });
});

describe('in one transaction', () => {
  let process: ReturnType<typeof box.process>;
  beforeAll(() => {
    process = box.process({
      redisUrl: NO_REDIS,
      policy: { ...policy, hoarding: { ...noLimits, maxSeatsPerViewer: 3, maxSeatsPerAddress: 5 } },
    });
  });

  test('seats that are granted at one event count at the next', async () => {
    const events = await seedEvents(10, 4);
    const [viewer, addressKey] = [someViewer(), someAddress()];
    const submit = (userId: string, key: string | undefined) =>
      Promise.all(
        events.map((event) =>
          process.writer.submit(event.eventId, {
            kind: 'hold',
            bookingId: randomUUIDv7(),
            userId,
            planId: event.planId,
            seatNos: [key === undefined ? 0 : 1],
            idempotencyKey: randomUUIDv7(),
            requestHash: '',
            addressKey: key,
          }),
        ),
      );
    const ofViewer = await submit(viewer.userId, undefined);
    expect(ofViewer.filter(({ kind }) => kind === 'held')).toHaveLength(3);
    const users = await Promise.all(
      events.map((event) =>
        process.writer.submit(event.eventId, {
          kind: 'hold',
          bookingId: randomUUIDv7(),
          userId: randomUUIDv7(),
          planId: event.planId,
          seatNos: [2],
          idempotencyKey: randomUUIDv7(),
          requestHash: '',
          addressKey,
        }),
      ),
    );
    expect(users.filter(({ kind }) => kind === 'held')).toHaveLength(5);
    const [row] = await box.reader.execute(sql`
      select count(distinct xmin::text)::int as transactions from bookings where address_key = ${addressKey}`);
    expect(row).toEqual({ transactions: 1 });
  });
});
