import { randomBytes, randomUUID, randomUUIDv7 } from 'node:crypto';
import { extendSchema, isObjectType, parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { schema } from '#schema/index.ts';
import {
  bookingWhen,
  createBooking,
  createBookingMutation,
  decideAt,
  type Fan,
  fanAt,
  signInAsGuest,
} from '#test/fans/fan.ts';
import { post } from '#test/fans/graphql-http.ts';
import { type Listener, listen, transports } from '#test/fans/transports.ts';
import { seedCancellation } from '#test/support/cancellation/seed-cancellation.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { seedRefund } from '#test/support/databases/refund.ts';
import { classification, owned, withoutId } from '#test/support/http/ownership-classification.ts';
import {
  coordinatesIn,
  problemsOf,
  type Question,
  questionsOf,
  rootFieldsOf,
} from '#test/support/http/schema-ownership.ts';
import { startSystem } from '#test/support/system/system.ts';
import { seedRoom } from '#test/support/waiting-room/waiting-room.ts';

const root = (coordinate: string) => {
  const found = rootFieldsOf(schema).find((one) => one.coordinate === coordinate);
  if (!found) throw new Error(`There is no ${coordinate}.`);
  return found;
};
const ofNode = (coordinate: string, type: string) => (coordinate === 'Query.node' ? type : undefined);
/** Other members of a mutation's result union reveal nothing about any fan. */
const isAboutOwned = ({ query }: Question) =>
  coordinatesIn(schema, query).some((field) => classification.types[field.split('.')[0] ?? ''] === 'OWNED');
const ownedQuestions = Object.entries(owned).flatMap(([coordinate, { types, variables }]) =>
  types.flatMap((type) =>
    questionsOf(schema, root(coordinate), ofNode(coordinate, type))
      .filter(isAboutOwned)
      .map((question) => ({ ...question, type, variables })),
  ),
);

describe('the schema', () => {
  test('is classified: every type with an id is public or owned, and nothing public leads to an owned type', () => {
    expect(problemsOf(schema, classification)).toEqual([]);
    const rootsOf = (kind: string) =>
      Object.keys(classification.roots).filter((coordinate) => classification.roots[coordinate] === kind);
    expect(Object.keys(owned).sort()).toEqual(rootsOf('OWNED').sort());
  });

  test('could not get an owned field that this test does not query', () => {
    const grown = (sdl: string) => problemsOf(extendSchema(schema, parse(sdl)), classification);
    expect(grown('type Invoice implements Node { id: ID! }')).toEqual(['Invoice has ids and is not classified']);
    expect(grown('extend type Query { seatById(id: ID!): String }')).toEqual([
      'Query.seatById takes an id, unclassified',
    ]);
    expect(grown('input Which { ids: [ID!] } extend type Mutation { forget(input: [Which!]): Boolean }')).toEqual([
      'Mutation.forget takes an id, unclassified',
    ]);
    expect(grown('extend type Query { latestTicket: Ticket }')).toContain(
      'Query.latestTicket leads to Ticket and is not classified',
    );
    expect(grown('extend type Event { bookings: [Booking!] }')).toEqual(
      expect.arrayContaining([
        'Query.event is public and leads to Booking',
        'Subscription.eventChanged is public and leads to Payment',
      ]),
    );
  });

  test('is queried for every field of every owned type', () => {
    const asked = new Set(ownedQuestions.flatMap(({ query }) => coordinatesIn(schema, query)));
    const types = Object.keys(classification.types).filter(
      (name) => classification.types[name] === 'OWNED' && !withoutId.includes(name),
    );
    const fields = types.flatMap((name) => {
      const type = schema.getType(name);
      return isObjectType(type) ? Object.keys(type.getFields()).map((field) => `${name}.${field}`) : [];
    });
    expect(fields.length).toBeGreaterThan(20);
    expect(fields.filter((field) => !asked.has(field))).toEqual([]);
  });
});

// Hundreds of queries from one address exceed the limits.
const system = await startSystem({ env: { RATE_LIMITS: 'off' } });
const db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
/** Every byte that was sent to another fan, or to a caller without a session. */
const answered: string[] = [];
const listeners: Listener[] = [];
const mark = randomBytes(6).toString('hex');
const account = {
  email: `owner-${mark}@example.org`,
  password: `password-${mark}`,
  displayName: `Owner ${mark}`,
};
const idempotencyKey = `key-${mark}`;
let owner: Fan;
let refreshToken: string;
let others: readonly { who: string; token: string | undefined }[];
let event: Awaited<ReturnType<typeof seedEvent>>;
let tickets: { id: string; code: string }[];
let paymentUrls: string[];
let ids: Record<string, string[]>;

const book = async (seatNo: number, key: string) => {
  const held = await createBooking(owner, `Event_${event.eventId}`, [`Seat_${event.seatId(seatNo)}`], key);
  return bookingWhen(owner, held.booking.id, ({ status }) => status === 'PAYMENT_READY');
};

beforeAll(async () => {
  event = await seedEvent(db, { seats: 40, cancellableForSeconds: 3_600, title: 'Open to all' });
  const signUp = `mutation ($input: SignUpInput!) { signUp(input: $input) { ... on SignUpSuccess {
    session { accessToken refreshToken viewer { id } } } } }`;
  const { session } = (await post(system.apiUrl, { query: signUp, variables: { input: account } })).data.signUp;
  // The owner of bookings also organizes an event; its room opens when no fan of this test needs its seats.
  const organizerId = session.viewer.id.replace('User_', '');
  await db.$client`update users set role = 'ORGANIZER' where id = ${organizerId}`;
  const refresh = `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { ... on RefreshSessionSuccess {
    session { accessToken refreshToken } } } }`;
  const input = { refreshToken: session.refreshToken };
  const renewed = (await post(system.apiUrl, { query: refresh, variables: { input } })).data.refreshSession.session;
  owner = fanAt(system.apiUrl, { token: renewed.accessToken, userId: session.viewer.id });
  refreshToken = renewed.refreshToken;
  const hosted = await seedEvent(db, { seats: 4, like: event, organizerId });
  const cancelled = await seedEvent(db, { seats: 4, like: event, organizerId });
  await seedCancellation(db, cancelled.eventId);
  const room = { eventId: `Event_${hosted.eventId}`, capacity: 7, opensAt: new Date(Date.now() + 86_400_000) };
  await owner.ask(
    'mutation ($input: ConfigureWaitingRoomInput!) { configureWaitingRoom(input: $input) { __typename } }',
    { input: room },
  );
  const organizationId = `Organization_${hosted.organizationId}`;
  const makeKey = `mutation ($input: CreateAccessKeyInput!) { createAccessKey(input: $input) {
    ... on CreateAccessKeySuccess { accessKey { id } } } }`;
  const key = { organizationId, name: `key-${mark}`, role: 'READER' };
  const { accessKey } = (await owner.ask(makeKey, { input: key })).createAccessKey;
  const invite = `mutation ($input: InviteMemberInput!) { inviteMember(input: $input) {
    ... on InviteMemberSuccess { invitation { id } } } }`;
  const { invitation } = (
    await owner.ask(invite, { input: { organizationId, email: `invited-${mark}@example.org`, role: 'READER' } })
  ).inviteMember;
  const makeUpload = `mutation ($input: CreateUploadInput!) { createUpload(input: $input) {
    ... on CreateUploadSuccess { upload { id } } } }`;
  const file = { organizationId, purpose: 'SEATING_PLAN', contentType: 'text/csv', bytes: 1 };
  const { upload } = (await owner.ask(makeUpload, { input: file })).createUpload;
  const queued = await seedEvent(db, { seats: 4, like: event });
  await seedRoom(db, queued.eventId, { paused: true });
  const join = `mutation ($input: WaitingRoomInput!) { joinWaitingRoom(input: $input) {
    ... on JoinWaitingRoomSuccess { place { id } } } }`;
  const { place } = (await owner.ask(join, { input: { eventId: `Event_${queued.eventId}` } })).joinWaitingRoom;
  const other = await signInAsGuest(system.apiUrl, 'another@example.org');
  others = [
    { who: 'another fan', token: other.token },
    { who: 'a caller without a session', token: undefined },
  ];

  const variables = { eventId: `Event_${event.eventId}` };
  const operations = ['Subscription.eventChanged', 'Subscription.seatMapChanged'].flatMap((coordinate) =>
    questionsOf(schema, root(coordinate))
      .slice(0, 5)
      .map(({ query }) => ({ query, variables })),
  );
  for (const { token } of others) listeners.push(listen(system.apiUrl, { operations, token }));
  const [paid, waiting] = [await book(0, idempotencyKey), await book(1, `${idempotencyKey}-2`)];
  // The payment of the paid one is no longer shown.
  paymentUrls = [waiting.payment.url];
  await decideAt(paid.payment.url, 'pay');
  tickets = (await bookingWhen(owner, paid.id, ({ status }) => status === 'CONFIRMED')).tickets;
  const refundId = await seedRefund(db, { bookingId: paid.id, eventId: event.eventId });
  ids = {
    Booking: [paid.id, waiting.id],
    Ticket: tickets.map(({ id }) => id),
    Refund: [refundId],
    User: [owner.userId],
    WaitingRoomStats: [room.eventId],
    EventSales: [room.eventId],
    EventCancellation: [`Event_${cancelled.eventId}`],
    WaitingRoomPlace: [place.id],
    Organization: [organizationId],
    AccessKey: [accessKey.id],
    Invitation: [invitation.id],
    Upload: [upload.id],
  };
}, 60_000);
afterAll(async () => {
  await Promise.all(listeners.map((listener) => listener.close()));
  await closeDb(db);
  await system.stop();
});

function unknown(type: string): string {
  if (type === 'WaitingRoomPlace') return `${type}_${randomUUIDv7()}_${randomUUIDv7()}`;
  return `${['WaitingRoomStats', 'EventSales', 'EventCancellation'].includes(type) ? 'Event' : type}_${randomUUIDv7()}`;
}
const label = ({ coordinate, about, type }: Question & { type: string }) => `${coordinate} of a ${type}: ${about}`;
const isMutation = ({ coordinate }: Question) => coordinate.startsWith('Mutation.');

describe.each(Object.entries(transports))('over %s', (name, ask) => {
  test.each(['another fan', 'a caller without a session'])(
    'an owned thing answers %s like an unknown id',
    async (who) => {
      const { token } = others.find((other) => other.who === who) ?? {};
      let compared = 0;
      for (const question of ownedQuestions) {
        const { query, type, variables } = question;
        const absent = await ask(system.apiUrl, { query, variables: variables(unknown(type)), token });
        for (const id of ids[type] ?? []) {
          const answer = await ask(system.apiUrl, { query, variables: variables(id), token });
          answered.push(answer.bytes);
          expect(answer.meaning, label(question)).toBe(absent.meaning);
          // HTTP refuses it as a subscription before the owner is checked.
          if (
            who === 'a caller without a session' &&
            question.coordinate.startsWith('Subscription.') &&
            name !== 'HTTP'
          )
            expect(answer.meaning).toContain('"code":"UNAUTHENTICATED"');
          expect(answer.meaning, label(question)).not.toMatch(/RateLimited|RATE_LIMITED|closed 4429/);
          compared += 1;
        }
      }
      expect(compared).toBeGreaterThan(50);
    },
  );

  test('its owner gets the data', async () => {
    for (const question of ownedQuestions.filter((one) => !isMutation(one))) {
      const { query, type, variables, coordinate } = question;
      // A plain request has one response, so HTTP refuses subscriptions.
      if (name === 'HTTP' && coordinate.startsWith('Subscription.')) continue;
      for (const id of ids[type] ?? []) {
        const { meaning } = await ask(system.apiUrl, { query, variables: variables(id), token: owner.token });
        expect(meaning, label(question)).toContain(`"__typename":"${type}"`);
        expect(meaning, label(question)).not.toContain('"errors"');
      }
    }
  });
});

describe('another fan', () => {
  test('sees their own account, and a caller without a session sees none', async () => {
    for (const question of questionsOf(schema, root('Query.viewer')))
      for (const { who, token } of others) {
        const answer = await transports.HTTP(system.apiUrl, { ...question, variables: {}, token });
        answered.push(answer.bytes);
        if (who === 'a caller without a session')
          expect(answer.meaning, question.about).toBe('200 {"data":{"viewer":null}}');
        else expect(answer.meaning, question.about).toContain('"__typename":"User"');
      }
  });

  test('learns nothing from an idempotency key that is not theirs', async () => {
    const [{ token } = {}] = others;
    const input = { eventId: `Event_${event.eventId}`, seatIds: [`Seat_${event.seatId(0)}`] };
    const attempt = async (key: string, seatNo: number) => {
      const seatIds = [`Seat_${event.seatId(seatNo)}`];
      const variables = { input: { ...input, seatIds, idempotencyKey: key } };
      const answer = await transports.HTTP(system.apiUrl, { query: createBookingMutation, variables, token });
      answered.push(answer.bytes);
      return answer.meaning;
    };
    const taken = await attempt(randomUUID(), 0);
    expect(taken).toContain('SeatsUnavailable');
    expect(await attempt(idempotencyKey, 0)).toBe(taken);
    expect(await attempt(idempotencyKey, 5)).toContain('"replayed":false');
  });

  const eventId = () => `Event_${event.eventId}`;
  test.each([
    ['Query.event', () => ({ id: eventId() })],
    ['Query.venue', () => ({ id: `Venue_${event.venueId}` })],
    ['Query.seatMap', () => ({ eventId: eventId() })],
    ['Query.searchEvents', () => ({ text: 'open', first: 1 })],
    ['Query.suggestEvents', () => ({ text: 'open', first: 1 })],
    ['Subscription.eventChanged', () => ({ eventId: eventId() })],
    // For a version that never was, the map is sent at once.
    ['Subscription.seatMapChanged', () => ({ eventId: eventId(), sinceVersion: 1_000_000 })],
  ] as const)('reads %s, which is public', async (coordinate, variables) => {
    for (const { query, about } of questionsOf(schema, root(coordinate)))
      for (const { token } of others) {
        const asked = { query, variables: variables(), token };
        const { bytes } = await transports['server-sent events'](system.apiUrl, asked);
        answered.push(bytes);
        expect(bytes, about).toMatch(/"data":\{"\w+":[{[]/);
      }
  });

  test('hears public changes as they happen', async () => {
    for (const listener of listeners) {
      await expect.poll(() => listener.heard()).toContain('"eventChanged":');
      await expect.poll(() => listener.heard()).toContain('"SeatMapDelta"');
      expect(listener.heard()).not.toContain('closed');
    }
  });

  test('never received private data', async () => {
    const heard = [...answered, ...listeners.map((listener) => listener.heard())].join('\n');
    const everything = '{ viewer { email displayName bookings { nodes { payment { url } tickets { code } } } } }';
    const asOwnerAnswered = JSON.stringify(await owner.ask(everything));
    const shownToOwner = [account.email, account.displayName, ...tickets.map(({ code }) => code), ...paymentUrls];
    for (const canary of shownToOwner) expect(asOwnerAnswered).toContain(canary);
    const references = paymentUrls.map((url) => url.split('/').at(-1) ?? url);
    const rawIds = Object.values(ids).flatMap((all) => all.map((id) => id.replace(/^\w+?_/, '')));
    const secrets = [account.password, idempotencyKey, owner.token, refreshToken, mark];
    expect(heard.length).toBeGreaterThan(10_000);
    for (const canary of [...shownToOwner, ...references, ...rawIds, ...secrets])
      expect(heard.includes(canary), canary).toBe(false);
  });
});

test('the owner may do the operations that were refused to the others as unknown', async () => {
  const [question] = ownedQuestions.filter(isMutation);
  for (const id of ids.Booking ?? []) {
    const asked = { query: question?.query ?? '', variables: { input: { bookingId: id } }, token: owner.token };
    expect((await transports.HTTP(system.apiUrl, asked)).meaning).toContain('CancelBookingSuccess');
  }
});
