import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { newCredentials, openSession, signUp } from '#test/fans/accounts.ts';
import { type Fan, fanAt } from '#test/fans/fan.ts';
import { type Pushed, pushers, subscribeOver } from '#test/fans/pushed.ts';
import { seedEvent, seedMember } from '#test/support/databases/catalog.ts';
import { type System, startSystem } from '#test/support/system/system.ts';
import { seedRoom } from '#test/support/waiting-room/waiting-room.ts';

/** The promise of the design. */
const WITHIN_MS = 2_000;
const KNOWN_FOR_MS = 1_100;

let system: System;
let db: Db;
let event: Awaited<ReturnType<typeof seedEvent>>;
let owner: Fan;
let sold = 0;
beforeAll(async () => {
  system = await startSystem({ processes: ['api', 'api-2'], env: { RATE_LIMITS: 'off' } });
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  owner = await account();
  event = await seedEvent(db, { seats: 4, organizerId: owner.userId.replace('User_', '') });
  await seedRoom(db, event.eventId, { paused: true });
}, 120_000);
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

async function account(): Promise<Fan> {
  const { accessToken, userId } = await openSession(system.apiUrl, await signUp(system.apiUrl, newCredentials()));
  return fanAt(system.apiUrl, { token: accessToken, userId: `User_${userId}` });
}

async function member(role: 'MANAGER' | 'READER' = 'MANAGER'): Promise<Fan> {
  const made = await account();
  const userId = made.userId.replace('User_', '');
  await seedMember(db, { organizationId: event.organizationId, userId, role });
  return made;
}

const organizationId = () => `Organization_${event.organizationId}`;
async function byOwner(name: string, input: object): Promise<Record<string, unknown>> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const more = name === 'createAccessKey' ? '... on CreateAccessKeySuccess { secret accessKey { id } }' : '';
  const query = `mutation ($input: ${type}Input!) { ${name}(input: $input) { __typename ${more} } }`;
  const answer = (await owner.ask(query, { input }))[name];
  expect(answer.__typename).toBe(`${type}Success`);
  return answer;
}

const roomQuery = 'subscription ($id: ID!) { waitingRoomStats(eventId: $id) { capacity } }';
const salesQuery = 'subscription ($id: ID!) { eventSalesChanged(eventId: $id) { soldTickets } }';

type Watches = { readonly room: readonly Pushed[]; readonly sales: readonly Pushed[] };

/** Subscriptions of the caller at each process, over each transport, after their first results. */
async function watchEverywhere(token: string): Promise<Watches> {
  const by = { authorization: `Bearer ${token}` };
  const watch = async (query: string) => {
    const operation = { query, variables: { id: `Event_${event.eventId}` } };
    const open = Object.values(pushers).flatMap((push) =>
      [system.apiUrl, system.secondApiUrl].map((url) => subscribeOver(push, url, by, operation)),
    );
    await Promise.all(open.map((pushed) => pushed.when(() => true)));
    return open;
  };
  return { room: await watch(roomQuery), sales: await watch(salesQuery) };
}

const allOf = ({ room, sales }: Watches): Pushed[] => [...room, ...sales];

async function expectEnded(watches: Watches, since: number): Promise<void> {
  const open = allOf(watches);
  const ends = await Promise.all(open.map(async ({ ended }) => ({ why: await ended, ms: performance.now() - since })));
  const slowest = Math.max(...ends.map(({ ms }) => ms));
  console.log(`${open.length} subscriptions at two processes ended; the slowest after ${Math.round(slowest)} ms`);
  for (const { why } of ends) expect(why).toMatchObject([{ extensions: { code: 'NOT_ALLOWED' } }]);
  expect(slowest).toBeLessThan(WITHIN_MS);
}

const causes: Record<string, (who: { userId: string }) => Promise<unknown>> = {
  'a smaller role': ({ userId }) => byOwner('changeMember', { organizationId: organizationId(), userId, role: 'DOOR' }),
  'a removed member': ({ userId }) => byOwner('removeMember', { organizationId: organizationId(), userId }),
  'a change that no process announced': ({ userId }) =>
    db.$client`delete from organization_members where user_id = ${userId.replace('User_', '')}`,
};

describe('open subscriptions of an organizer end on every process', () => {
  test.each(Object.entries(causes))('with %s; those of other members stay open', async (_name, end) => {
    const [leaving, staying] = [await member(), await member()];
    const [open, others] = [await watchEverywhere(leaving.token), await watchEverywhere(staying.token)];
    const since = performance.now();
    await end(leaving);
    await expectEnded(open, since);
    // A process may know a membership for a second after a change that was not announced.
    await sleep(Math.max(0, since + KNOWN_FOR_MS - performance.now()));
    const by = { authorization: `Bearer ${leaving.token}` };
    const variables = { id: `Event_${event.eventId}` };
    const urls = [system.apiUrl, system.secondApiUrl];
    for (const [url, query] of urls.flatMap((at) => [roomQuery, salesQuery].map((one) => [at, one] as const))) {
      const again = subscribeOver(pushers.WebSocket, url, by, { query, variables });
      expect(await again.ended).toMatchObject([
        { extensions: { code: expect.stringMatching(/NOT_ALLOWED|BAD_REQUEST/) } },
      ]);
      expect(again.results).toEqual([]);
    }
    await expectStillOpen(others);
  });

  test('with a revoked access key', async () => {
    const made = await byOwner('createAccessKey', { organizationId: organizationId(), name: 'key', role: 'MANAGER' });
    const open = await watchEverywhere(String(made.secret));
    const since = performance.now();
    await byOwner('revokeAccessKey', { accessKeyId: (made.accessKey as { id: string }).id });
    await expectEnded(open, since);
  });

  test('with the time of an access key', async () => {
    const expiresAt = new Date(Date.now() + 4_000);
    const key = { organizationId: organizationId(), name: 'short', role: 'MANAGER', expiresAt };
    const { secret } = await byOwner('createAccessKey', key);
    const open = await watchEverywhere(String(secret));
    await Promise.all(allOf(open).map(({ ended }) => ended));
    expect(Date.now() - expiresAt.getTime()).toBeLessThan(WITHIN_MS);
  });
});

/** They get the next change of the room, and the next sale. */
async function expectStillOpen({ room, sales }: Watches): Promise<void> {
  const capacity = Math.floor(Math.random() * 900_000) + 1_000;
  await byOwner('configureWaitingRoom', { eventId: `Event_${event.eventId}`, capacity });
  sold += 1;
  await byOwner('sellAtBoxOffice', {
    eventId: `Event_${event.eventId}`,
    lines: [{ seatId: `Seat_${event.seatId(sold - 1)}` }],
    tender: 'CASH',
    idempotencyKey: `sale ${sold}`,
  });
  await Promise.all([
    ...room.map((pushed) => pushed.when(({ waitingRoomStats }) => waitingRoomStats.capacity === capacity)),
    ...sales.map((pushed) => pushed.when(({ eventSalesChanged }) => eventSalesChanged.soldTickets === sold)),
  ]);
  for (const pushed of [...room, ...sales]) pushed.stop();
}
