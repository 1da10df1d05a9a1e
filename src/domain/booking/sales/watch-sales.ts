import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { LRUCache } from 'lru-cache';
import type { Db } from '#db/client.ts';
import { seatMapChannel } from '#redis/channels.ts';
import type { Heartbeat } from '#redis/heartbeat.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { openPulse } from '#redis/pulse.ts';
import { isUuid } from '#shared/uuid.ts';
import { NotFound } from '../../errors.ts';
import type { Rights } from '../../organization/rights.ts';
import { findPrices, type PriceLists } from '../../pricing/price-lists.ts';
import type { Actor } from '../../viewer.ts';
import { watchState } from '../../watch-state.ts';
import { type SalesFigures, salesFiguresOf } from './sales-figures-rules.ts';
import { readSold } from './sales-queries.ts';

/** A stadium's sale is added up in some tens of milliseconds, so all members who watch an event share a reading a second. */
const FRESH_MS = 1_000;
const MAX_KEPT = 500;
const OPERATION = 'Subscription.eventSalesChanged';
/** A refund and the passing of time change figures without a change of the seat map. */
const LOOK_EVERY_MS = 10_000;

type ReadNeeds = { readonly db: Db; readonly priceLists: PriceLists };
type WatchNeeds = ReadNeeds & {
  readonly pubsub: PubSub;
  readonly heartbeat: Heartbeat;
  readonly rights: Pick<Rights, 'requireRight' | 'whileAllowed'>;
};

const readings = new WeakMap<Db, LRUCache<string, Promise<SalesFigures>>>();

/** The figures of the event's sale, at most a second old. Whether the caller may have them is for the caller to check. */
export const findSales = (needs: ReadNeeds, eventId: string): Promise<SalesFigures> => read(needs, eventId);

/**
 * The figures now, and again when they change, at most once a second, until the actor may no longer have them: then it fails
 * with NotAllowed. Throws NotAllowed for a member of the event's organization whose role is too small, and NotFound for all
 * others. Call `return()` when done.
 */
export async function watchSales(
  needs: WatchNeeds,
  actor: Actor,
  eventId: string,
): Promise<AsyncIterableIterator<SalesFigures>> {
  const organizationId = await requireSalesRight(needs, actor, eventId);
  const pulse = await openPulse(needs, [seatMapChannel(eventId)]);
  const timer = setInterval(pulse.poke, LOOK_EVERY_MS).unref();
  try {
    const first = await read(needs, eventId);
    let readAt = performance.now();
    const again = async () => {
      await sleep(readAt + FRESH_MS - performance.now(), undefined, { ref: false });
      readAt = performance.now();
      return read(needs, eventId);
    };
    const states = watchState(pulse, { first, read: again, keyOf: (figures) => JSON.stringify(figures) });
    return needs.rights.whileAllowed(
      { actor, operation: OPERATION, organizationId },
      untilReturn(states, () => clearInterval(timer)),
    );
  } catch (error) {
    clearInterval(timer);
    pulse.close();
    throw error;
  }
}

/** Calls `onReturn` when the reader has left. */
function untilReturn<T>(events: AsyncIterableIterator<T>, onReturn: () => void): AsyncIterableIterator<T> {
  return {
    next: () => events.next(),
    async return() {
      onReturn();
      return (await events.return?.()) ?? { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function read(needs: ReadNeeds, eventId: string): Promise<SalesFigures> {
  const kept = readings.get(needs.db) ?? new LRUCache({ max: MAX_KEPT, ttl: FRESH_MS });
  readings.set(needs.db, kept);
  const known = kept.get(eventId);
  if (known) return known;
  const reading = readNow(needs, eventId);
  kept.set(eventId, reading);
  reading.catch(() => kept.peek(eventId) === reading && kept.delete(eventId));
  return reading;
}

async function readNow(needs: ReadNeeds, eventId: string): Promise<SalesFigures> {
  const [sold, prices] = await Promise.all([readSold(needs.db, eventId), findPrices(needs, eventId)]);
  return salesFiguresOf(sold, new Map(prices?.prices.list.levels.map(({ key, name }) => [key, name])));
}

/** Returns the organization of the event. */
async function requireSalesRight({ db, rights }: WatchNeeds, actor: Actor, eventId: string): Promise<string> {
  const [event] = isUuid(eventId)
    ? await db.execute<{ organizationId: string }>(sql`
        select organization_id as "organizationId" from events where id = ${eventId}`)
    : [];
  if (!event) throw new NotFound('event');
  const { organizationId } = event;
  await rights.requireRight({ actor, operation: OPERATION, organizationId }, 'event');
  return organizationId;
}
