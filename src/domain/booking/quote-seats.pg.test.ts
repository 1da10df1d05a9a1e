import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { findViolations } from '#processes/invariants/violations.ts';
import { openBox, someViewer } from '#test/support/databases/box.ts';
import { putPrices, type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { listOfTiers } from '../pricing/tier-prices-rules.ts';
import type { Viewer } from '../viewer.ts';
import { findBooking } from './booking-queries.ts';
import { createBooking } from './create-booking.ts';
import { PriceChanged } from './errors.ts';
import { quoteSeats } from './quote-seats.ts';

const box = await openBox();
afterAll(() => box.close());
const needs = { ...box, db: box.reader };

const openEvent = () =>
  seedEvent(box.reader, { seats: 60, sections: 2, priceMinor: 4_150, feeMinor: 320, currency: 'TND' });
const reprice = (event: SeededEvent, tier: string, priceMinor: number) => {
  const tiers = new Map([
    ['Tier 1', { priceMinor: 4_150, feeMinor: 320 }],
    ['Tier 2', { priceMinor: 5_150, feeMinor: 320 }],
  ]);
  return putPrices(box.reader, event.eventId, listOfTiers('TND', tiers.set(tier, { priceMinor, feeMinor: 320 })));
};
const ask = async ({ eventId, seatIds }: SeededEvent, ...seatNos: number[]) => {
  const lines = seatIds(...seatNos).map((seatId) => ({ seatId }));
  return (await quoteSeats(needs, { eventId, lines })).quote;
};
type More = { quoteHash?: string; viewer?: Viewer; idempotencyKey?: string };
const book = ({ eventId, seatIds }: SeededEvent, seatNos: number[], { viewer = someViewer(), ...more }: More = {}) =>
  createBooking(box, viewer, { eventId, seatIds: seatIds(...seatNos), idempotencyKey: randomUUIDv7(), ...more });
const refusalOf = (hold: Promise<unknown>) => hold.then(() => undefined).catch((error: unknown) => error);
const available = async ({ eventId }: SeededEvent) => {
  const [row] = await box.reader.execute(sql`select available from seat_inventories where event_id = ${eventId}`);
  return row?.available;
};

test('a quote has the price and the fee of each seat, and a booking with its hash costs its total', async () => {
  const event = await openEvent();
  const quote = await ask(event, 31, 2);
  expect(quote).toMatchObject({
    currency: 'TND',
    lines: [
      { seat: 2, faceMinor: 4_150, fees: [{ name: 'Fee', amountMinor: 320 }], taxes: [], totalMinor: 4_470 },
      { seat: 31, faceMinor: 5_150, totalMinor: 5_470 },
    ],
    fees: [],
    totalMinor: 9_940,
  });
  const { booking } = await book(event, [2, 31], { quoteHash: quote.hash });
  expect(booking).toMatchObject({ totalMinor: 9_940, currency: 'TND' });
});

test('a companion seat is quoted and sold without its place only when the time of the wheelchair places is over', async () => {
  const event = await seedEvent(box.reader, { seats: 6, flags: [0, 0, 1, 4, 0, 0] });
  const lone = { code: 'COMPANION_WITHOUT_PLACE' };
  expect([await refusalOf(ask(event, 3)), await refusalOf(book(event, [3]))]).toMatchObject([lone, lone]);
  await box.reader.execute(sql`update events set accessible_release_at = now() where id = ${event.eventId}`);
  expect((await ask(event, 3)).lines).toHaveLength(1);
  // Another process, because this one knows the sale for a second.
  const idempotencyKey = randomUUIDv7();
  const request = { eventId: event.eventId, seatIds: event.seatIds(3), idempotencyKey };
  expect((await createBooking(box.process(), someViewer(), request)).booking.seats).toMatchObject([{ seatNo: 3 }]);
});

test('a changed price refuses the older quote, holds nothing, and the same key works with the new one', async () => {
  const event = await openEvent();
  const [viewer, idempotencyKey] = [someViewer(), randomUUIDv7()];
  const before = await ask(event, 4, 5);
  const { booking } = await book(event, [8], { quoteHash: (await ask(event, 8)).hash, viewer });
  await reprice(event, 'Tier 1', 6_600);
  const refusal = await refusalOf(book(event, [4, 5], { quoteHash: before.hash, viewer, idempotencyKey }));
  expect(refusal).toBeInstanceOf(PriceChanged);
  const { quote } = refusal as PriceChanged;
  expect(quote).toEqual(await ask(event, 4, 5));
  expect(quote.totalMinor).toBe(2 * 6_920);
  expect(await available(event)).toBe(59);
  const again = await book(event, [4, 5], { quoteHash: quote.hash, viewer, idempotencyKey });
  expect(again.booking.totalMinor).toBe(2 * 6_920);
  // A repeat is the same request, whichever quote it names.
  const replay = await book(event, [4, 5], { quoteHash: before.hash, viewer, idempotencyKey });
  expect(replay).toMatchObject({ replayed: true, booking: { id: again.booking.id } });
  expect((await findBooking(box.reader, viewer, booking.id))?.totalMinor).toBe(4_470);
});

test('the price of other seats does not change a quote', async () => {
  const event = await openEvent();
  const { hash } = await ask(event, 1);
  await reprice(event, 'Tier 2', 1);
  expect((await ask(event, 1)).hash).toBe(hash);
  expect((await book(event, [1], { quoteHash: hash })).booking.totalMinor).toBe(4_470);
});

test('in a storm of holds around a change, each booking costs what its quote said, or is refused', async () => {
  const event = await openEvent();
  const old = new Map(
    await Promise.all([...Array(30).keys()].map(async (seat) => [seat, await ask(event, seat)] as const)),
  );
  const holds = [...old].map(async ([seat, { hash, totalMinor }]) => {
    const outcome = await book(event, [seat], { quoteHash: hash }).catch((error: unknown) => error);
    if (outcome instanceof PriceChanged) return outcome.quote.totalMinor;
    return (outcome as Awaited<ReturnType<typeof book>>).booking.totalMinor === totalMinor ? 'as quoted' : outcome;
  });
  await reprice(event, 'Tier 1', 9_990);
  const outcomes = await Promise.all(holds);
  for (const outcome of outcomes) expect(['as quoted', 10_310]).toContain(outcome);
  expect(await available(event)).toBe(60 - outcomes.filter((outcome) => outcome === 'as quoted').length);
  expect(await refusalOf(book(event, [29], { quoteHash: old.get(29)?.hash ?? '' }))).toBeInstanceOf(Error);
  expect(await findViolations(box.url, { except: ['I17'] })).toEqual([]);
});

test('lines name seats and ticket types, instead of the seats alone', async () => {
  const event = await openEvent();
  const { eventId, seatId } = event;
  const line = { seatId: seatId(40), ticketType: 'standard' };
  const request = { eventId, idempotencyKey: randomUUIDv7() };
  const viewer = someViewer();
  for (const [wrong, message] of [
    [{ lines: [{ ...line, ticketType: 'child' }] }, 'The ticket type child is not sold for this seat.'],
    [{ lines: [line, line] }, 'The list contains the same seat twice.'],
    [{ lines: [] }, 'Choose at least one seat.'],
    [{ lines: [line], seatIds: [seatId(41)] }, 'Give either `lines` or `seatIds`.'],
    [{ lines: [{ seatId: seatId(60) }] }, 'This seat does not exist.'],
  ] as const)
    expect(await refusalOf(createBooking(box, viewer, { ...request, ...wrong }))).toMatchObject({
      field: 'lines',
      message,
    });
  const { booking } = await createBooking(box, viewer, { ...request, lines: [line] });
  expect(booking.totalMinor).toBe(5_470);
  const same = await createBooking(box, viewer, { ...request, lines: [line] });
  expect(same).toMatchObject({ replayed: true, booking: { id: booking.id } });
  // The default of a seat may change with its prices, so a request that leaves it open is another one.
  const open = createBooking(box, viewer, { ...request, seatIds: [seatId(40)] });
  expect(await refusalOf(open)).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
});

test('there is no quote for a draft, another plan, a seat beyond the plan, or too many seats', async () => {
  const event = await openEvent();
  const draft = await seedEvent(box.reader, { seats: 3, status: 'DRAFT' });
  expect(await refusalOf(ask(draft, 0))).toMatchObject({ code: 'INVALID_INPUT', field: 'eventId' });
  expect(await refusalOf(ask({ ...event, seatIds: draft.seatIds }, 0))).toMatchObject({ field: 'lines' });
  expect(await refusalOf(ask(event, 60))).toMatchObject({ field: 'lines', message: 'This seat is not for sale.' });
  const tooMany = [...Array(box.writer.policy.maxSeatsPerBooking + 1).keys()];
  expect(await refusalOf(ask(event, ...tooMany))).toMatchObject({ code: 'TOO_MANY_SEATS' });
});
