import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { createBookingMutation, decideAt, type Fan, signInAsGuest } from '#test/fans/fan.ts';
import { KeptConnections } from '#test/fans/graphql-http.ts';
import { openConversation } from '#test/fans/graphql-socket.ts';
import { openPaymentScenes } from '#test/support/payments/payment-scenes.ts';

const scenes = await openPaymentScenes({ env: { LOG_LEVEL: 'info', MAX_SEATS_PER_EVENT: '1000' } });
const { system } = scenes;
afterAll(() => scenes.close());

/** Acts like a balancer: leaves a process that ends its connections or no longer listens, and uses the other one. */
function openClient(fan: Fan) {
  const connections = new KeptConnections();
  const headers = { authorization: `Bearer ${fan.token}` };
  const urls = [system.apiUrl, system.secondApiUrl];
  let closes = 0;
  const attempt = async (url: string, variables: object): Promise<string> => {
    const answer = await connections.send(url, { query: createBookingMutation, variables }, headers);
    if (answer.closes && urls.length > 1) {
      closes += 1;
      urls.shift();
    }
    return answer.status === 200 ? JSON.parse(answer.text).data.createBooking.__typename : answer.text;
  };
  return {
    async mutate(variables: object): Promise<string> {
      for (const url of [...urls]) {
        try {
          return await attempt(url, variables);
        } catch (error) {
          // Nothing was sent, so nothing has failed.
          if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error;
          urls.shift();
        }
      }
      throw new Error('No process listens.');
    },
    closes: () => closes,
    close: () => connections.close(),
  };
}

function openWatcher(eventId: string) {
  const closed = Promise.withResolvers<{ code: number; atMs: number }>();
  const watching = Promise.withResolvers<void>();
  const query = 'subscription ($id: ID!) { seatMapChanged(eventId: $id) { __typename } }';
  const socket = openConversation(system.apiUrl, {
    operations: () => [{ query, variables: { id: eventId } }],
    onSubscribed: watching.resolve,
    onMessage: () => undefined,
  });
  socket.on('error', watching.reject);
  socket.on('close', (code) => closed.resolve({ code, atMs: performance.now() }));
  return { watching: watching.promise, closed: closed.promise };
}

test('an api process that leaves under load fails no mutation, and closes its sockets one after the other', async () => {
  await system.start('api-2');
  const [fansCount, each, watcherCount] = [24, 60, 60];
  const event = await scenes.event(fansCount * each);
  const eventId = encodeGlobalId('Event', event.eventId);
  const fans = await Promise.all(Array.from({ length: fansCount }, () => signInAsGuest(system.apiUrl)));
  const watchers = Array.from({ length: watcherCount }, () => openWatcher(eventId));
  await Promise.all(watchers.map(({ watching }) => watching));

  const outcomes: string[] = [];
  const clients = fans.map(openClient);
  const isLeft = system.ended('api');
  let left = false;
  void isLeft.then(() => {
    left = true;
  });
  const buying = clients.map(async (client, i) => {
    // Until well after the process has gone, and not longer than there are seats.
    for (let n = 0, after = 0; n < each && after < 5; n++) {
      const seatIds = event.seatIds(i * each + n).map((id) => encodeGlobalId('Seat', id));
      outcomes.push(await client.mutate({ input: { eventId, seatIds, idempotencyKey: `${i}-${n}` } }));
      if (left) after += 1;
      await sleep(20);
    }
  });
  await expect.poll(() => outcomes.length, { timeout: 30_000 }).toBeGreaterThan(fansCount * 2);
  const toldAtMs = performance.now();
  const ending = system.kill('api', 'SIGTERM');
  await Promise.all(buying);
  await ending;
  expect(await isLeft).toBe(null);
  for (const client of clients) client.close();

  const counts: Record<string, number> = {};
  for (const name of outcomes) counts[name] = (counts[name] ?? 0) + 1;
  console.log(`${outcomes.length} mutations while an api process left:`, counts);
  expect(counts).toEqual({ CreateBookingSuccess: outcomes.length });
  expect(clients.map((client) => client.closes())).toEqual(clients.map(() => 1));
  const closed = await Promise.all(watchers.map((watcher) => watcher.closed));
  expect(new Set(closed.map(({ code }) => code))).toEqual(new Set([1012]));
  const times = closed.map(({ atMs }) => atMs - toldAtMs).sort((a, b) => a - b);
  console.log(`sockets closed between ${Math.round(times[0] ?? 0)} and ${Math.round(times.at(-1) ?? 0)} ms`);
  expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1000);
  await system.start('api');
  await scenes.expectAllInvariants();
});

test('a worker that ends finishes its current message, and no consumer handles it again', async () => {
  const sql = postgres(system.bookingUrl, { max: 2, onnotice: () => {} });
  const event = await scenes.event(1);
  const buyer = await scenes.buyer(event, 0);
  const { payment } = await buyer.ready();
  const handled = () =>
    system.lines.filter((line) => line.includes('PaymentSucceeded') && line.includes(event.eventId));
  const gate = Promise.withResolvers<void>();
  // The confirmation waits for the event's lock.
  const holding = sql.begin(async (tx) => {
    await tx`select from seat_inventories where event_id = ${event.eventId} for update`;
    await gate.promise;
  });
  await decideAt(payment.url, 'pay');
  const waits =
    () => sql`select from pg_stat_activity where wait_event_type = 'Lock' and query like '%seat_inventories%'
    and datname = current_database()`;
  await expect.poll(async () => (await waits()).length).toBeGreaterThan(0);
  const ending = system.kill('worker', 'SIGTERM');
  gate.resolve();
  await holding;
  await ending;
  expect((await buyer.when({ status: 'CONFIRMED' })).tickets).toHaveLength(1);
  expect(handled()).toHaveLength(1);
  await system.start('worker');
  // The next message of its key was not handled before the worker started again.
  await scenes.cancel(buyer.fan, buyer.id);
  await buyer.when({ status: 'CANCELLED', payment: 'REFUNDED' });
  expect(handled()).toHaveLength(1);
  await scenes.expectAllInvariants();
  await sql.end();
});
