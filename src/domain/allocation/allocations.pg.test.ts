import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, expect, test } from 'vitest';
import { findViolations } from '#processes/invariants/violations.ts';
import { type BoxProcess, someViewer } from '#test/support/databases/box.ts';
import { type SeedEventOptions, type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { openOrganizerBox } from '#test/support/organizations/organizer-box.ts';
import { cancelBooking } from '../booking/cancel-booking.ts';
import { createBooking } from '../booking/create-booking.ts';
import { holdBestAvailable } from '../booking/hold-best-available.ts';
import { DomainError } from '../errors.ts';
import { findAllocations, listAllocations } from './allocation-queries.ts';
import { createCodes } from './create-codes.ts';
import { endAllocations } from './end-allocations.ts';
import { type SetAllocationInput, setAllocation } from './set-allocation.ts';

const { box, rights, close } = await openOrganizerBox('allocations-test');
afterAll(close);
afterEach(async () => {
  expect(await findViolations(box.url)).toEqual([]);
});

const open = (options: Partial<SeedEventOptions> = {}) => seedEvent(box.reader, { seats: 20, ...options });
const owner = ({ organizerId }: SeededEvent) => ({ userId: organizerId }) as never;

type Wish = Omit<SetAllocationInput, 'eventId' | 'seats' | 'allocation'> & { process?: BoxProcess };
const give = (event: SeededEvent, allocation: string | null, seatNos: readonly number[], wish: Wish = {}) => {
  const { process = box, ...more } = wish;
  const seats = { seatIds: event.seatIds(...seatNos) };
  return setAllocation({ ...process, rights }, owner(event), { eventId: event.eventId, seats, allocation, ...more });
};
const codeFor = async (event: SeededEvent, opens: readonly string[], usesPerCode = 100) => {
  const input = { eventId: event.eventId, count: 1, opens, usesPerCode };
  const { codes } = await createCodes({ ...box, rights }, owner(event), input);
  return codes;
};
const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
const book = (
  event: SeededEvent,
  seatNos: readonly number[],
  more: { codes?: readonly string[] } = {},
  by: BoxProcess = box,
) =>
  createBooking(by, someViewer(), {
    eventId: event.eventId,
    seatIds: event.seatIds(...seatNos),
    idempotencyKey: randomUUIDv7(),
    ...more,
  });
const counters = async ({ eventId }: SeededEvent) => {
  const [row] = await box.reader.execute(
    sql`select available, held, booked, blocked from seat_inventories where event_id = ${eventId}`,
  );
  return row;
};
const allocationsOf = ({ eventId }: SeededEvent) => listAllocations({ db: box.reader }, eventId);

test('seats of an allocation are blocked for all others, and a code opens them', async () => {
  const event = await open();
  expect(await give(event, 'house', [0, 1, 2], { reason: 'The director' })).toMatchObject({ changed: 3 });
  expect(await give(event, 'house', [2, 3])).toMatchObject({ changed: 1 });
  expect(await counters(event)).toEqual({ available: 16, held: 0, booked: 0, blocked: 4 });
  expect(await refusal(book(event, [1, 5]))).toMatchObject({ code: 'SEATS_UNAVAILABLE', seatNos: [1] });
  const codes = await codeFor(event, ['house']);
  const other = await open();
  const foreign = await codeFor(other, await give(other, 'house', [0]).then(() => ['house']));
  expect(await refusal(book(event, [1], { codes: foreign }))).toMatchObject({
    code: 'CODE_INVALID',
    value: foreign[0],
  });
  const { booking } = await book(event, [1, 5], { codes });
  expect(booking.seats?.map(({ seatNo }) => seatNo)).toEqual([1, 5]);
  expect(await allocationsOf(event)).toEqual([
    { name: 'house', reason: 'The director', releaseAt: null, seats: 4, available: 3 },
  ]);
  expect(await findAllocations({ db: box.reader, rights }, owner(event), event.eventId)).toHaveLength(1);
  expect(await findAllocations({ db: box.reader, rights }, owner(other), event.eventId)).toBeUndefined();
});

test('a release gives a seat back to its allocation, and to the public when that has ended meanwhile', async () => {
  const event = await open();
  await give(event, 'house', [0, 1]);
  const codes = await codeFor(event, ['house']);
  const viewer = someViewer();
  const hold = (seatNos: readonly number[]) =>
    createBooking(box, viewer, {
      eventId: event.eventId,
      seatIds: event.seatIds(...seatNos),
      idempotencyKey: randomUUIDv7(),
      codes,
    });
  const first = await hold([0, 7]);
  await cancelBooking(box, viewer, { bookingId: first.booking.id });
  expect(await counters(event)).toMatchObject({ available: 18, blocked: 2 });
  const { booking } = await hold([0, 1]);
  await box.reader.execute(sql`update allocations set release_at = now() where event_id = ${event.eventId}`);
  await endAllocations(box);
  expect(await allocationsOf(event)).toEqual([]);
  expect(await counters(event)).toMatchObject({ available: 18, held: 2 });
  await cancelBooking(box, viewer, { bookingId: booking.id });
  expect(await counters(event)).toEqual({ available: 20, held: 0, booked: 0, blocked: 0 });
});

test('the end of an allocation frees its seats once, for several workers at once, and announces the next end', async () => {
  const event = await open();
  const soon = new Date(Date.now() + 3_600_000);
  await give(event, 'house', [0, 1, 2], { releaseAt: soon });
  await give(event, 'sponsor', [3], { releaseAt: null });
  const { nextDueInMs = 0 } = await endAllocations(box);
  expect(nextDueInMs).toBeGreaterThan(3_000_000);
  // A command that comes too early changes nothing.
  await box.writer.submit(event.eventId, { kind: 'endAllocation', name: 'house' });
  expect(await counters(event)).toMatchObject({ blocked: 4 });
  await box.reader.execute(sql`update allocations set release_at = now() where name = 'house'`);
  const workers = [box, box.process(), box.process()];
  await Promise.all(workers.map((process) => endAllocations(process)));
  expect(await counters(event)).toMatchObject({ available: 19, blocked: 1 });
  const [told] = await box.reader.execute(sql`
    select count(*)::int as count from outbox where event_id = ${event.eventId} and type = 'SeatsOpened'`);
  expect(told).toEqual({ count: 1 });
});

test('a held or booked seat refuses the whole change, with all of them named', async () => {
  const event = await open();
  await book(event, [4, 5]);
  await book(event, [9]);
  expect(await refusal(give(event, 'house', [3, 4, 5, 6, 9]))).toMatchObject({
    code: 'SEATS_UNAVAILABLE',
    seatNos: [4, 5, 9],
  });
  expect(await counters(event)).toMatchObject({ blocked: 0, held: 3 });
  const [audited] = await box.reader.execute(sql`
    select count(*)::int as count from organizer_audit where subject_id = ${event.eventId}`);
  expect(audited).toEqual({ count: 0 });
});

test('a seat that was blocked without an allocation stays blocked', async () => {
  const event = await open();
  await box.reader.execute(
    sql`insert into event_seats (event_id, seat_no, status) values (${event.eventId}, 0, 'BLOCKED')`,
  );
  await box.reader.execute(
    sql`update seat_inventories set available = available - 1, blocked = 1 where event_id = ${event.eventId}`,
  );
  expect(await give(event, 'house', [0, 1])).toMatchObject({ changed: 1 });
  expect(await give(event, null, [0, 1])).toMatchObject({ changed: 1 });
  expect(await counters(event)).toMatchObject({ available: 19, blocked: 1 });
});

test('the best seats and places of an area are chosen from those that the codes open', async () => {
  const event = await open({ seats: 8, rows: 1 });
  await give(event, 'house', [2, 3, 4, 5]);
  const codes = await codeFor(event, ['house']);
  const best = (more: object) =>
    holdBestAvailable(box, someViewer(), {
      eventId: event.eventId,
      quantity: 4,
      idempotencyKey: randomUUIDv7(),
      ...more,
    });
  expect(await refusal(best({}))).toMatchObject({ code: 'SEATS_UNAVAILABLE' });
  const { booking } = await best({ codes });
  // Four next to each other, near the middle of the stage, of which the public could have two.
  expect(booking.seats?.map(({ seatNo }) => seatNo)).toEqual([4, 5, 6, 7]);

  const area = await open({ seats: 6, standing: true });
  await give(area, 'guests', [0, 1]);
  const [sectionId = ''] = area.sectionIds;
  const places = (more: object) =>
    createBooking(box, someViewer(), {
      eventId: area.eventId,
      lines: [{ sectionId, quantity: 2 }],
      idempotencyKey: randomUUIDv7(),
      ...more,
    });
  expect((await places({})).booking.seats?.map(({ seatNo }) => seatNo)).toEqual([2, 3]);
  const guests = { codes: await codeFor(area, ['guests']) };
  expect((await places(guests)).booking.seats?.map(({ seatNo }) => seatNo)).toEqual([0, 1]);
});

test('allocations in a storm of holds, through three processes, are made whole or not at all, and no seat is lost', async () => {
  const event = await open({ seats: 240, rows: 12 });
  const processes = [box, box.process(), box.process()];
  const by = (index: number) => processes[index % 3] ?? box;
  const rowOf = (row: number) => Array.from({ length: 20 }, (_, seat) => 20 * row + seat);
  const holds = Array.from({ length: 240 }, (_, index) => refusal(book(event, [(index * 97) % 240], {}, by(index))));
  const gives = Array.from({ length: 36 }, (_, index) =>
    refusal(give(event, `row ${index % 12}`, rowOf(index % 12), { process: by(index) })),
  );
  const [held, given] = await Promise.all([Promise.all(holds), Promise.all(gives)]);
  for (const answer of [...held, ...given].filter((one) => one !== undefined))
    expect(answer).toMatchObject({ code: 'SEATS_UNAVAILABLE' });
  const seatNosOf = await box.reader.execute<{ seat_no: number; status: string; allocation: string | null }>(sql`
    select seat_no, status, allocation from event_seats where event_id = ${event.eventId}`);
  const byNo = new Map(seatNosOf.map((seat) => [seat.seat_no, seat]));
  for (let row = 0; row < 12; row++) {
    const allocated = rowOf(row).filter((seatNo) => byNo.get(seatNo)?.allocation);
    expect([0, 20]).toContain(allocated.length);
    for (const seatNo of allocated)
      expect(byNo.get(seatNo)).toMatchObject({ status: 'BLOCKED', allocation: `row ${row}` });
    // Each repetition found the row as it was.
    const answers = [row, row + 12, row + 24].map((index) => given[index]);
    expect(answers.some((answer) => answer === undefined)).toBe(allocated.length === 20);
  }
  const wins = held.filter((answer) => answer === undefined).length;
  const blocked = [...byNo.values()].filter(({ allocation }) => allocation !== null).length;
  expect(await counters(event)).toEqual({ available: 240 - wins - blocked, held: wins, booked: 0, blocked });
  expect(wins + blocked).toBe(240);
});

test('what an organizer cannot mean is refused by field, and others do not find the event', async () => {
  const event = await open();
  const strangers = await open();
  expect(await refusal(give(event, ' ', [0]))).toMatchObject({ field: 'allocation' });
  expect(await refusal(give(event, 'house', []))).toMatchObject({ field: 'seats' });
  expect(await refusal(give(event, 'house', [0], { releaseAt: new Date(0) }))).toMatchObject({ field: 'releaseAt' });
  expect(await refusal(give(event, null, [0], { releaseAt: new Date() }))).toMatchObject({ field: 'releaseAt' });
  expect(await refusal(give(event, 'house', [99]))).toMatchObject({ field: 'seats.seatIds[0]' });
  const theirs = setAllocation({ ...box, rights }, owner(strangers), {
    eventId: event.eventId,
    seats: { sectionIds: [...event.sectionIds] },
    allocation: 'mine',
  });
  expect(await refusal(theirs)).toMatchObject({ code: 'NOT_FOUND' });
  expect(await refusal(theirs)).toBeInstanceOf(DomainError);
});
