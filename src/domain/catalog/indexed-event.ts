import { categories } from '#db/tables/catalog.ts';
import { type EventDocument, type IndexedDetails, NO_PRICE } from '#search/event-collection.ts';
import type { CatalogEvent } from './event-queries.ts';
import { eventStatusAt } from './event-status-rules.ts';
import { saleStatusAt } from './sale-status-rules.ts';

/**
 * The event as it is in the index, with its venue and prices. Its sale status is computed for `now`; its seat counts
 * are as of the last write of the index.
 *
 * @throws Error for a category that this code does not know
 */
export function eventOf(document: EventDocument, now: Date): CatalogEvent {
  const { id, title, description, currency, capacity, available, held, booked, price_from_minor: from } = document;
  const { details } = document;
  const dates = {
    startsAt: instant(document.starts_at),
    onSaleAt: instant(details.on_sale_at),
    offSaleAt: instant(document.off_sale_at),
    endsAt: instantOrNull(details.ends_at),
  };
  // The index has only published events.
  const state = { status: 'PUBLISHED', salesPaused: details.sales_paused, ...dates } as const;
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
    cancellableUntil: instantOrNull(document.cancellable_until),
    ...detailsOf(details),
    status: eventStatusAt(now, state),
    priceFromMinor: from === NO_PRICE ? undefined : from,
    capacity,
    available,
    held,
    booked,
    saleStatus: saleStatusAt(now, { ...state, available, held }),
    asIndexed: { venue: venueOf(document), priceTiers: priceTiersOf(document) },
  };
}

const instant = (us: number): Date => new Date(us / 1000);
const instantOrNull = (us: number | null | undefined): Date | null => (typeof us === 'number' ? instant(us) : null);

const detailsOf = (details: IndexedDetails) => ({
  organizationId: details.organization_id,
  salesPaused: details.sales_paused,
  doorsAt: instantOrNull(details.doors_at),
  previousStartsAt: instantOrNull(details.previous_starts_at),
  refundUntil: instantOrNull(details.refund_until),
  holdSeconds: details.hold_seconds,
  seatsPerBooking: details.seats_per_booking,
  seatsPerViewer: details.seats_per_viewer,
  orphanPolicy: details.orphan_policy,
  revision: details.revision,
});

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
