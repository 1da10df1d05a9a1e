import { type GraphQLInterfaceType, isInterfaceType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { schema } from '#schema/index.ts';
import { bookingWhen, createBooking, decideAt, type Fan, signInAsGuest } from '#test/fans/fan.ts';
import { post } from '#test/fans/graphql-http.ts';
import { type SeededEvent, seedEvent, seedOrganization } from '#test/support/databases/catalog.ts';
import { seedRefund } from '#test/support/databases/refund.ts';
import { startSystem } from '#test/support/system/system.ts';
import { seedRoom } from '#test/support/waiting-room/waiting-room.ts';

const system = await startSystem();
const db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
let event: SeededEvent;
let queued: SeededEvent;
let fan: Fan;
const bookingIds: string[] = [];

beforeAll(async () => {
  event = await seedEvent(db, { seats: 20 });
  queued = await seedEvent(db, { seats: 4 });
  await seedRoom(db, queued.eventId, { paused: true });
  fan = await signInAsGuest(system.apiUrl);
  const ownerId = fan.userId.replace('User_', '');
  const organizationId = await seedOrganization(db, ownerId);
  await db.$client`
    insert into access_keys (id, organization_id, name, role, secret_hash, created_by)
    values (gen_random_uuid(), ${organizationId}, 'key', 'READER', '\\x01', ${ownerId})`;
  await db.$client`
    insert into organization_invitations (id, organization_id, email, role, token_hash, invited_by, expires_at)
    values (gen_random_uuid(), ${organizationId}, 'invited@example.org', 'READER', '\\x01', ${ownerId}, now() + interval '1 day')`;
  await vi.waitUntil(() => waitingRoomOf(queued), { timeout: 25_000 });
  await fan.ask('mutation ($input: WaitingRoomInput!) { joinWaitingRoom(input: $input) { __typename } }', {
    input: { eventId: globalId(queued) },
  });
  for (const seatNo of [3, 7, 11, 15, 19]) {
    const { booking } = await createBooking(fan, globalId(event), [`Seat_${event.seatId(seatNo)}`]);
    bookingIds.unshift(booking.id);
  }
  const paid = await bookingWhen(fan, bookingIds[0] ?? '', ({ status }) => status === 'PAYMENT_READY');
  await decideAt(paid.payment.url, 'pay');
  await bookingWhen(fan, paid.id, ({ status }) => status === 'CONFIRMED');
  await seedRefund(db, { bookingId: paid.id, eventId: event.eventId });
}, 60_000);
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

const globalId = ({ eventId }: SeededEvent) => `Event_${eventId}`;
const waitingRoomOf = async (of: SeededEvent) =>
  (await post(system.apiUrl, { query: `{ event(id: "${globalId(of)}") { waitingRoom { id } } }` })).data.event
    .waitingRoom;

const everything = `query ($event: ID!, $queued: ID!) {
  event(id: $event) { __typename id venue { __typename id seatingPlans(first: 1) { nodes { __typename id } } } priceTiers { __typename id } }
  seatMap(eventId: $event) {
    __typename id sections { section { __typename id } } seats(first: 2) { nodes { seat { __typename id } } }
  }
  queued: event(id: $queued) { waitingRoom { __typename id } }
  waitingRoomPlace(eventId: $queued) { __typename id }
  viewer { __typename id organizations { __typename id accessKeys { __typename id } invitations { __typename id } } bookings { nodes { __typename id tickets { __typename id } refunds { __typename id } } } }
}`;

const makeUpload = `mutation ($input: CreateUploadInput!) {
  createUpload(input: $input) { ... on CreateUploadSuccess { upload { __typename id } } }
}`;

type Named = { __typename: string; id: string };

function* nodesIn(value: unknown): Generator<Named> {
  if (typeof value !== 'object' || value === null) return;
  if ('id' in value) yield value as Named;
  for (const inner of Object.values(value)) yield* nodesIn(inner);
}

const refetch = (by: Pick<Fan, 'answer'>, id: string, more = '') =>
  by.answer(`query ($id: ID!) { node(id: $id) { __typename id ${more} } }`, { id });
const anonymous: Pick<Fan, 'answer'> = {
  answer: (query, variables = {}) => post(system.apiUrl, { query, variables }),
};

describe('node', () => {
  test('finds the object of every id that the API returned, of every type with ids', async () => {
    const answer = await fan.ask(everything, { event: globalId(event), queued: globalId(queued) });
    const file = { purpose: 'SEATING_PLAN', contentType: 'text/csv', bytes: 1 };
    const made = await fan.ask(makeUpload, {
      input: { organizationId: answer.viewer.organizations[0].id, ...file },
    });
    const given = [...nodesIn(answer), ...nodesIn(made)];
    const node = schema.getType('Node');
    if (!isInterfaceType(node)) throw new Error('There is no Node.');
    expect(new Set(given.map(({ __typename }) => __typename))).toEqual(namesOf(node));
    for (const { __typename, id } of given)
      expect(await refetch(fan, id)).toEqual({ status: 200, data: { node: { __typename, id } } });
  });

  test('finds the same seat map as its event has, under one id for all versions', async () => {
    const fields = 'version statuses event { id } seats(last: 1) { nodes { seat { seatNo } status } }';
    const { seatMap } = await fan.ask(`{ seatMap(eventId: "${globalId(event)}") { id ${fields} } }`);
    expect(seatMap).toMatchObject({ id: `SeatMap_${event.eventId}`, event: { id: globalId(event) } });
    expect(seatMap.seats.nodes).toEqual([{ seat: { seatNo: 19 }, status: 'BOOKED' }]);
    const { data } = await refetch(anonymous, seatMap.id, `... on SeatMap { ${fields} }`);
    expect(data.node).toMatchObject(seatMap);
  });

  test('does not show a seat map past the waiting room of its event', async () => {
    const id = `SeatMap_${queued.eventId}`;
    for (const by of [fan, anonymous]) {
      const { data, errors } = await refetch(by, id);
      expect(data.node).toBeNull();
      expect(errors?.[0]).toMatchObject({ path: ['node'], extensions: { code: 'ADMISSION_REQUIRED' } });
    }
  });

  test('shows a place in a waiting room only to its viewer, and a price of a draft to no caller', async () => {
    const { waitingRoomPlace } = await fan.ask(`{ waitingRoomPlace(eventId: "${globalId(queued)}") { id } }`);
    const other = await signInAsGuest(system.apiUrl, 'other@example.org');
    for (const by of [other, anonymous])
      expect(await refetch(by, waitingRoomPlace.id)).toEqual({ status: 200, data: { node: null } });
    const draft = await seedEvent(db, { seats: 4, status: 'DRAFT' });
    await seedRoom(db, draft.eventId, { paused: true });
    const [tier] = await db.$client`select id from price_tiers where event_id = ${draft.eventId}`;
    for (const id of [`PriceTier_${tier?.id}`, `SeatMap_${draft.eventId}`, `WaitingRoom_${draft.eventId}`])
      expect((await refetch(fan, id)).data).toEqual({ node: null });
  });

  test.each(['SeatMap_x', 'WaitingRoomPlace_x_y', 'WaitingRoom_', 'PriceTier', 'Nothing_1', '', 'Event_\u0000'])(
    'returns null for %j, which is not a valid id',
    async (id) => {
      expect((await refetch(fan, id)).data).toEqual({ node: null });
    },
  );
});

const namesOf = (node: GraphQLInterfaceType) =>
  new Set(schema.getImplementations(node).objects.map(({ name }) => name));

type Page = { nodes: { id: string }[]; pageInfo: Record<string, unknown> };
const bookings = async (args: string): Promise<Page> =>
  (
    await fan.ask(`{ viewer { bookings(${args}) { nodes { id }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`)
  ).viewer.bookings;
const seats = async (args: string) =>
  (
    await fan.ask(`{ seatMap(eventId: "${globalId(event)}") { seats(${args}) { nodes { seat { seatNo } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`)
  ).seatMap.seats;
const idsOf = ({ nodes }: Page) => nodes.map(({ id }) => id);

describe('a list', () => {
  test('of bookings has one order from either end', async () => {
    const end = await bookings('last: 2');
    expect(idsOf(end)).toEqual(bookingIds.slice(3));
    expect(end.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    const before = await bookings(`last: 2, before: "${end.pageInfo.startCursor}"`);
    expect(idsOf(before)).toEqual(bookingIds.slice(1, 3));
    expect(before.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    const start = await bookings(`last: 2, before: "${before.pageInfo.startCursor}"`);
    expect(idsOf(start)).toEqual(bookingIds.slice(0, 1));
    expect(start.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const forth = await bookings(`first: 2, after: "${start.pageInfo.endCursor}"`);
    expect(idsOf(forth)).toEqual(idsOf(before));
    expect(forth.pageInfo).toMatchObject({ ...before.pageInfo });
    expect(idsOf(await bookings('first: null, last: 1, status: [CONFIRMED]'))).toEqual(bookingIds.slice(0, 1));
  });

  test('of seats has one order from either end', async () => {
    const numbers = ({ nodes }: { nodes: { seat: { seatNo: number } }[] }) => nodes.map(({ seat }) => seat.seatNo);
    const end = await seats('last: 2, status: AVAILABLE');
    expect(numbers(end)).toEqual([17, 18]);
    const before = await seats(`last: 3, status: AVAILABLE, before: "${end.pageInfo.startCursor}"`);
    expect(numbers(before)).toEqual([13, 14, 16]);
    expect(before.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    const forth = await seats(`first: 2, status: AVAILABLE, after: "${before.pageInfo.endCursor}"`);
    expect(numbers(forth)).toEqual([17, 18]);
    expect(forth.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  test.each([
    ['last: 0', 'last'],
    ['last: 51', 'last'],
    ['first: 51', 'first'],
    ['last: 2, before: "nonsense"', 'before'],
  ])('refuses bookings(%s)', async (args, field) => {
    const { errors } = await fan.answer(`{ viewer { bookings(${args}) { nodes { id } } } }`);
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'INVALID_INPUT', field } });
    expect(errors?.[0]?.message).toMatch(field === 'before' ? /cursor/ : `\`${field}\``);
  });

  test('costs the number of requested items, from either end', async () => {
    const costly = (args: string) =>
      `{ viewer { bookings(${args}) { nodes { event { priceTiers { id name price { amountMinor currency } fee { amountMinor } } }
        tickets { id event { priceTiers { id name price { amountMinor currency } fee { amountMinor currency } } } } } } } }`;
    expect((await fan.answer(costly('last: 50'))).errors?.[0]?.message).toContain('cost');
    expect((await fan.answer(costly('last: 1'))).errors).toBeUndefined();
  });
});
