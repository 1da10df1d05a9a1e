import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { findViolations } from '#processes/invariants/violations.ts';
import { openBox, someViewer } from '#test/support/databases/box.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { theatrePrices } from '#test/support/pricing/theatre-prices.ts';
import { listSeatsOfBookings } from '../booking/booking-queries.ts';
import { createBooking } from '../booking/create-booking.ts';
import { PriceChanged } from '../booking/errors.ts';
import { quoteSeats } from '../booking/quote-seats.ts';
import { recordGateway } from '../pricing/payment-gateway.ts';
import { readCharges, readLine } from '../pricing/stored-line-rules.ts';
import { findEvents } from './event-queries.ts';
import type { PriceListInput } from './price-lists/price-list-input.ts';
import { listPriceTiers } from './price-tier-queries.ts';
import { InvalidPrices, setPrices, setPricesRefusals } from './set-prices.ts';

const box = await openBox();
afterAll(() => box.close());
const needs = { ...box, db: box.reader };
const actor = { userId: randomUUIDv7() };

type Line = { seatNo: number; ticketType?: string };
const openEvent = (of: Partial<Parameters<typeof seedEvent>[1]> = {}) =>
  seedEvent(box.reader, { seats: 60, rows: 3, sections: 2, currency: 'CHF', ...of });
const set = (event: SeededEvent, changes: Partial<PriceListInput> = {}) =>
  setPrices(needs, actor, { eventId: event.eventId, ...theatrePrices(event.sectionIds), ...changes });
const linesOf = ({ seatId }: SeededEvent, lines: readonly Line[]) =>
  lines.map(({ seatNo, ticketType }) => ({ seatId: seatId(seatNo), ticketType }));
const ask = async (event: SeededEvent, ...lines: Line[]) =>
  (await quoteSeats(needs, { eventId: event.eventId, lines: linesOf(event, lines) })).quote;
const book = (event: SeededEvent, lines: readonly Line[], quoteHash?: string) =>
  createBooking(box, someViewer(), {
    eventId: event.eventId,
    lines: linesOf(event, lines),
    idempotencyKey: randomUUIDv7(),
    quoteHash,
  });
const refusalOf = (work: Promise<unknown>) => work.then(() => undefined).catch((error: unknown) => error);
const problemsOf = async (work: Promise<unknown>) => {
  const refusal = await refusalOf(work);
  expect(refusal).toBeInstanceOf(InvalidPrices);
  expect(setPricesRefusals.some((type) => refusal instanceof type)).toBe(true);
  return (refusal as InvalidPrices).problems;
};

test('a booking is made at the prices of its levels and ticket types, and keeps its lines', async () => {
  const event = await openEvent();
  await set(event);
  const lines = [{ seatNo: 3 }, { seatNo: 4, ticketType: 'child' }, { seatNo: 40 }];
  const quote = await ask(event, ...lines);
  // Full in the stalls, with 7.5 % and 1.50 of fees and 5 % of tax on all of it; then a child; then the gallery.
  expect(quote.lines.map(({ totalMinor }) => totalMinor)).toEqual([10_260, 3_916, 2_415]);
  expect(quote).toMatchObject({
    fees: [{ name: 'Handling', amountMinor: 490 }],
    taxes: [{ name: 'City', amountMinor: 24 }],
    totalMinor: 10_260 + 3_916 + 2_415 + 490 + 24,
  });
  const { booking } = await book(event, lines, quote.hash);
  expect(booking).toMatchObject({ totalMinor: quote.totalMinor, feeMinor: 514, currency: 'CHF' });
  const [seats = []] = await listSeatsOfBookings(box.reader, [booking.id]);
  expect(seats.map(readLine)).toEqual(quote.lines);
  expect(readCharges(booking.charges)).toEqual({ fees: quote.fees, taxes: quote.taxes });
  // Money of a later refund needs to know what is given back.
  expect(seats[0]?.line?.fees).toEqual([
    ['Service', 671, false],
    ['Restoration', 150, true],
  ]);
  expect(await findViolations(box.url, { except: ['I17'] })).toEqual([]);
});

test('the default ticket type of a seat is the first that every fan may buy there', async () => {
  const event = await openEvent();
  const { ticketTypes } = theatrePrices([]);
  await set(event, { ticketTypes: ticketTypes.toReversed() });
  const { booking } = await book(event, [{ seatNo: 0 }]);
  const [seats = []] = await listSeatsOfBookings(box.reader, [booking.id]);
  expect(seats[0]?.line).toMatchObject({ level: 'stalls', type: 'child', name: 'Child' });
});

test.each([
  ['an unknown ticket type', [{ seatNo: 1, ticketType: 'senior' }], 'senior is not sold for this seat'],
  [
    'a type that the level does not have',
    [{ seatNo: 40, ticketType: 'door' }],
    'At the door is sold at the box office',
  ],
  ['a type that needs a code', [{ seatNo: 1, ticketType: 'member' }], 'Member needs a code.'],
  ['a type of the box office', [{ seatNo: 1, ticketType: 'door' }], 'At the door is sold at the box office only.'],
  [
    'too many of a type',
    [1, 2, 3].map((seatNo) => ({ seatNo, ticketType: 'child' })),
    'A booking may have 2 of Child.',
  ],
])('refuses %s in a quote and in a hold, and holds nothing', async (_, lines, message) => {
  const event = await openEvent();
  await set(event);
  const refusal = { code: 'INVALID_INPUT', field: 'lines', message: expect.stringContaining(message) };
  expect(await refusalOf(ask(event, ...lines))).toMatchObject(refusal);
  expect(await refusalOf(book(event, lines))).toMatchObject(refusal);
  const [row] = await box.reader.execute(sql`select available from seat_inventories where event_id = ${event.eventId}`);
  expect(row?.available).toBe(60);
});

test('a refused ticket type does not refuse the holds of the same write', async () => {
  const event = await openEvent();
  await set(event);
  const outcomes = await Promise.allSettled(
    [...Array(20).keys()].map((seatNo) => book(event, [{ seatNo, ticketType: seatNo % 2 ? 'member' : 'child' }])),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(
    outcomes.map((_, index) => (index % 2 ? 'rejected' : 'fulfilled')),
  );
});

test('what fans are shown is what one ticket costs, and the catalogue and its watchers learn of a change', async () => {
  const event = await openEvent();
  await set(event);
  const tiers = async () => (await listPriceTiers(needs, [event.eventId]))[0];
  expect(await tiers()).toMatchObject([
    { name: 'Gallery', priceMinor: 2_000, feeMinor: 929 },
    { name: 'Stalls', priceMinor: 8_950, feeMinor: 1_824 },
  ]);
  const [before] = await findEvents(needs, [event.eventId]);
  expect(before?.priceFromMinor).toBe((await ask(event, { seatNo: 40 })).totalMinor);
  const ids = (await tiers())?.map(({ id }) => id);
  await set(event, { fees: [] });
  expect((await tiers())?.map(({ id }) => id)).toEqual(ids);
  const messages = await box.reader.execute(sql`
    select (payload ->> 'updatedVersion')::int as version from outbox
    where event_id = ${event.eventId} and type = 'EventChanged' order by 1`);
  expect(messages.map((row) => row.version)).toEqual([2, 3]);
});

test('a hold keeps its quote when prices change, and an older quote is refused by each process at once', async () => {
  const event = await openEvent();
  await set(event);
  const other = box.process();
  const [old, held] = [await ask(event, { seatNo: 1 }), await book(event, [{ seatNo: 9 }])];
  await createBooking(other, someViewer(), {
    eventId: event.eventId,
    seatIds: event.seatIds(10),
    idempotencyKey: randomUUIDv7(),
  });
  await set(event, { fees: [] });
  const wanted = { eventId: event.eventId, lines: linesOf(event, [{ seatNo: 1 }]), quoteHash: old.hash };
  for (const process of [box, other]) {
    const hold = createBooking(process, someViewer(), { ...wanted, idempotencyKey: randomUUIDv7() });
    const refusal = await refusalOf(hold);
    expect(refusal).toBeInstanceOf(PriceChanged);
    expect((refusal as PriceChanged).quote.totalMinor).toBe(8_950 + 448);
  }
  const [row] = await box.reader.execute(sql`
    select total_minor::int as total from bookings where id = ${held.booking.id}`);
  expect(row?.total).toBe(10_260 + 514);
});

test('prices that change in a storm of holds: each total is a quote that was in force at its hold', async () => {
  const event = await openEvent({ seats: 240 });
  const processes = [box, box.process()] as const;
  const listOf = (perBookingMinor: number) => ({
    fees: [{ name: 'Handling', perBookingMinor, refundable: false }],
    taxes: [],
  });
  const totals = [9_440, 9_450, 9_460, 9_470, 9_480];
  let inForce = 0;
  await set(event, listOf(490));
  const counts = { asQuoted: 0, changed: 0, atAnyPrice: 0 };
  const buy = async (seatNo: number, isQuoted: boolean) => {
    const quote = isQuoted ? await ask(event, { seatNo }) : undefined;
    const from = inForce;
    const outcome = await createBooking(processes[seatNo % 2] ?? box, someViewer(), {
      eventId: event.eventId,
      lines: linesOf(event, [{ seatNo }]),
      quoteHash: quote?.hash,
      idempotencyKey: randomUUIDv7(),
    }).catch((error: unknown) => error);
    if (outcome instanceof PriceChanged) {
      counts.changed += 1;
      expect(outcome.quote.totalMinor).not.toBe(quote?.totalMinor);
      return;
    }
    const { totalMinor } = (outcome as Awaited<ReturnType<typeof book>>).booking;
    counts[quote ? 'asQuoted' : 'atAnyPrice'] += 1;
    expect(totalMinor).toBe(quote?.totalMinor ?? totalMinor);
    // The next list may be in force a moment before it is counted here.
    expect(totals.slice(from, inForce + 2)).toContain(totalMinor);
  };
  const buyer = async (first: number) => {
    for (let seatNo = first; seatNo < 120; seatNo += 12) await buy(seatNo, first % 3 > 0);
  };
  const organizer = async () => {
    for (const [index, total] of totals.entries()) {
      if (index > 0) await set(event, listOf(total - 8_950));
      inForce = index;
    }
  };
  await Promise.all([...Array(12).keys()].map(buyer).concat(organizer()));
  expect(counts.asQuoted + counts.changed + counts.atAnyPrice).toBe(120);
  expect(counts.asQuoted).toBeGreaterThan(0);
  expect((await ask(event, { seatNo: 0 })).totalMinor).toBe(9_480);
  expect(await findViolations(box.url, { except: ['I17'] })).toEqual([]);
});

test('lists all problems with their paths, and sets nothing', async () => {
  const event = await openEvent();
  const wrong: PriceListInput = {
    priceLevels: [
      {
        key: 'a',
        name: 'A',
        seats: { rows: [{ sectionId: event.sectionIds[0] ?? '', row: '9' }], seatIds: [event.seatId(60)] },
        prices: [
          { ticketType: 'full', amountMinor: -1 },
          { ticketType: 'none', amountMinor: 100 },
          { ticketType: 'full', amountMinor: 1 },
        ],
      },
      { key: 'a', name: ' ', seats: { sectionIds: [randomUUIDv7()] }, prices: [] },
    ],
    ticketTypes: [
      { key: 'full', name: 'Full', maxPerBooking: 0 },
      { key: 'full', name: 'Full' },
    ],
    fees: [
      { name: 'Both', perTicketMinor: 1, percent: '2', refundable: true },
      { name: 'None', refundable: true },
    ],
    taxes: [{ name: 'VAT', percent: '1e1', inclusive: true, appliesTo: 'ALL' }],
  };
  const problems = await problemsOf(setPrices(needs, actor, { eventId: event.eventId, ...wrong }));
  expect(problems.map(({ path }) => path).toSorted()).toEqual(
    [
      'fees[0]',
      'fees[1]',
      'priceLevels[0].prices[0].amountMinor',
      'priceLevels[0].prices[1].ticketType',
      'priceLevels[0].prices[2].ticketType',
      'priceLevels[0].seats.rows[0].row',
      'priceLevels[0].seats.seatIds[0]',
      'priceLevels[1].key',
      'priceLevels[1].name',
      'priceLevels[1].prices',
      'priceLevels[1].seats.sectionIds[0]',
      'taxes[0].percent',
      'ticketTypes[0].maxPerBooking',
      'ticketTypes[1].key',
      'ticketTypes[1].name',
    ].toSorted(),
  );
  expect((await book(event, [{ seatNo: 0 }])).booking.totalMinor).toBe(5_250);
});

test('every seat needs a level, and every level a seat', async () => {
  const event = await openEvent();
  const { priceLevels } = theatrePrices(event.sectionIds);
  const [stalls, gallery] = priceLevels;
  if (!stalls || !gallery) throw new Error('the theatre has two levels');
  const problems = await problemsOf(
    set(event, { priceLevels: [{ ...stalls, seats: { sectionIds: [event.sectionIds[1] ?? ''] } }, gallery] }),
  );
  expect(problems).toEqual([
    { path: 'priceLevels[0].seats', message: expect.stringContaining('No seat has this level') },
    { path: 'priceLevels', message: '30 seats of section 101 have no price level: the first is row 1, seat 1.' },
  ]);
  // Rows and single seats add to each other.
  const [sectionId = ''] = event.sectionIds;
  const rows = ['1', '2'].map((row) => ({ sectionId, row }));
  const last = { seatIds: event.seatIds(...Array.from({ length: 9 }, (_, index) => 20 + index)) };
  expect(await problemsOf(set(event, { priceLevels: [{ ...stalls, seats: { rows, ...last } }, gallery] }))).toEqual([
    { path: 'priceLevels', message: 'One seat of section 101 has no price level: row 3, seat 10.' },
  ]);
});

test('refuses prices that the recorded gateway cannot take, with the price at fault', async () => {
  await recordGateway(box.reader.$client, 'stripe');
  const dinar = await openEvent({ currency: 'TND' });
  const problems = await problemsOf(
    set(dinar, { fees: [{ name: 'Handling', perBookingMinor: 495, refundable: false }], taxes: [] }),
  );
  expect(problems).toHaveLength(6);
  expect(problems[0]).toEqual({
    path: 'priceLevels[0].prices[0].amountMinor',
    message: expect.stringContaining('stripe takes TND only in steps of TND 0.010'),
  });
  // A percentage ends in a step by itself.
  await set(dinar, { fees: [{ name: 'Service', percent: '3.333', refundable: false }] });
  const libya = await openEvent({ currency: 'LYD' });
  expect(await problemsOf(set(libya))).toEqual([
    { path: 'currency', message: 'the gateway stripe does not take payments in LYD' },
  ]);
  const sweden = await openEvent({ currency: 'SEK' });
  const cheap = theatrePrices(sweden.sectionIds).priceLevels.map((level) => ({
    ...level,
    prices: [{ ticketType: 'full', amountMinor: 100 }],
  }));
  expect(await problemsOf(set(sweden, { priceLevels: cheap, fees: [] }))).toMatchObject([
    { message: expect.stringContaining('takes at least SEK 3.00') },
    { path: 'priceLevels[1].prices[0].amountMinor' },
  ]);
  await recordGateway(box.reader.$client, 'sandbox');
});

test('there are no prices for an unknown event, and none are set for a cancelled one; a draft gets them quietly', async () => {
  const event = await openEvent();
  expect(await refusalOf(set({ ...event, eventId: randomUUIDv7() }))).toMatchObject({ code: 'NOT_FOUND' });
  expect(await refusalOf(set({ ...event, eventId: 'x' }))).toMatchObject({ code: 'NOT_FOUND' });
  expect(await refusalOf(set(await openEvent({ status: 'CANCELLED' })))).toMatchObject({ field: 'eventId' });
  const draft = await openEvent({ status: 'DRAFT' });
  await set(draft);
  const [row] = await box.reader.execute(sql`
    select count(*)::int as lists, max(version) as version,
      (select count(*)::int from outbox where event_id = ${draft.eventId}) as messages
    from price_lists where event_id = ${draft.eventId}`);
  expect(row).toEqual({ lists: 2, version: 2, messages: 0 });
});
