import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { closeDb, openDb } from '#db/client.ts';
import { applySeatChanges } from '#domain/inventory/apply-seat-changes.ts';
import { changesBetween, type PackedStatuses } from '#domain/inventory/packed-statuses-rules.ts';
import { loadSeatMap } from '#domain/inventory/seat-map-source.ts';
import { openRedis } from '#redis/client.ts';
import { post } from '#test/fans/graphql-http.ts';
import { seededRandom } from '#test/fans/random.ts';
import { seatMapChangedQuery } from '#test/fans/seat-map-watcher.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type FaultProxy, openFaultProxy } from '#test/support/network/fault-proxy.ts';
import { commitSeatChange } from '#test/support/seat-map/seat-changes.ts';
import { startSystem } from '#test/support/system/system.ts';

const SEATS = 1_000;
const CHANGES = 400;
/** Until a client that goes back to its first version has done so. */
const MOST_MORE_CUTS = 60;

// The code of docs/build-a-client.md, unchanged.
const example = new URL('../../docs/examples/live-map.mjs', import.meta.url).href;
const { SeatMap, watchSeatMap } = await import(example);

const system = await startSystem({ processes: ['relay', 'worker', 'api', 'api-2'], env: { LOG_LEVEL: 'warn' } });
const db = openDb({ url: system.bookingUrl, poolMax: 4, name: 'test' });
const redis = openRedis({ url: system.redisUrl, name: 'test' });
let proxy: FaultProxy;
beforeAll(async () => {
  proxy = await openFaultProxy(system.apiUrl);
});
afterAll(async () => {
  await proxy.close();
  redis.disconnect();
  await closeDb(db);
  await system.stop();
});

type Client = {
  readonly name: string;
  readonly map: { version: number; packed: PackedStatuses };
  /** Messages that begin before the client's version, or arrive too late. */
  readonly earlier: () => number;
  readonly stop: () => unknown;
};
type Kind = 'its first version again' | 'the version that it has' | 'no version';

/** A graphql-ws client with its defaults, except for the pause before it reconnects. */
async function openMap(event: SeededEvent, kind: Kind): Promise<Client> {
  const map = new SeatMap();
  const eventId = `Event_${event.eventId}`;
  const read = async () => {
    const query = 'query ($eventId: ID!) { seatMap(eventId: $eventId) { version stale statuses } }';
    const { data } = await post(proxy.through(system.apiUrl).replace(/\/$/, ''), { query, variables: { eventId } });
    if (data.seatMap.version > map.version) map.replace(data.seatMap);
  };
  await read();
  const variables = { eventId, sinceVersion: kind === 'no version' ? null : map.version };
  let earlier = 0;
  const client = createClient({
    url: `${proxy.through(system.apiUrl).replace('http', 'ws')}graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: Number.POSITIVE_INFINITY,
    // In Node a cut during the connection is an error and not a close.
    shouldRetry: () => true,
    retryWait: () => sleep(5),
  });
  client.subscribe<{ seatMapChanged: { fromVersion?: number } }>(
    { query: seatMapChangedQuery, variables },
    {
      next({ data }) {
        const change = data?.seatMapChanged;
        if ((change?.fromVersion ?? map.version) < map.version) earlier += 1;
        // If this read is cut off as well, the next message that does not follow repeats it.
        if (!map.take(change)) read().catch(() => undefined);
        if (kind === 'the version that it has') variables.sinceVersion = map.version;
      },
      error: (error) => failures.push(`${kind}: ${inspect(error, { depth: 1 })}`),
      complete: () => failures.push(`${kind}: complete`),
    },
  );
  return { name: kind, map, earlier: () => earlier, stop: () => client.dispose() };
}

const failures: string[] = [];

test('clients that are cut off at random have the map of PostgreSQL, with any version that they send again', async () => {
  const random = seededRandom(9);
  const event = await seedEvent(db, { seats: SEATS });
  const kinds: readonly Kind[] = ['its first version again', 'the version that it has', 'no version'];
  const clients = await Promise.all([...kinds, ...kinds].map((kind) => openMap(event, kind)));
  const shown = { version: -1 };
  const example = await watchSeatMap({
    url: `${proxy.through(system.apiUrl)}graphql`,
    eventId: `Event_${event.eventId}`,
    onChange: ({ version }: { version: number }) => Object.assign(shown, { version }),
    onEnd: (why: unknown) => failures.push(`the example: ${JSON.stringify(why)}`),
  });
  clients.push({ name: 'the example', map: example.map, earlier: () => 0, stop: example.stop });

  let cuts = 0;
  const change = async () => {
    const status = random.pick(['AVAILABLE', 'HELD', 'BOOKED', 'BLOCKED'] as const);
    const seatNos = Array.from({ length: 1 + random.below(4) }, () => random.below(SEATS));
    const committed = await commitSeatChange(db, event.eventId, status, [...new Set(seatNos)]);
    // Some changes are not published; the next one reveals them.
    if (!random.chance(0.05)) await applySeatChanges({ redis, db }, event.eventId, [committed]);
  };
  for (let made = 0; made < CHANGES; made++) {
    await change();
    if (!random.chance(0.06)) continue;
    // Clients reconnect to the other process, which may be behind the one that they left.
    proxy.pointTo(cuts++ % 2 === 0 ? system.secondApiUrl : system.apiUrl);
    proxy.cut();
  }
  expect(cuts).toBeGreaterThan(10);
  // Only a client whose first version is among the last changes can go back to it; the others get a reset.
  const goesBack = await openMap(event, 'its first version again');
  clients.push(goesBack);
  const hasGoneBack = () => goesBack.earlier() > 0;
  for (let more = 0; more < MOST_MORE_CUTS && !hasGoneBack(); more++) {
    await change();
    proxy.pointTo(cuts++ % 2 === 0 ? system.secondApiUrl : system.apiUrl);
    proxy.cut();
    await sleep(200);
  }
  await change();

  const truth = await loadSeatMap(db, event.eventId);
  if (!truth) throw new Error('The event is gone.');
  for (const { name, map } of clients) {
    // Changes without a message are reported with the next one.
    const reached = () => ({ failures, version: map.version });
    await expect.poll(reached, { message: name }).toEqual({ failures: [], version: truth.version });
    expect(changesBetween(truth.packed, map.packed), name).toEqual([]);
  }
  expect(shown.version).toBe(truth.version);
  expect(failures).toEqual([]);
  // The case that this test is about has happened, and only where it can.
  expect(hasGoneBack()).toBe(true);
  await Promise.all(clients.map(({ stop }) => stop()));
});
