import { randomUUIDv7 } from 'node:crypto';
import { closeDb, type Db, openDb } from '#db/client.ts';
import type { CreateBookingNeeds } from '#domain/booking/create-booking.ts';
import { openTicketSigner, type TicketSigner } from '#domain/booking/ticket-code.ts';
import { openSeatingPlanCache, type SeatingPlanCache } from '#domain/catalog/seating-plan-cache.ts';
import type { InventoryPolicy } from '#domain/inventory/inventory-state.ts';
import {
  type InventoryWriter,
  type InventoryWriterOptions,
  openInventoryWriter,
} from '#domain/inventory/inventory-writer.ts';
import { openLostRaces } from '#domain/inventory/lost-races.ts';
import { openSeatLocks } from '#domain/inventory/seat-locks.ts';
import { openPriceLists, type PriceLists } from '#domain/pricing/price-lists.ts';
import type { Viewer } from '#domain/viewer.ts';
import { openRedis, type Redis } from '#redis/client.ts';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { createBookingDatabase } from './databases.ts';

export const policy: InventoryPolicy = { holdTtlSeconds: 300, maxSeatsPerBooking: 8, maxSeatsPerEvent: 16 };

/** An address without a listener, where Redis counts as away. */
export const NO_REDIS = 'redis://127.0.0.1:1';

type ProcessOptions = Partial<InventoryWriterOptions> & {
  /** Another way to the same database, such as a proxy. */
  readonly url?: string;
  readonly redisUrl?: string;
};

/** The handles of a process that books: everything that the booking operations need. */
export type BoxProcess = CreateBookingNeeds & {
  readonly db: Db;
  readonly plans: SeatingPlanCache;
  readonly priceLists: PriceLists;
  readonly writer: InventoryWriter;
  readonly redis: Redis;
  readonly ticketSigner: TicketSigner;
};

export type Box = BoxProcess & {
  readonly url: string;
  /** A direct connection to the database that no writer uses. */
  readonly reader: Db;
  /** Opens the handles of one more process on the same database. */
  process(options?: ProcessOptions): BoxProcess;
  close(): Promise<void>;
};

/** A booking database for one test file and one process that books in it; without `redisUrl` its Redis is away. */
export async function openBox(defaults: ProcessOptions = {}): Promise<Box> {
  const database = await createBookingDatabase();
  const opened: BoxProcess[] = [];
  const pools: Db[] = [];
  const pool = (name: string, url = database.url): Db => {
    const db = openDb({ url, poolMax: 4, name });
    pools.push(db);
    return db;
  };
  const ticketSigner = openTicketSigner(newPrivateKey());
  const open = (overrides: ProcessOptions = {}): BoxProcess => {
    const { url, redisUrl = NO_REDIS, ...options } = { ...defaults, ...overrides };
    const db = pool('test-reader', url);
    const redis = openRedis({ url: redisUrl, name: 'test' });
    const seatLocks = openSeatLocks({ redis, db });
    const plans = openSeatingPlanCache({ db });
    const priceLists = openPriceLists({ db });
    const writerDb = pool('test-writer', url);
    const writer = openInventoryWriter({ db: writerDb, plans, priceLists, policy, seatLocks, ...options });
    const needs = { db, plans, priceLists, redis, seatLocks, writer, lostRaces: openLostRaces({ db }), ticketSigner };
    opened.push(needs);
    return needs;
  };
  return {
    ...open(),
    url: database.url,
    reader: pool('test'),
    process: open,
    async close() {
      await Promise.all(opened.map(({ writer }) => writer.close()));
      for (const { redis } of opened) redis.disconnect();
      await Promise.all(pools.map(closeDb));
      await database.drop();
    },
  };
}

/** A signed-in viewer. No row is needed, because bookings name users without a foreign key. */
export function someViewer(): Viewer {
  return {
    userId: randomUUIDv7(),
    role: 'FAN',
    sessionId: randomUUIDv7(),
    tokenExpiresAt: new Date(8_640_000_000_000_000),
  };
}
