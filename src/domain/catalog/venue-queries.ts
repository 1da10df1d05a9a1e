import { inArray } from 'drizzle-orm';
import type { Queryable } from '#db/client.ts';
import { venues } from '#db/tables/catalog.ts';
import { inOrderOf } from './in-order-of.ts';

/** Without its organization, which only its members learn. */
export type Venue = Omit<typeof venues.$inferSelect, 'organizationId'>;

/** The venues with these raw ids, in their order; undefined for an unknown one. One query. */
export async function findVenues(
  { db }: { db: Queryable },
  venueIds: readonly string[],
): Promise<(Venue | undefined)[]> {
  const rows = await db
    .select()
    .from(venues)
    .where(inArray(venues.id, [...venueIds]));
  const found = rows.map(({ organizationId: _, ...venue }) => venue);
  return inOrderOf(venueIds, found, (venue) => venue.id);
}
