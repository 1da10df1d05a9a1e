import DataLoader from 'dataloader';
import {
  listRefundedSeatsOfBookings,
  listRefundsOfBookings,
  listSeatsOfBookings,
  listTicketsOfBookings,
  listVoidTicketsOfBookings,
} from '#domain/booking/booking-queries.ts';
import type { CatalogReads } from '#domain/catalog/catalog-reads.ts';
import { findEventsOfMembers } from '#domain/catalog/event-queries.ts';
import { listOrganizations } from '#domain/organization/organization-queries.ts';
import { findPrices } from '#domain/pricing/price-lists.ts';

type Needs = Parameters<typeof findPrices>[0] & { readonly catalogReads: CatalogReads };

export type Loaders = ReturnType<typeof createLoaders>;

/**
 * Returns loaders that read the rows for all fields of one request in one query each. Only for one request, so that no
 * later request gets an old row. Concurrent requests share the queries of the catalogue.
 */
export function createLoaders({ db, priceLists, catalogReads }: Needs) {
  return {
    event: new DataLoader((ids: readonly string[]) => catalogReads.events(ids)),
    /** Also drafts: only for a caller whose right was checked. */
    eventOfMembers: new DataLoader((ids: readonly string[]) => findEventsOfMembers({ db }, ids)),
    organization: new DataLoader((ids: readonly string[]) => listOrganizations(db, ids)),
    venue: new DataLoader((ids: readonly string[]) => catalogReads.venues(ids)),
    bookingSeats: new DataLoader((ids: readonly string[]) => listSeatsOfBookings(db, ids)),
    refundedSeats: new DataLoader((ids: readonly string[]) => listRefundedSeatsOfBookings(db, ids)),
    tickets: new DataLoader((ids: readonly string[]) => listTicketsOfBookings(db, ids)),
    voidTickets: new DataLoader((ids: readonly string[]) => listVoidTicketsOfBookings(db, ids)),
    refunds: new DataLoader((ids: readonly string[]) => listRefundsOfBookings(db, ids)),
    prices: new DataLoader((eventIds: readonly string[]) =>
      Promise.all(eventIds.map((id) => findPrices({ db, priceLists }, id))),
    ),
    priceTiers: new DataLoader((eventIds: readonly string[]) => catalogReads.priceTiers(eventIds)),
  };
}
