import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { createBookingMutation, decideAt, type Fan, signInAsGuest } from '#test/fans/fan.ts';
import { post } from '#test/fans/graphql-http.ts';
import { type Credentials, headersOf, type Pushed, pushers, subscribeOver } from '#test/fans/pushed.ts';
import { joinMutation, placeChangedQuery, placeQuery, seatMapQuery } from '#test/fans/waiting-room-fan.ts';
import { expectAllInvariants } from '#test/support/databases/all-invariants.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { startSystem } from '#test/support/system/system.ts';
import { publishSeededRoom, seedRoom } from '#test/support/waiting-room/waiting-room.ts';

const system = await startSystem({ env: { LOG_LEVEL: 'warn' } });
const db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
const open: Pushed[] = [];
afterAll(async () => {
  for (const one of open) one.stop();
  await closeDb(db);
  await system.stop();
});

const seatMapChangedQuery = `subscription ($eventId: ID!) { seatMapChanged(eventId: $eventId) {
  ... on SeatMapDelta { toVersion changes { seatNo status } } } }`;
const bookingChangedQuery = 'subscription ($id: ID!) { bookingChanged(bookingId: $id) { status payment { url } } }';
const roomQuery =
  'query ($eventId: ID!) { event(id: $eventId) { waitingRoom { state entries admittedUpTo drawSecret } } }';
const refusal = [expect.objectContaining({ extensions: expect.objectContaining({ code: 'ADMISSION_REQUIRED' }) })];

const credentialsOf = ({ token }: Fan, more: Omit<Credentials, 'authorization'> = {}): Credentials => ({
  authorization: `Bearer ${token}`,
  ...more,
});
const ask = (query: string, variables: object, by: Credentials) =>
  post(system.apiUrl, { query, variables }, headersOf(by));

describe.each(Object.entries(pushers))('over %s', (_name, listen) => {
  const subscribe = (query: string, variables: object, by: Credentials) => {
    const pushed = subscribeOver(listen, system.apiUrl, by, { query, variables });
    open.push(pushed);
    return pushed;
  };

  test('a fan joins, is drawn, is let in, holds, pays and has left: each step is pushed', async () => {
    const event = await seedEvent(db, { seats: 20 });
    await seedRoom(db, event.eventId, { state: 'OPEN', capacity: 1, drawsInSeconds: 3 });
    await publishSeededRoom(db, system.redisUrl, event.eventId);
    const eventId = encodeGlobalId('Event', event.eventId);
    const fan = await signInAsGuest(system.apiUrl);
    const me = credentialsOf(fan);
    const isKnown = async () => (await ask(roomQuery, { eventId }, me)).data.event.waitingRoom?.state;
    await expect.poll(isKnown).toBe('OPEN');

    const { place } = (await ask(joinMutation, { input: { eventId } }, me)).data.joinWaitingRoom;
    expect(place).toMatchObject({ state: 'WAITING', position: null, ahead: null, estimate: null, admission: null });
    const places = subscribe(placeChangedQuery, { eventId }, { ...me, place: place.ticket });
    const told = async (state: string) =>
      (await places.when((data) => data.waitingRoomChanged.state === state)).waitingRoomChanged;
    expect(await told('WAITING')).toMatchObject({ position: null, ticket: place.ticket });
    const booking = (by: Credentials, idempotencyKey: string) => {
      const seatIds = [encodeGlobalId('Seat', event.seatId(3))];
      return ask(createBookingMutation, { input: { eventId, seatIds, idempotencyKey } }, by);
    };
    expect((await ask(seatMapQuery, { eventId }, me)).errors).toEqual(refusal);
    expect(await subscribe(seatMapChangedQuery, { eventId }, me).ended).toEqual(refusal);
    expect((await booking(me, randomUUID())).data.createBooking).toMatchObject({
      code: 'ADMISSION_REQUIRED',
      retry: { advice: 'SAME_KEY' },
    });

    const turn = await told('YOUR_TURN');
    expect(turn).toMatchObject({ position: 1, ahead: 0, ticket: place.ticket });
    const admitted = { ...me, place: place.ticket, admission: turn.admission.token };
    expect((await ask(seatMapQuery, { eventId }, admitted)).data.seatMap.layout.seatCount).toBe(20);
    expect((await told('INSIDE')).admission.token).toBeTruthy();
    const map = subscribe(seatMapChangedQuery, { eventId }, admitted);
    const key = randomUUID();
    const held = (await booking(admitted, key)).data.createBooking;
    expect(held).toMatchObject({ __typename: 'CreateBookingSuccess', replayed: false });
    await map.when((data) => data.seatMapChanged.changes[0]?.status === 'HELD');
    const payments = subscribe(bookingChangedQuery, { id: held.booking.id }, me);
    const ready = await payments.when((data) => data.bookingChanged.status === 'PAYMENT_READY');
    await decideAt(ready.bookingChanged.payment.url, 'pay');
    await payments.when((data) => data.bookingChanged.status === 'CONFIRMED');

    expect((await told('LEFT')).admission).toBeNull();
    expect(await places.ended).toBe('complete');
    expect(await map.ended).toEqual(refusal);
    expect((await ask(seatMapQuery, { eventId }, admitted)).errors).toEqual(refusal);
    expect((await ask(placeQuery, { eventId }, admitted)).data.waitingRoomPlace.state).toBe('LEFT');
    expect((await booking(admitted, randomUUID())).data.createBooking.code).toBe('ADMISSION_REQUIRED');
    expect((await booking(admitted, key)).data.createBooking, 'the answer to what was asked inside').toMatchObject({
      replayed: true,
      booking: { id: held.booking.id },
    });
    await expectAllInvariants(system);
  });
});
