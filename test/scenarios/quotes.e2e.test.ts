import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { listOfTiers } from '#domain/pricing/tier-prices-rules.ts';
import { signInAsGuest } from '#test/fans/fan.ts';
import { type GraphqlAnswer, post } from '#test/fans/graphql-http.ts';
import { putPrices, type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { mutations } from '#test/support/http/mutation-documents.ts';
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
