import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, expect, test } from 'vitest';
import { findViolations } from '#processes/invariants/violations.ts';
import { type BoxProcess, openBox, someViewer } from '#test/support/databases/box.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { DomainError, IdempotencyKeyReused, InvalidInput } from '../errors.ts';
import type { Viewer } from '../viewer.ts';
import type { Booking } from './booking.ts';
import { cancelBooking } from './cancel-booking.ts';
import { createBooking } from './create-booking.ts';
import { SeatsUnavailable, TooManySeats } from './errors.ts';
import { type HoldBestAvailableRequest, holdBestAvailable } from './hold-best-available.ts';

const box = await openBox();
afterAll(() => box.close());
afterEach(async () => {
  expect(await findViolations(box.url)).toEqual([]);
});

type Attempt = Partial<HoldBestAvailableRequest> & { viewer?: Viewer; key?: string; process?: BoxProcess };

async function best(event: SeededEvent, quantity: number, attempt: Attempt = {}) {
  const { viewer = someViewer(), key = randomUUIDv7(), process = box, ...request } = attempt;
  try {
    const { booking, replayed } = await holdBestAvailable(process, viewer, {
      eventId: event.eventId,
      quantity,
      idempotencyKey: key,
      ...request,
    });
    return { booking, replayed, seatNos: numbersOf(booking) };
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

const numbersOf = ({ seats = [] }: Booking): number[] => seats.map(({ seatNo }) => seatNo);
const seatsOf = (answer: Awaited<ReturnType<typeof best>>): readonly number[] => {
  if (answer instanceof DomainError) throw answer;
  return answer.seatNos;
};
const areNeighbours = (seatNos: readonly number[]): boolean =>
  seatNos.every((seatNo, index) => index === 0 || seatNo === (seatNos[index - 1] ?? 0) + 1);

test('three hundred buyers at once, through two processes, get all seats in pairs and no seat twice', async () => {
  const event = await seedEvent(box.reader, { seats: 400, rows: 10 });
  const processes = [box.process({}), box.process({})];
  const answers = await Promise.all(
    Array.from({ length: 300 }, (_, index) => best(event, 2, { process: processes[index % 2] ?? box })),
  );
  const won = answers.filter((answer) => !(answer instanceof DomainError)).map(seatsOf);
  expect(won).toHaveLength(200);
  expect(won.every(areNeighbours)).toBe(true);
  expect(new Set(won.flat()).size).toBe(400);
  for (const answer of answers.filter((one) => one instanceof DomainError))
    expect(answer).toMatchObject({
      code: 'SEATS_UNAVAILABLE',
      seatNos: [],
      message: expect.stringContaining('2 free'),
    });
});

test('fifteen hundred buyers at once of a thousand standing places, in lots of one to six: sold out, and never more', async () => {
  const event = await seedEvent(box.reader, { seats: 1000, standing: true });
  const processes = [box.process({}), box.process({})];
  const lots = Array.from({ length: 1500 }, (_, index) => 1 + (index % 6));
  const answers = await Promise.all(
    lots.map((lot, index) => best(event, lot, { process: processes[index % 2] ?? box })),
  );
  const won = answers.flatMap((answer) => (answer instanceof DomainError ? [] : seatsOf(answer)));
  expect(new Set(won).size).toBe(won.length);
  const free = 1000 - won.length;
  // A lot was only refused when there were fewer places than it wanted.
  for (const [index, answer] of answers.entries()) {
    if (!(answer instanceof DomainError)) continue;
    expect(answer).toBeInstanceOf(SeatsUnavailable);
    expect(lots[index]).toBeGreaterThan(free);
  }
  expect(free).toBe(0);
});

test('the seats that other processes take and release are known at the next choice', async () => {
  const event = await seedEvent(box.reader, { seats: 6, rows: 1 });
  const [first, other] = [box.process({}), box.process({})];
  const viewer = someViewer();
  const left = seatsOf(await best(event, 2, { process: first }));
  const { booking } = await createBooking(other, viewer, {
    eventId: event.eventId,
    seatIds: event.seatIds(...[0, 1, 2, 3, 4, 5].filter((seatNo) => !left.includes(seatNo)).slice(0, 2)),
    idempotencyKey: randomUUIDv7(),
  });
  const third = seatsOf(await best(event, 2, { process: first }));
  expect(new Set([...left, ...numbersOf(booking), ...third]).size).toBe(6);
  expect(await best(event, 1, { process: first })).toBeInstanceOf(SeatsUnavailable);
  await cancelBooking(other, viewer, { bookingId: booking.id });
  expect(seatsOf(await best(event, 2, { process: first }))).toEqual(numbersOf(booking));
});

test('what a process remembers wrongly sells no seat twice: the write reads again', async () => {
  const event = await seedEvent(box.reader, { seats: 8, rows: 1 });
  const process = box.process({});
  const held = seatsOf(await best(event, 2, { process }));
  // A version that comes again with other seats, as after a restore: the process remembers those seats as free.
  const next = [0, 1, 2, 3, 4, 5, 6, 7].filter((seatNo) => !held.includes(seatNo)).slice(0, 4);
  await box.reader.execute(sql`insert into event_seats (event_id, seat_no, status)
    select ${event.eventId}, n, 'BLOCKED' from unnest(${sql.param(next)}::int[]) n`);
  await box.reader.execute(sql`update seat_inventories set available = available - 4, blocked = 4
    where event_id = ${event.eventId}`);
  const free = seatsOf(await best(event, 2, { process }));
  expect([...held, ...next].some((seatNo) => free.includes(seatNo))).toBe(false);
});

test('the same key returns the same seats, and another request with it is refused', async () => {
  const event = await seedEvent(box.reader, { seats: 20, rows: 2 });
  const of = { viewer: someViewer(), key: randomUUIDv7() };
  const first = await best(event, 3, of);
  expect(await best(event, 3, of)).toMatchObject({ replayed: true, seatNos: seatsOf(first) });
  expect(await best(event, 2, of)).toBeInstanceOf(IdempotencyKeyReused);
});

test('sections and price levels limit the choice; both must exist', async () => {
  const event = await seedEvent(box.reader, { seats: 40, sections: 2, rows: 2 });
  const [front = '', back = ''] = event.sectionIds;
  expect(seatsOf(await best(event, 2, { sectionIds: [back] })).every((seatNo) => seatNo >= 20)).toBe(true);
  expect(seatsOf(await best(event, 2, { priceLevel: 'Tier 2' })).every((seatNo) => seatNo >= 20)).toBe(true);
  expect(seatsOf(await best(event, 2, { priceLevel: 'Tier 1' })).every((seatNo) => seatNo < 20)).toBe(true);
  expect(await best(event, 2, { sectionIds: [front], priceLevel: 'Tier 2' })).toBeInstanceOf(SeatsUnavailable);
  expect(await best(event, 2, { sectionIds: [randomUUIDv7()] })).toMatchObject({ field: 'sectionIds' });
  expect(await best(event, 2, { sectionIds: [] })).toMatchObject({ field: 'sectionIds' });
  expect(await best(event, 2, { priceLevel: 'Tier 9' })).toMatchObject({ field: 'priceLevel' });
});

test('a quantity that no booking can have, and an event that is not on sale, are refused', async () => {
  const event = await seedEvent(box.reader, { seats: 40 });
  expect(await best(event, 0)).toBeInstanceOf(InvalidInput);
  expect(await best(event, 1.5)).toBeInstanceOf(InvalidInput);
  expect(await best(event, 1000)).toBeInstanceOf(TooManySeats);
  const later = await seedEvent(box.reader, { seats: 4, onSaleInSeconds: 2 });
  expect(await best(later, 2)).toMatchObject({ code: 'EVENT_NOT_ON_SALE' });
  const draft = await seedEvent(box.reader, { seats: 4, status: 'DRAFT' });
  expect(await best(draft, 2)).toMatchObject({ code: 'NOT_FOUND' });
});

test('a hold at the price of a quote holds nothing when the chosen seats have another one', async () => {
  const event = await seedEvent(box.reader, { seats: 20 });
  expect(await best(event, 2, { quoteHash: 'of other seats' })).toMatchObject({
    code: 'PRICE_CHANGED',
    quote: { lines: expect.any(Array) },
  });
  const [row] = await box.reader.execute(sql`select held from seat_inventories where event_id = ${event.eventId}`);
  expect(row).toEqual({ held: 0 });
});
