import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { openSeatingPlanCache } from '#domain/catalog/seating-plan-cache.ts';
import { setPrices } from '#domain/catalog/set-prices.ts';
import { listOfTiers } from '#domain/pricing/tier-prices-rules.ts';
import { signInAsGuest } from '#test/fans/fan.ts';
import { type GraphqlAnswer, post } from '#test/fans/graphql-http.ts';
import { putPrices, type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { mutations } from '#test/support/http/mutation-documents.ts';
import { theatrePrices } from '#test/support/pricing/theatre-prices.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

let system: System;
let db: Db;
let event: SeededEvent;
beforeAll(async () => {
  system = await startSystem({ processes: ['api'] });
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  event = await seedEvent(db, { seats: 9, priceMinor: 1_200_000_000, feeMinor: 1_300_000_034, currency: 'IDR' });
});
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

const query = `query ($id: ID!, $lines: [BookingLineInput!]!) { quote(eventId: $id, lines: $lines) { hash
  total { amountMinor currency decimals } fees { name } taxes { name }
  lines { seat { seatNo } section { label } ticketType { key name } face { amountMinor }
    fees { name inclusive amount { amountMinor } } taxes { name } total { amountMinor } } } }`;
const ask = (lines: object[], eventId = `Event_${event.eventId}`): Promise<GraphqlAnswer> =>
  post(system.apiUrl, { query, variables: { id: eventId, lines } });
const seat = (seatNo: number) => ({ seatId: `Seat_${event.seatId(seatNo)}` });

test('a client asks for a quote without a sign-in, and books at its price or gets the new one', async () => {
  const { quote } = (await ask([seat(7), { ...seat(2), ticketType: 'standard' }])).data;
  const line = {
    ticketType: { key: 'standard', name: 'Standard' },
    face: { amountMinor: 1_200_000_000 },
    fees: [{ name: 'Fee', inclusive: false, amount: { amountMinor: 1_300_000_034 } }],
    taxes: [],
    total: { amountMinor: 2_500_000_034 },
  };
  expect(quote).toMatchObject({
    total: { amountMinor: 5_000_000_068, currency: 'IDR', decimals: 2 },
    fees: [],
    taxes: [],
    lines: [
      { seat: { seatNo: 2 }, ...line },
      { seat: { seatNo: 7 }, ...line },
    ],
  });
  const dearer = new Map([['Tier 1', { priceMinor: 1_200_000_000, feeMinor: 1_300_000_035 }]]);
  await putPrices(db, event.eventId, listOfTiers('IDR', dearer));
  const fan = await signInAsGuest(system.apiUrl);
  const idempotencyKey = randomUUID();
  const book = async (quoteHash: string) => {
    const input = { eventId: `Event_${event.eventId}`, lines: [seat(2), seat(7)], idempotencyKey, quoteHash };
    const headers = { authorization: `Bearer ${fan.token}` };
    return (await post(system.apiUrl, { query: mutations.createBooking, variables: { input } }, headers)).data
      .createBooking;
  };
  const refused = await book(quote.hash);
  expect(refused).toMatchObject({ __typename: 'PriceChanged', code: 'PRICE_CHANGED', retry: { advice: 'SAME_KEY' } });
  expect(refused.quote.total.amountMinor).toBe(5_000_000_070);
  expect(await book(refused.quote.hash)).toMatchObject({ __typename: 'CreateBookingSuccess', replayed: false });
});

test('a quote names what is wrong with its request', async () => {
  for (const [lines, eventId, field] of [
    [[{ ticketType: 'standard' }], undefined, 'lines'],
    [[{ ...seat(1), ticketType: 'child' }], undefined, 'lines'],
    [[], undefined, 'lines'],
    [[seat(1)], `Event_${randomUUID()}`, 'eventId'],
    [[seat(1)], 'nonsense', 'eventId'],
  ] as const) {
    const { errors } = await ask([...lines], eventId);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', field });
  }
});

const linesQuery = `query ($id: ID!, $seats: ID!) {
  booking(id: $id) { total { amountMinor } fees { name amount { amountMinor } } taxes { name inclusive amount { amountMinor } }
    lines { seat { seatNo } section { label } ticketType { key name } face { amountMinor } total { amountMinor }
      fees { name amount { amountMinor } } taxes { name inclusive amount { amountMinor } } } }
  node(id: $seats) { ... on SeatMap { sections { priceFrom { amountMinor } } seats(first: 1) { nodes {
    price { amountMinor } fee { amountMinor } quote { total { amountMinor } fees { name } lines { ticketType { key } } } } } } } }`;

test("the lines of an organizer's prices are the same in the quote and in the booking, and a seat shows what it costs", async () => {
  const hall = await seedEvent(db, { seats: 40, sections: 2, currency: 'EUR' });
  const needs = { db, plans: openSeatingPlanCache({ db }), writer: { policy: { maxSeatsPerBooking: 8 } } };
  await setPrices(needs, { userId: randomUUID() }, { eventId: hall.eventId, ...theatrePrices(hall.sectionIds) });
  const lines = [{ seatId: `Seat_${hall.seatId(3)}`, ticketType: 'child' }, { seatId: `Seat_${hall.seatId(30)}` }];
  const { quote } = (await ask(lines, `Event_${hall.eventId}`)).data;
  expect(quote.total.amountMinor).toBe(3_916 + 2_415 + 514);
  const fan = await signInAsGuest(system.apiUrl);
  const headers = { authorization: `Bearer ${fan.token}` };
  const book = async (input: object) => {
    const variables = { input: { eventId: `Event_${hall.eventId}`, idempotencyKey: randomUUID(), ...input } };
    return (await post(system.apiUrl, { query: mutations.createBooking, variables }, headers)).data.createBooking;
  };
  const member = { ...lines[0], ticketType: 'member' };
  expect(await book({ lines: [member] })).toMatchObject({ __typename: 'InvalidInput', field: 'lines' });
  const held = await book({ lines, quoteHash: quote.hash });
  expect(held).toMatchObject({ __typename: 'CreateBookingSuccess' });
  const variables = { id: held.booking.id, seats: `SeatMap_${hall.eventId}` };
  const { booking, node } = (await post(system.apiUrl, { query: linesQuery, variables }, headers)).data;
  expect(booking).toMatchObject({
    total: { amountMinor: quote.total.amountMinor },
    fees: [{ name: 'Handling', amount: { amountMinor: 490 } }],
    taxes: [{ name: 'City', inclusive: false, amount: { amountMinor: 24 } }],
    lines: [
      { seat: { seatNo: 3 }, ticketType: { key: 'child', name: 'Child' }, face: { amountMinor: 3_330 } },
      { seat: { seatNo: 30 }, section: { label: '102' }, ticketType: { key: 'full' }, total: { amountMinor: 2_415 } },
    ],
  });
  expect(booking.lines[0].taxes).toEqual([
    { name: 'VAT', inclusive: true, amount: { amountMinor: 84 } },
    { name: 'City', inclusive: false, amount: { amountMinor: 186 } },
  ]);
  expect(node.sections.map((section: { priceFrom: object }) => section.priceFrom)).toEqual([
    { amountMinor: 10_774 },
    { amountMinor: 2_929 },
  ]);
  expect(node.seats.nodes).toEqual([
    {
      price: { amountMinor: 10_774 },
      fee: { amountMinor: 1_824 },
      quote: { total: { amountMinor: 10_774 }, fees: [{ name: 'Handling' }], lines: [{ ticketType: { key: 'full' } }] },
    },
  ]);
});
