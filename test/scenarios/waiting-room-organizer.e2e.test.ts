import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { newCredentials, signIn } from '#test/fans/accounts.ts';
import { type Fan, signInAsGuest } from '#test/fans/fan.ts';
import type { Json } from '#test/fans/graphql-http.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { openWaitingRoomWorld } from '#test/support/waiting-room/waiting-room-world.ts';

const world = await openWaitingRoomWorld();
const { system, db } = world;
afterAll(() => world.close());

/** A fan whom an operator made the organizer of the event. */
async function organizerOf({ eventId }: SeededEvent): Promise<Fan> {
  const { email, password } = newCredentials();
  const args = ['--role', 'organizer', '--email', email, '--password', password, '--event', eventId];
  const env = { ...process.env, DATABASE_URL: system.bookingUrl };
  await promisify(execFile)(process.execPath, ['src/processes/account.ts', ...args], { env });
  return signIn(system.apiUrl, { email, password });
}

const statsFields = 'state paused capacity joined waiting inside showUpRate missed';
async function manage(organizer: Fan, name: string, input: object): Promise<Json> {
  const type = name === 'configureWaitingRoom' ? 'ConfigureWaitingRoomInput' : 'WaitingRoomInput';
  const success = `${name.charAt(0).toUpperCase()}${name.slice(1)}Success`;
  const answer = await organizer.ask(
    `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ... on Refusal { message }
       ... on ${success} { event { waitingRoom { state } } waitingRoom { state paused capacity admittedUpTo } stats { ${statsFields} } } } }`,
    { input },
  );
  expect(answer[name], JSON.stringify(answer)).toMatchObject({ __typename: success });
  return answer[name];
}

/** The pushed stats, the newest last. */
function followStats(organizer: Fan, eventId: string) {
  const seen: Json[] = [];
  const socket = organizer.socket();
  socket.subscribe<{ waitingRoomStats: Json }>(
    {
      query: `subscription ($eventId: ID!) { waitingRoomStats(eventId: $eventId) { ${statsFields} } }`,
      variables: { eventId },
    },
    { next: ({ data }) => data && seen.push(data.waitingRoomStats), error: () => {}, complete: () => {} },
  );
  return {
    until: (stats: object) => expect.poll(() => seen.at(-1)).toMatchObject(stats),
    close: () => socket.dispose(),
  };
}

test('an organizer runs a waiting room: capacity, pause, end and open take effect while fans are in it', async () => {
  const event = await seedEvent(db, { seats: 100 });
  const organizer = await organizerOf(event);
  const eventId = `Event_${event.eventId}`;
  const states: Json[] = [];
  const page = organizer.socket();
  page.subscribe<{ eventChanged: Json }>(
    {
      query: 'subscription ($eventId: ID!) { eventChanged(eventId: $eventId) { waitingRoom { state } } }',
      variables: { eventId },
    },
    { next: ({ data }) => states.push(data?.eventChanged.waitingRoom?.state), error: () => {}, complete: () => {} },
  );
  await expect.poll(() => states).toHaveLength(1);
  const made = await manage(organizer, 'configureWaitingRoom', { eventId, capacity: 0, graceSeconds: 300 });
  expect(made.waitingRoom).toMatchObject({ capacity: 0, paused: false, admittedUpTo: 0 });
  await world.isKnown(event);
  const stats = followStats(organizer, eventId);
  await stats.until({ state: 'DRAWN', joined: 0 });
  // Watchers of the event hear of the worker's changes.
  await expect.poll(() => states.at(-1)).toBe('DRAWN');

  const [ann, bob, eve] = [await world.fan(event), await world.fan(event, { at: 1 }), await world.fan(event)];
  for (const fan of [ann, bob]) {
    await fan.join();
    await fan.watch();
  }
  await stats.until({ joined: 2, waiting: 2, inside: 0 });
  expect([ann.last?.state, bob.last?.state], 'a room with capacity 0').toEqual(['WAITING', 'WAITING']);

  await manage(organizer, 'configureWaitingRoom', { eventId, capacity: 1 });
  await ann.when('YOUR_TURN');
  await ann.seatMap();
  await ann.when('INSIDE');
  await stats.until({ capacity: 1, inside: 1, waiting: 1 });

  await manage(organizer, 'pauseWaitingRoom', { eventId });
  await manage(organizer, 'configureWaitingRoom', { eventId, capacity: 5 });
  await eve.join();
  await eve.watch();
  await stats.until({ paused: true, capacity: 5, joined: 3, waiting: 2, inside: 1 });
  expect(bob.last?.state, 'no fan is admitted while it is paused').toBe('WAITING');
  await ann.seatMap();

  await manage(organizer, 'openWaitingRoom', { eventId });
  await Promise.all([bob.when('YOUR_TURN'), eve.when('YOUR_TURN')]);

  await manage(organizer, 'endWaitingRoom', { eventId });
  await Promise.all([ann, bob, eve].map((fan) => fan.when('LEFT')));
  const { data } = await (await world.fan(event)).fan.answer(
    'query ($eventId: ID!) { seatMap(eventId: $eventId) { version } }',
    { eventId },
  );
  expect(data.seatMap, 'all fans may buy').toEqual({ version: expect.any(Number) });

  const again = await manage(organizer, 'openWaitingRoom', { eventId });
  expect(again.waitingRoom).toMatchObject({ state: 'DRAWN', paused: false, admittedUpTo: 3 });
  await stats.until({ state: 'DRAWN', joined: 3, inside: 1 });

  const zoe = await world.fan(event);
  await zoe.join();
  await zoe.watch();
  const preview = `mutation ($input: EventInput!) { previewEventCancellation(input: $input) {
    ... on PreviewEventCancellationSuccess { preview { token } } } }`;
  const { token } = (await organizer.ask(preview, { input: { eventId } })).previewEventCancellation.preview;
  const cancel = `mutation ($input: CancelEventInput!) { cancelEvent(input: $input) {
    ... on CancelEventSuccess { event { status } } } }`;
  const decision = { eventId, token, refundFees: true, reason: 'The singer is ill' };
  const ended = await organizer.ask(cancel, { input: decision });
  expect(ended.cancelEvent).toEqual({ event: { status: 'CANCELLED' } });
  await zoe.when('LEFT');
  await expect.poll(() => states.at(-1)).toBe('ENDED');
  await Promise.all([stats.close(), page.dispose()]);
});

test('watchers of an event see its pause, its postponement and its new date', async () => {
  const event = await seedEvent(db, { seats: 4 });
  const organizer = await organizerOf(event);
  const eventId = `Event_${event.eventId}`;
  const seen: Json[] = [];
  const page = (await signInAsGuest(system.apiUrl)).socket();
  const fields = 'status salesPaused saleStatus startsAt previousStartsAt';
  page.subscribe<{ eventChanged: Json }>(
    { query: `subscription ($eventId: ID!) { eventChanged(eventId: $eventId) { ${fields} } }`, variables: { eventId } },
    { next: ({ data }) => data && seen.push(data.eventChanged), error: () => {}, complete: () => {} },
  );
  const change = async (name: string, type: string, input: object = {}) => {
    const query = `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ... on Refusal { message } } }`;
    const answer = await organizer.ask(query, { input: { eventId, ...input } });
    expect(answer[name].__typename, JSON.stringify(answer)).toMatch(/Success$/);
  };
  const told = (state: object) => expect.poll(() => seen.at(-1), { timeout: 5_000 }).toMatchObject(state);
  await told({ status: 'PUBLISHED', salesPaused: false, saleStatus: 'ON_SALE' });
  const { startsAt } = seen.at(-1) as Json;
  await change('pauseSales', 'EventInput');
  await told({ salesPaused: true, saleStatus: 'SCHEDULED' });
  await change('resumeSales', 'EventInput');
  await told({ salesPaused: false, saleStatus: 'ON_SALE' });
  await change('rescheduleEvent', 'RescheduleEventInput', { startsAt: null });
  await told({ status: 'POSTPONED', saleStatus: 'SCHEDULED', previousStartsAt: startsAt });
  await change('rescheduleEvent', 'RescheduleEventInput', { startsAt: '2040-06-11T20:00' });
  await told({ status: 'PUBLISHED', startsAt: '2040-06-12T01:00:00.000Z', previousStartsAt: startsAt });
  await page.dispose();
});
