import type { Db } from '#db/client.ts';
import { openDatabaseClock } from '#db/clock.ts';
import { openTicketSigner } from '#domain/booking/ticket-code.ts';
import type { SeatingPlanCache } from '#domain/catalog/seating-plan-cache.ts';
import { openInventoryWriter } from '#domain/inventory/inventory-writer.ts';
import { openLostRaces } from '#domain/inventory/lost-races.ts';
import { pushCommitted } from '#domain/inventory/push-committed.ts';
import { openSeatLocks } from '#domain/inventory/seat-locks.ts';
import { SeatMaps } from '#domain/inventory/seat-maps.ts';
import { receiveNotice } from '#domain/payments/receive-notice.ts';
import { keptInSets } from '#domain/payments/receive-notices.ts';
import { type EventPrices, openPriceLists, type PriceLists } from '#domain/pricing/price-lists.ts';
import { openHeartbeat } from '#redis/heartbeat.ts';
import { followPayments } from '#workers/follow-payments.ts';
import { guardRedisEpoch } from '#workers/guard-redis-epoch.ts';
import { followBookings } from '#workers/payments/follow-bookings.ts';
import { settleDuePayments } from '#workers/payments/settle-due-payments.ts';
import { keepClock, sweepNotices } from '#workers/payments/sweep-notices.ts';
import { pushChanges } from '#workers/push-changes.ts';
import { releaseAllocations } from '#workers/release-allocations.ts';
import { releaseExpiredHolds } from '#workers/release-expired-holds.ts';
import { runWorkers, type WorkerLog } from '#workers/run-worker.ts';
import { sendHeartbeat } from '#workers/send-heartbeat.ts';
import type { GatewayServer } from './gateway-server.ts';
import type { LogServer } from './log-server.ts';
import type { Plant } from './plants.ts';
import { openSimulatedPubSub, openSimulatedRedis } from './redis-client.ts';
import type { RedisServer } from './redis-server.ts';
import { runRelay, type Slot } from './relay.ts';
import type { Actor } from './scheduler.ts';
import type { Settings } from './settings.ts';
import { openSimulatedDb } from './sql-client.ts';
import type { SqlServer } from './sql-server.ts';

/** The stores that all processes share, and that each of them may lose. */
export type Stores = {
  readonly booking: SqlServer;
  readonly payments: SqlServer;
  readonly redis: RedisServer;
  readonly log: LogServer;
  readonly gateway: GatewayServer;
  readonly slots: { readonly booking: Slot; readonly payments: Slot };
  readonly plans: SeatingPlanCache;
  readonly settings: Settings;
  readonly plants: ReadonlySet<Plant>;
  /** Called with what a process logs: the outcome of each step, and errors. */
  readonly workerLog: WorkerLog;
};

/** A key that is not secret: signing with it is the same work. */
const TICKET_KEY = Buffer.concat([
  Buffer.from('302e020100300506032b657004220420', 'hex'),
  Buffer.alloc(32, 'simulation'),
]).toString('base64');

export type ApiProcess = ReturnType<typeof openApi>;
export type PaymentsProcess = ReturnType<typeof openPayments>;

/** Like `openApiResources`, on simulated stores and without search and waiting rooms. */
export function openApi(stores: Stores, actor: Actor) {
  const sales = openSales(stores, actor);
  const { db, redis, pubsub } = sales;
  const heartbeat = openHeartbeat({ pubsub });
  return {
    actor,
    ...sales,
    lostRaces: openLostRaces({ db }),
    ticketSigner: openTicketSigner(TICKET_KEY),
    seatMaps: new SeatMaps({ db, redis, pubsub, heartbeat }),
    heartbeat,
  };
}

/** Like `src/processes/worker.ts`, without search and waiting rooms. */
export function runWorker(stores: Stores, actor: Actor) {
  const sales = openSales(stores, actor);
  const needs = { ...sales, ticketSigner: openTicketSigner(TICKET_KEY) };
  const runtime = { eventLog: stores.log.open(actor), log: stores.workerLog, signal: new AbortController().signal };
  const workers = [
    followPayments,
    pushChanges,
    releaseExpiredHolds,
    releaseAllocations,
    guardRedisEpoch,
    sendHeartbeat,
  ];
  const isLazy = stores.plants.has('no process ends holds');
  void runWorkers(isLazy ? workers.filter((one) => one !== releaseExpiredHolds) : workers, needs, runtime);
  return { actor, pubsub: sales.pubsub };
}

/** Like `src/processes/payments.ts`. */
export function openPayments(stores: Stores, actor: Actor) {
  const db: Db = openSimulatedDb(stores.payments, actor, 10);
  const gateway = stores.gateway.open(actor);
  const clock = openDatabaseClock(db);
  const { signal } = new AbortController();
  const needs = { db, gateway, policy: stores.settings.payments };
  const promised = settleDuePayments(needs, { kind: 'PROMISED', concurrency: 8, log: stores.workerLog });
  const openTooLong = settleDuePayments(needs, { kind: 'OPEN_TOO_LONG', concurrency: 4, log: stores.workerLog });
  const wake = () => promised.wake();
  void promised.run(signal);
  void openTooLong.run(signal);
  const runtime = { eventLog: stores.log.open(actor), log: stores.workerLog, signal };
  const follower = { db, gateway, wake, clock, settler: promised };
  void runWorkers([followBookings, sweepNotices, keepClock], follower, runtime);
  const keep = keptInSets({ db, gateway });
  return {
    actor,
    receive: (delivery: { rawBody: Buffer; headers: Record<string, string> }) =>
      receiveNotice({ db, gateway, now: clock.now, keep }, delivery),
  };
}

export function runRelays(stores: Stores, actor: Actor) {
  const { slots } = stores;
  for (const name of ['booking', 'payments'] as const) {
    const server = stores[name];
    actor.onDeath.push(() => server.forget(actor));
    void runRelay({ actor, server, slot: slots[name], log: stores.log.open(actor), plants: stores.plants });
  }
  return { actor };
}

function pricesOf({ plants }: Stores, lists: PriceLists): PriceLists {
  if (!plants.has('a process sells at the first prices that it has read')) return lists;
  let first: EventPrices | undefined;
  return {
    get: async (listId) => {
      first ??= await lists.get(listId);
      return first;
    },
    peek: () => first,
  };
}

function openSales(stores: Stores, actor: Actor) {
  const { settings, plans } = stores;
  const db = openSimulatedDb(stores.booking, actor, 10);
  const writerDb = openSimulatedDb(stores.booking, actor, 4);
  const redis = openSimulatedRedis(stores.redis, actor);
  const pubsub = openSimulatedPubSub(stores.redis, actor);
  const seatLocks = openSeatLocks({ redis, db });
  const priceLists = pricesOf(stores, openPriceLists({ db }));
  const writer = openInventoryWriter({
    db: writerDb,
    plans,
    priceLists,
    policy: settings.inventory,
    seatLocks,
    afterCommit: (committed) => pushCommitted({ db, redis, pubsub }, committed),
  });
  return { db, redis, pubsub, plans, priceLists, seatLocks, writer };
}
