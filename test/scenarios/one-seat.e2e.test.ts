import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { signInCrowd } from '#test/fans/crowd.ts';
import { bookingWhen, createBooking, createBookingMutation, decideAt, type Fan } from '#test/fans/fan.ts';
import { expectAllInvariants } from '#test/support/databases/all-invariants.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

const BUYERS = 1000;

describe.each([
  { name: 'with Redis', redis: true },
  { name: 'without Redis: PostgreSQL alone decides', redis: false },
])('$name', ({ redis }) => {
  let system: System;
  let db: Db;
  let crowd: Fan[];
  beforeAll(async () => {
    system = await startSystem({
      redis,
      processes: ['gateway-sandbox', 'payments', 'relay', 'worker', 'api', 'api-2'],
      env: { LOG_LEVEL: 'warn' },
    });
    db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
    crowd = await signInCrowd(system.apiUrl, BUYERS);
  });
  afterAll(async () => {
    await closeDb(db);
    await system.stop();
  });
  // Pushes wait for Redis.
  afterEach(() => expectAllInvariants(system, { waitingGroups: redis ? [] : ['push-changes'] }));

  test('twenty fans pay at once and have their tickets', async () => {
    const event = await seedEvent(db, { seats: 20 });
    const eventId = encodeGlobalId('Event', event.eventId);
    await Promise.all(
      crowd.slice(0, 20).map(async (fan, seatNo) => {
        const { booking } = await createBooking(fan, eventId, [encodeGlobalId('Seat', event.seatId(seatNo))]);
        const ready = await bookingWhen(fan, booking.id, ({ status }) => status === 'PAYMENT_READY');
        await decideAt(ready.payment.url, 'pay');
        const confirmed = await bookingWhen(fan, booking.id, ({ status }) => status === 'CONFIRMED');
        expect(confirmed.tickets).toMatchObject([{ seat: { seatNo } }]);
      }),
    );
  });

  /**
   * Every buyer requests at once the seats that `choose` returns for the index; odd buyers use the second process if
   * there is one.
   */
  const allAtOnce = (event: SeededEvent, apis: 1 | 2, choose: (index: number) => number[]) =>
    Promise.all(
      crowd.map((fan, index) => {
        const buyer = apis === 2 && index % 2 === 1 ? fan.at(system.secondApiUrl) : fan;
        const eventId = encodeGlobalId('Event', event.eventId);
        const seatIds = event.seatIds(...choose(index)).map((id) => encodeGlobalId('Seat', id));
        return buyer.answer(createBookingMutation, { input: { eventId, seatIds, idempotencyKey: randomUUID() } });
      }),
    );
  type Answers = Awaited<ReturnType<typeof allAtOnce>>;
  const namesOf = (answers: Answers) => {
    expect(answers.flatMap(({ errors }) => errors ?? [])).toEqual([]);
    return Object.groupBy(answers, ({ data }) => String(data.createBooking.__typename));
  };

  test.each([1, 2] as const)(
    'a thousand buyers of one seat through %i api processes make exactly one booking',
    async (apis) => {
      const event = await seedEvent(db, { seats: 1 });
      const named = namesOf(await allAtOnce(event, apis, () => [0]));
      expect(named.CreateBookingSuccess).toHaveLength(1);
      expect(named.SeatsUnavailable).toHaveLength(BUYERS - 1);
      for (const { data } of named.SeatsUnavailable ?? []) {
        expect(data.createBooking).toMatchObject({
          code: 'SEATS_UNAVAILABLE',
          seats: [{ seatNo: 0 }],
          alternatives: [],
        });
      }
    },
  );

  test.each([1, 2] as const)(
    'a thousand buyers of overlapping pairs of 200 seats through %i api processes: no seat twice, no half booking',
    async (apis) => {
      const event = await seedEvent(db, { seats: 200, rows: 10 });
      const named = namesOf(await allAtOnce(event, apis, (index) => [(index * 7) % 199, ((index * 7) % 199) + 1]));
      const won = named.CreateBookingSuccess ?? [];
      // In any order of arrival, no two wanted neighbours stay free.
      expect(won.length).toBeGreaterThanOrEqual(66);
      expect(named.SeatsUnavailable).toHaveLength(BUYERS - won.length);
      const pairs = won.map(({ data }) => data.createBooking.booking.seats.map((one: Seat) => one.seat.seatNo));
      for (const pair of pairs) expect(pair[1]).toBe(pair[0] + 1);
      expect(new Set(pairs.flat()).size).toBe(2 * won.length);
      const [stored] = await db.execute(sql`
      select count(*)::int as seats, count(distinct seat_no)::int as different from booking_seats
      where event_id = ${event.eventId}`);
      expect(stored).toEqual({ seats: 2 * won.length, different: 2 * won.length });
    },
  );
});

type Seat = { seat: { seatNo: number } };
