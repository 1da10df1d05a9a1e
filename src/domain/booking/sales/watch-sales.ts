import { LRUCache } from 'lru-cache';
import type { Db } from '#db/client.ts';
import { seatMapChannel } from '#redis/channels.ts';
import { type MemberWatchNeeds, watchForMembers } from '../../catalog/event-life/watch-for-members.ts';
import { findPrices, type PriceLists } from '../../pricing/price-lists.ts';
import type { Actor } from '../../viewer.ts';
import { type SalesFigures, salesFiguresOf } from './sales-figures-rules.ts';
import { readSold } from './sales-queries.ts';

/** A stadium's sale is added up in some tens of milliseconds, so all members who watch an event share a reading a second. */
const FRESH_MS = 1_000;
const MAX_KEPT = 500;

type ReadNeeds = { readonly db: Db; readonly priceLists: PriceLists };

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
export const watchSales = (
  needs: ReadNeeds & MemberWatchNeeds,
  actor: Actor,
  eventId: string,
): Promise<AsyncIterableIterator<SalesFigures>> =>
  watchForMembers(needs, actor, {
    eventId,
    operation: 'Subscription.eventSalesChanged',
    channels: [seatMapChannel(eventId)],
    read: (since) => readSince(needs, eventId, since),
  });

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
