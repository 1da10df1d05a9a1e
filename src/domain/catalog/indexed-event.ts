import { categories } from '#db/tables/catalog.ts';
import { type EventDocument, NO_PRICE } from '#search/event-collection.ts';
import type { CatalogEvent } from './event-queries.ts';
import { saleStatusAt } from './sale-status-rules.ts';

/**
 * The event as it is in the index, with its venue and prices. Its sale status is computed for `now`; its seat counts
 * are as of the last write of the index.
 *
 * @throws Error for a category that this code does not know
 */
export function eventOf(document: EventDocument, now: Date): CatalogEvent {
  const { id, title, description, currency, capacity, available, held, booked, price_from_minor: from } = document;
  const dates = {
    startsAt: instant(document.starts_at),
    onSaleAt: instant(document.on_sale_at),
    offSaleAt: instant(document.off_sale_at),
  };
  return {
    id,
    title,
    description,
    currency,
    ...dates,
    venueId: document.venue_id,
    planId: document.plan_id,
    category: categoryOf(document),
    performers: [...document.performers],
    cancellableUntil: typeof document.cancellable_until === 'number' ? instant(document.cancellable_until) : null,
    priceFromMinor: from === NO_PRICE ? undefined : from,
    capacity,
    available,
    held,
    booked,
    // The index has only published events.
    saleStatus: saleStatusAt(now, { status: 'PUBLISHED', ...dates, available, held }),
    asIndexed: { venue: venueOf(document), priceTiers: priceTiersOf(document) },
  };
}

const instant = (us: number): Date => new Date(us / 1000);

function categoryOf({ id, category }: EventDocument): CatalogEvent['category'] {
  const known = categories.find((one) => one === category);
  if (!known) throw new Error(`event ${id} is indexed with the category ${category}`);
  return known;
}

const venueOf = (document: EventDocument) => ({
  id: document.venue_id,
  name: document.venue_name,
  address: document.address ?? null,
  city: document.city,
  countryCode: document.country_code,
  latitude: document.location[0],
  longitude: document.location[1],
  timeZone: document.time_zone,
  capacity: document.venue_capacity,
});

const priceTiersOf = ({ id: eventId, price_tiers }: EventDocument) =>
  price_tiers.map(({ id, name, price_minor, fee_minor }) => ({
    id,
    eventId,
    name,
    priceMinor: price_minor,
    feeMinor: fee_minor,
  }));
