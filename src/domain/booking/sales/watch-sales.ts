import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Db } from '#db/client.ts';
import { seatMapChannel } from '#redis/channels.ts';
import type { Heartbeat } from '#redis/heartbeat.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { openPulse } from '#redis/pulse.ts';
import { requireEventRight } from '../../catalog/event-life/change-event.ts';
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

type Reading = { readonly startedAt: number; readonly figures: Promise<SalesFigures> };
const readings = new WeakMap<Db, LRUCache<string, Reading>>();

/** The figures of the event's sale, at most a second old. Whether the caller may have them is for the caller to check. */
export const findSales = (needs: ReadNeeds, eventId: string): Promise<SalesFigures> =>
  readSince(needs, eventId, performance.now() - FRESH_MS);

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
  const { organizationId } = await requireEventRight(needs, actor, eventId, OPERATION);
  const pulse = await openPulse(needs, [seatMapChannel(eventId)], { everyMs: LOOK_EVERY_MS });
  try {
    let readAt = performance.now();
    const first = await readSince(needs, eventId, readAt);
    const again = async () => {
      // A reading that began before the news may not have it, however fresh it is.
      const heardAt = performance.now();
      await sleep(readAt + FRESH_MS - heardAt, undefined, { ref: false });
      readAt = performance.now();
      return readSince(needs, eventId, heardAt);
    };
    const states = watchState(pulse, { first, read: again, keyOf: (figures) => JSON.stringify(figures) });
    return needs.rights.whileAllowed({ actor, operation: OPERATION, organizationId }, states);
  } catch (error) {
    pulse.close();
    throw error;
  }
}

/** A reading that began at `since` or later (`performance.now()`), which all callers of this process share. */
function readSince(needs: ReadNeeds, eventId: string, since: number): Promise<SalesFigures> {
  const kept = readings.get(needs.db) ?? new LRUCache({ max: MAX_KEPT, ttl: FRESH_MS });
  readings.set(needs.db, kept);
  const known = kept.get(eventId);
  if (known && known.startedAt >= since) return known.figures;
  const reading = { startedAt: performance.now(), figures: readNow(needs, eventId) };
  kept.set(eventId, reading);
  reading.figures.catch(() => kept.peek(eventId) === reading && kept.delete(eventId));
  return reading.figures;
}

async function readNow(needs: ReadNeeds, eventId: string): Promise<SalesFigures> {
  const [sold, prices] = await Promise.all([readSold(needs.db, eventId), findPrices(needs, eventId)]);
  return salesFiguresOf(sold, new Map(prices?.prices.list.levels.map(({ key, name }) => [key, name])));
}
