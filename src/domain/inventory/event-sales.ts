import { LRUCache } from 'lru-cache';
import type { Db } from '#db/client.ts';
import { prepared } from '#db/prepared.ts';
import type { OrphanPolicy } from '../catalog/event-life/event-values-rules.ts';
import type { StoredEventStatus } from '../catalog/event-status-rules.ts';
import { currentListId } from '../pricing/price-lists.ts';

/**
 * What a process knows about an event before it asks the writer. It is up to a second old, so it may only be used to
 * refuse callers early.
 */
export type KnownSale = {
  readonly planId: string;
  readonly status: StoredEventStatus;
  readonly seatsPerBooking: number | null;
  readonly orphanPolicy: OrphanPolicy;
  readonly accessibleReleaseAtMs: number | null;
  readonly onSaleAtMs: number;
  readonly offSaleAtMs: number;
  /** Null: the event sells nothing. */
  readonly priceListId: string | null;
  /** The database's clock now, in milliseconds. */
  nowMs(): number;
};

export type EventSales = {
  /** Undefined for an unknown event. */
  find(eventId: string): Promise<KnownSale | undefined>;
  /** What `find` would return without a query, or undefined when it would need one. */
  peek(eventId: string): Promise<KnownSale | undefined> | undefined;
  forget(eventId: string): void;
};

const FRESH_MS = 1000;
const MAX_KEPT = 10_000;

type Row = Omit<KnownSale, 'nowMs'> & { nowMs: number };

/** Caches each event for a second, so that a thousand concurrent callers for one event cost one query a second. */
export function openEventSales({ db }: { db: Db }): EventSales {
  const kept = new LRUCache<string, Promise<KnownSale | undefined>>({ max: MAX_KEPT, ttl: FRESH_MS });
  const read = async (eventId: string): Promise<KnownSale | undefined> => {
    const [row] = await prepared<Row>(
      db,
      `select plan_id as "planId", status, seats_per_booking as "seatsPerBooking", orphan_policy as "orphanPolicy",
         (extract(epoch from accessible_release_at) * 1000)::float8 as "accessibleReleaseAtMs",
         (extract(epoch from on_sale_at) * 1000)::float8 as "onSaleAtMs",
         (extract(epoch from off_sale_at) * 1000)::float8 as "offSaleAtMs",
         ${currentListId('events.id')} as "priceListId",
         (extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs"
       from events where id = $1::uuid`,
      [eventId],
    );
    if (!row) return undefined;
    const readAt = performance.now();
    return { ...row, nowMs: () => row.nowMs + performance.now() - readAt };
  };
  return {
    peek: (eventId) => kept.get(eventId),
    find(eventId) {
      const known = kept.get(eventId);
      if (known) return known;
      const sale = read(eventId);
      kept.set(eventId, sale);
      // Failures, unknown events and drafts are not kept: the next caller queries again. A draft may be published at any time,
      // and a fan who then wants its seats would get NotFound for a second.
      sale.then(
        (found) => (found && found.status !== 'DRAFT') || kept.delete(eventId),
        () => kept.delete(eventId),
      );
      return sale;
    },
    forget: (eventId) => void kept.delete(eventId),
  };
}
