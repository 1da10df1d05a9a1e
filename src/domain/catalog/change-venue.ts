import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { isUuid } from '#shared/uuid.ts';
import { InvalidInput, NotFound, RateLimited, TryAgain } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import { appendAudit } from '../organization/audit-statements.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Rights } from '../organization/rights.ts';
import type { Actor } from '../viewer.ts';
import { touchEventsOfVenue } from './venue-events-statements.ts';
import { findOwnerOfVenue, findVenues, type Venue } from './venue-queries.ts';
import { requireVenue, type VenueInput } from './venue-rules.ts';

export const createVenueRefusals = [InvalidInput, NotFound, NotAllowed, RateLimited, TryAgain] as const;
export const updateVenueRefusals = [...createVenueRefusals] as const;

type Needs = { readonly db: Db; readonly rights: Pick<Rights, 'requireRight'> };

/** Makes a venue of the organization. It has no seats until its first seating plan is published. */
export async function createVenue(
  { db, rights }: Needs,
  actor: Actor,
  { organizationId, ...input }: VenueInput & { readonly organizationId: string },
): Promise<Venue> {
  if (!isUuid(organizationId)) throw new NotFound('organization');
  const role = await orTryAgain(rights.requireRight({ actor, operation: 'Mutation.createVenue', organizationId }));
  const venue = { id: randomUUIDv7(), capacity: 0, ...requireVenue(input) };
  await orTryAgain(
    inTransaction(db, 'createVenue', async (tx) => {
      const { id, name, address, city, countryCode, latitude, longitude, timeZone, capacity } = venue;
      await tx.execute(sql`
        insert into venues
          (id, organization_id, name, address, city, country_code, latitude, longitude, time_zone, capacity)
        values (${id}, ${organizationId}, ${name}, ${address}, ${city}, ${countryCode}, ${latitude}, ${longitude},
          ${timeZone}, ${capacity})`);
      const subject = { type: 'Venue', id };
      await appendAudit(tx, { actor, role }, { organizationId, operation: 'createVenue', subject, after: venue });
    }),
  );
  return venue;
}

/**
 * Changes a venue; what is left out stays. Its events change with it, for the search index and for watchers. Throws
 * NotFound for a venue of another organization.
 */
export async function updateVenue(
  { db, rights }: Needs,
  actor: Actor,
  { venueId, ...input }: Partial<VenueInput> & { readonly venueId: string },
): Promise<Venue> {
  const owner = isUuid(venueId) ? await orTryAgain(findOwnerOfVenue({ db }, venueId)) : undefined;
  if (owner === undefined) throw new NotFound('venue');
  const asked = { actor, operation: 'Mutation.updateVenue', organizationId: owner } as const;
  const role = await orTryAgain(rights.requireRight(asked, 'venue'));
  return orTryAgain(
    inTransaction(db, 'updateVenue', async (tx) => {
      await tx.execute(sql`select 1 from venues where id = ${venueId} for update`);
      const [before] = await findVenues({ db: tx }, [venueId]);
      if (!before) throw new NotFound('venue');
      const after = { ...before, ...requireVenue({ ...before, ...input }) };
      if (JSON.stringify(before) === JSON.stringify(after)) return before;
      if (before.timeZone !== after.timeZone) await refuseWithEvents(tx, venueId);
      await writeVenue(tx, after);
      const subject = { type: 'Venue', id: venueId };
      const change = { organizationId: owner, operation: 'updateVenue', subject, before, after };
      await appendAudit(tx, { actor, role }, change);
      return after;
    }),
  );
}

/** The times of events were given in this zone, and fans have planned with them. */
async function refuseWithEvents(tx: Tx, venueId: string): Promise<void> {
  const [event] = await tx.execute(sql`select 1 from events where venue_id = ${venueId} limit 1`);
  if (event) throw new InvalidInput('timeZone', 'The venue has events, so its time zone cannot change.');
}

async function writeVenue(tx: Tx, venue: Venue): Promise<void> {
  await tx.execute(sql`
    update venues set name = ${venue.name}, address = ${venue.address}, city = ${venue.city},
      country_code = ${venue.countryCode}, latitude = ${venue.latitude}, longitude = ${venue.longitude},
      time_zone = ${venue.timeZone}
    where id = ${venue.id}`);
  await touchEventsOfVenue(tx, venue.id);
}
