import { sql } from 'drizzle-orm';
import type { Queryable } from '#db/client.ts';
import { ONE_ROUND_TRIP, preparedOnce, uuidArray } from '#db/prepared.ts';
import { venues } from '#db/tables/catalog.ts';
import { inOrderOf } from './in-order-of.ts';

/** Without its organization, which only its members learn. */
export type Venue = Omit<typeof venues.$inferSelect, 'organizationId'>;

const venuesByIds = preparedOnce((db: Queryable) =>
  db
    .select()
    .from(venues)
    .where(sql`${venues.id} = any(${sql.placeholder('ids')}::uuid[])`)
    .prepare(ONE_ROUND_TRIP),
);

/** The venues with these raw ids, in their order; undefined for an unknown one. One query. */
export async function findVenues(
  { db }: { db: Queryable },
  venueIds: readonly string[],
): Promise<(Venue | undefined)[]> {
  const rows = await venuesByIds(db).execute({ ids: uuidArray(venueIds) });
  const found = rows.map(({ organizationId: _, ...venue }) => venue);
  return inOrderOf(venueIds, found, (venue) => venue.id);
}

/** The organization that owns the venue; undefined for an unknown venue. */
export async function findOwnerOfVenue({ db }: { db: Queryable }, venueId: string): Promise<string | undefined> {
  const [row] = await db.execute<{ organizationId: string }>(
    sql`select organization_id as "organizationId" from venues where id = ${venueId}`,
  );
  return row?.organizationId;
}
