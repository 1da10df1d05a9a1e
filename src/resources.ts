import type { ApiConfig, WorkerConfig } from './config.ts';
import { closeDb, openDb } from './db/client.ts';
import { openAccessTokens } from './domain/account/access-tokens.ts';
import { openEndedSessions } from './domain/account/ended-sessions.ts';
import { openTicketSigner } from './domain/booking/ticket-code.ts';
import { openCatalogSearch } from './domain/catalog/catalog-search.ts';
import { openEventIndexer } from './domain/catalog/event-indexer.ts';
import { EventWatches } from './domain/catalog/event-watches.ts';
import { openSeatingPlanCache } from './domain/catalog/seating-plan-cache.ts';
import { applySeatChanges } from './domain/inventory/apply-seat-changes.ts';
import { type Committed, openInventoryWriter } from './domain/inventory/inventory-writer.ts';
import { openLostRaces } from './domain/inventory/lost-races.ts';
import { openSeatLocks } from './domain/inventory/seat-locks.ts';
import { SeatMaps } from './domain/inventory/seat-maps.ts';
import { bookingChannel } from './redis/channels.ts';
import { openRedis } from './redis/client.ts';
import { openHeartbeat } from './redis/heartbeat.ts';
import { openPubSub } from './redis/pubsub.ts';

/** Each event is written by one connection at a time, so a few of them serve many events. */
const WRITER_CONNECTIONS = 4;

/** Closed in reverse: what uses another handle was opened after it. */
function openTogether() {
  const closers: (() => unknown)[] = [];
  return {
    opened<T>(handle: T, close: (handle: T) => unknown): T {
      closers.push(() => close(handle));
      return handle;
    },
    async [Symbol.asyncDispose]() {
      for (const close of closers.reverse()) await close();
    },
  };
}
type Together = ReturnType<typeof openTogether>;

/** What every process needs that changes seats. */
function openSales(config: WorkerConfig, name: string, { opened }: Together) {
  const db = opened(openDb({ ...config.postgres, name }), closeDb);
  const writerDb = opened(
    openDb({ url: config.postgres.url, poolMax: WRITER_CONNECTIONS, name: `${name}-writer` }),
    closeDb,
  );
  const redis = opened(openRedis({ ...config.redis, name }), (handle) => handle.disconnect());
  const pubsub = opened(openPubSub({ ...config.redis, name }), (handle) => handle.close().catch(() => undefined));
  const plans = openSeatingPlanCache({ db });
  const seatLocks = openSeatLocks({ redis, db });
  /** Nobody waits for it: the same changes come again from the event log, should Redis be away. */
  const afterCommit = ({ eventId, changes, bookingIds }: Committed): void => {
    applySeatChanges({ redis, db }, eventId, changes).catch(() => undefined);
    for (const bookingId of bookingIds) pubsub.publish(bookingChannel(bookingId), bookingId).catch(() => undefined);
  };
  const writer = opened(
    openInventoryWriter({ db: writerDb, plans, policy: config.policy, seatLocks, afterCommit }),
    (handle) => handle.close(),
  );
  return { db, redis, pubsub, plans, seatLocks, writer };
}

export type ApiResources = Awaited<ReturnType<typeof openApiResources>>;

/** Every handle that the api process shares. Handles only: what is done with them is in `domain`. */
export async function openApiResources(config: ApiConfig) {
  const together = openTogether();
  const { opened } = together;
  const sales = openSales(config, 'frontrow-api', together);
  const { db, redis, pubsub } = sales;
  const heartbeat = opened(openHeartbeat({ pubsub }), (handle) => handle.close());
  return {
    ...sales,
    heartbeat,
    seatMaps: opened(new SeatMaps({ db, redis, pubsub, heartbeat }), (handle) => handle.close()),
    eventWatches: new EventWatches({ db, pubsub, heartbeat }),
    search: opened(openCatalogSearch({ db, engine: config.search }), (handle) => handle.close()),
    tokens: openAccessTokens({ privateKey: config.tokenPrivateKey }),
    endedSessions: opened(await openEndedSessions({ db }), (handle) => handle.close()),
    lostRaces: openLostRaces({ db }),
    [Symbol.asyncDispose]: () => together[Symbol.asyncDispose](),
  };
}

/** Every handle that the workers share. */
export function openWorkerResources(config: WorkerConfig) {
  const together = openTogether();
  const sales = openSales(config, 'frontrow-worker', together);
  const { db } = sales;
  const eventIndexer = config.search && openEventIndexer({ db, engine: config.search });
  return {
    ...sales,
    eventIndexer: together.opened(eventIndexer, (handle) => handle?.close()),
    ticketSigner: openTicketSigner(config.ticketPrivateKey),
    [Symbol.asyncDispose]: () => together[Symbol.asyncDispose](),
  };
}
