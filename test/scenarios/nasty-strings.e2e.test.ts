import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { schema } from '#schema/index.ts';
import { type Fan, signInAsGuest } from '#test/fans/fan.ts';
import { post } from '#test/fans/graphql-http.ts';
import { transports } from '#test/fans/transports.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { nasty, notText } from '#test/support/http/nasty-strings.ts';
import { type StringSlot, stringSlotsOf } from '#test/support/http/string-slots.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

let system: System;
let db: Db;
let event: SeededEvent;
let fan: Fan;
let slots: StringSlot[];
beforeAll(async () => {
  system = await startSystem({ processes: ['api'], env: { RATE_LIMITS: 'off' } });
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  event = await seedEvent(db, { seats: 40 });
  fan = await signInAsGuest(system.apiUrl);
  slots = stringSlotsOf(schema, {
    id: `Event_${event.eventId}`,
    eventId: `Event_${event.eventId}`,
    seatIds: [`Seat_${event.seatId(1)}`],
    venueId: `Venue_${event.venueId}`,
    'venue.id': `Venue_${event.venueId}`,
    contentType: 'text/csv',
    bookingId: `Booking_${randomUUID()}`,
    email: 'fan@example.org',
    password: 'correct horse battery',
    percent: '7.7',
  });
});
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

const strings = Object.entries(nasty);
/** Some 2,000 requests; a hundred of them hash a password. */
const WITHIN_MS = 180_000;
const asFan = () => ({ authorization: `Bearer ${fan.token}` });
const problemsOf = (answer: string) =>
  /INTERNAL|"status":5\d\d|UNEXPECTED/.test(answer) ? [answer.slice(0, 500)] : ([] as string[]);

test('every string of every argument is listed here', () => {
  const names = slots.map(({ name }) => name);
  expect(names).toContain('Mutation.signUp.input.displayName');
  expect(names).toContain('Query.seatMap.seats.after');
  expect(names).toContain('Query.viewer.bookings.after');
  expect(names.length).toBeGreaterThan(30);
});

test(
  'no string in any argument causes an internal error, over HTTP',
  async () => {
    const problems: string[] = [];
    for (const slot of slots.filter(({ operation }) => operation !== 'subscription')) {
      const answers = strings.map(async ([what, text]) => {
        const answer = await post(system.apiUrl, { query: slot.query, variables: slot.variablesWith(text) }, asFan());
        if (answer.status >= 500) problems.push(`${slot.name}, ${what}: ${answer.status}`);
        problems.push(...problemsOf(JSON.stringify(answer)).map((problem) => `${slot.name}, ${what}: ${problem}`));
      });
      await Promise.all(answers);
    }
    expect(problems).toEqual([]);
  },
  WITHIN_MS,
);

test.each(['server-sent events', 'WebSocket'] as const)('nor does one in a subscription over %s', async (transport) => {
  const problems: string[] = [];
  for (const slot of slots.filter(({ operation }) => operation === 'subscription')) {
    for (const [what, text] of strings) {
      const asked = { query: slot.query, variables: slot.variablesWith(text), token: fan.token };
      const { meaning } = await transports[transport](system.apiUrl, asked);
      problems.push(...problemsOf(meaning).map((problem) => `${slot.name}, ${what}: ${problem}`));
    }
  }
  expect(problems).toEqual([]);
});

test(
  'a value that is not text is refused with its field in every text argument',
  async () => {
    const missing: string[] = [];
    for (const slot of slots.filter(({ scalar, operation }) => scalar === 'String' && operation !== 'subscription')) {
      for (const [what, text] of Object.entries(notText)) {
        const { data, errors } = await post(
          system.apiUrl,
          { query: slot.query, variables: slot.variablesWith(text) },
          asFan(),
        );
        const field =
          slot.name
            .split('.')
            .slice(2)
            .filter((part) => part !== 'input')
            .at(-1) ?? '';
        const refusal = JSON.stringify(errors ?? data);
        if (!/INVALID_INPUT/.test(refusal) || !refusal.includes(field))
          missing.push(`${slot.name}, ${what}: ${refusal}`);
      }
    }
    expect(missing).toEqual([]);
  },
  WITHIN_MS,
);

test('a draft is as unknown as an id that does not exist, to each operation that takes an id', async () => {
  const title = 'Quuxplugh';
  const draft = await seedEvent(db, { seats: 4, status: 'DRAFT', title });
  const [tier] = await db.$client<{ id: string }[]>`select id from price_tiers where event_id = ${draft.eventId}`;
  const unknown = randomUUID();
  const asked: string[] = [];
  const ask = async (slot: Pick<StringSlot, 'query' | 'operation'>, variables: object, id: string) => {
    const transport = slot.operation === 'subscription' ? 'server-sent events' : 'HTTP';
    const { meaning } = await transports[transport](system.apiUrl, { query: slot.query, variables, token: fan.token });
    return meaning.replaceAll(id, 'ID');
  };
  const ids = [draft.eventId, tier?.id ?? ''];
  for (const slot of slots.filter(({ scalar }) => scalar === 'ID'))
    for (const [type, id] of Object.entries({
      Event: ids[0],
      SeatMap: ids[0],
      WaitingRoom: ids[0],
      PriceTier: ids[1],
    })) {
      asked.push(slot.name);
      const of = (which = '') => ask(slot, slot.variablesWith(`${type}_${which}`), which);
      expect(await of(id), `${slot.name} of a ${type}`).toBe(await of(unknown));
    }
  expect(asked).toEqual(
    expect.arrayContaining([
      ...['Query.node.id', 'Query.event.id', 'Query.seatMap.eventId', 'Query.quote.eventId'],
      ...['Mutation.createBooking.input.eventId', 'Mutation.holdBestAvailable.input.eventId'],
      ...['Mutation.joinWaitingRoom.input.eventId', 'Subscription.seatMapChanged.eventId'],
      'Subscription.eventChanged.eventId',
    ]),
  );
  const found = await post(system.apiUrl, {
    query: `{ searchEvents(text: "${title}") { nodes { id } } suggestEvents(text: "${title}") { title } }`,
  });
  expect(found.data).toEqual({ searchEvents: { nodes: [] }, suggestEvents: [] });
});

test('the api still serves, and no line of its log is long', async () => {
  const { data } = await post(system.apiUrl, {
    query: 'query ($id: ID!) { event(id: $id) { id } }',
    variables: { id: `Event_${event.eventId}` },
  });
  expect(data.event.id).toBe(`Event_${event.eventId}`);
  expect(system.lines.filter((line) => Buffer.byteLength(line) > 4096).map((line) => line.slice(0, 200))).toEqual([]);
});
