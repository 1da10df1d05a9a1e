import DataLoader from 'dataloader';
import { listSeatsOfBookings, listTicketsOfBookings } from '#domain/booking/booking-queries.ts';
import { findEvents } from '#domain/catalog/event-queries.ts';
import { listPriceTiers } from '#domain/catalog/price-tier-queries.ts';
import { findVenues } from '#domain/catalog/venue-queries.ts';
import { findPrices } from '#domain/pricing/price-lists.ts';

type Needs = Parameters<typeof findEvents>[0] & Parameters<typeof findPrices>[0];

export type Loaders = ReturnType<typeof createLoaders>;

/**
 * Returns loaders that read the rows for all fields of one request in one query each. Only for one request, so that no
 * later request gets an old row.
 */
export function createLoaders(needs: Needs) {
  return {
    event: new DataLoader((ids: readonly string[]) => findEvents(needs, ids)),
    venue: new DataLoader((ids: readonly string[]) => findVenues(needs, ids)),
    bookingSeats: new DataLoader((ids: readonly string[]) => listSeatsOfBookings(needs.db, ids)),
    tickets: new DataLoader((ids: readonly string[]) => listTicketsOfBookings(needs.db, ids)),
    prices: new DataLoader((eventIds: readonly string[]) => Promise.all(eventIds.map((id) => findPrices(needs, id)))),
    priceTiers: new DataLoader((eventIds: readonly string[]) => listPriceTiers(needs, eventIds)),
  };
}
