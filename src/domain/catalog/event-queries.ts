import { and, eq, ne, type SQL, sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { ONE_ROUND_TRIP, preparedOnce, uuidArray } from '#db/prepared.ts';
import { events } from '#db/tables/catalog.ts';
import { seatInventories } from '#db/tables/inventory.ts';
import { type EventStatus, eventStatusAt } from './event-status-rules.ts';
import { inOrderOf } from './in-order-of.ts';
import type { PriceTier } from './price-tier-queries.ts';
import { type SaleStatus, saleStatusAt } from './sale-status-rules.ts';
import type { Venue } from './venue-queries.ts';

/** An event as fans see it. Ids are raw; money is in minor units of `currency`. */
export type CatalogEvent = Pick<
  typeof events.$inferSelect,
  | 'id'
  | 'venueId'
  | 'planId'
  | 'title'
  | 'description'
  | 'category'
  | 'performers'
  | 'startsAt'
  | 'onSaleAt'
  | 'offSaleAt'
  | 'cancellableUntil'
  | 'currency'
  | 'organizationId'
  | 'salesPaused'
  | 'endsAt'
  | 'doorsAt'
  | 'previousStartsAt'
  | 'refundUntil'
  | 'orphanPolicy'
  | 'revision'
> & {
  status: EventStatus;
  /** Undefined in the search index, like the next one. */
  imageUploadId?: string | null;
  accessibleReleaseAt?: Date | null;
  /** Null: the setting of the process, here and in the two below. */
  holdSeconds: number | null;
  seatsPerBooking: number | null;
  seatsPerViewer: number | null;
  saleStatus: SaleStatus;
  /** The lowest price of its tiers, as fans are shown it. */
  priceFromMinor: number | undefined;
  capacity: number;
  available: number;
  held: number;
  booked: number;
  /**
   * Set when the event was read from the search index because PostgreSQL is away: its venue and prices in the index.
   */
  asIndexed?: { readonly venue: Venue; readonly priceTiers: readonly PriceTier[] };
};

/** The events with these raw ids, in their order; undefined for one that is unknown or not published. One query. */
export const findEvents = ({ db }: { db: Db }, eventIds: readonly string[]): Promise<(CatalogEvent | undefined)[]> =>
  readEvents(publishedEvents(db), eventIds);

/** The same, also for drafts: only for members of the organization that owns them. */
export const findEventsOfMembers = (
  { db }: { db: Db },
  eventIds: readonly string[],
): Promise<(CatalogEvent | undefined)[]> => readEvents(allEvents(db), eventIds);

const statementFor = (condition?: SQL) => (db: Db) =>
  db
    .select({
      event: events,
      inventory: seatInventories,
      nowMs: sql<number>`(extract(epoch from now()) * 1000)::float8`,
      priceFromMinor: sql<
        number | null
      >`(select min(t.price_minor + t.fee_minor)::float8 from price_tiers t where t.event_id = ${events.id})`,
    })
    .from(events)
    .innerJoin(seatInventories, eq(seatInventories.eventId, events.id))
    .where(and(sql`${events.id} = any(${sql.placeholder('ids')}::uuid[])`, condition))
    .prepare(ONE_ROUND_TRIP);
const publishedEvents = preparedOnce(statementFor(ne(events.status, 'DRAFT')));
const allEvents = preparedOnce(statementFor());

async function readEvents(
  statement: ReturnType<typeof allEvents>,
  eventIds: readonly string[],
): Promise<(CatalogEvent | undefined)[]> {
  const rows = await statement.execute({ ids: uuidArray(eventIds) });
  const found = rows.map(({ event, inventory, nowMs, priceFromMinor }) => ({
    ...event,
    status: eventStatusAt(new Date(nowMs), event),
    capacity: inventory.capacity,
    available: inventory.available,
    held: inventory.held,
    booked: inventory.booked,
    priceFromMinor: priceFromMinor ?? undefined,
    saleStatus: saleStatusAt(new Date(nowMs), { ...event, available: inventory.available, held: inventory.held }),
  }));
  return inOrderOf(eventIds, found, (event) => event.id);
}
