import type { Db } from '#db/client.ts';
import { decideRight } from '../../organization/rights-rules.ts';
import { readStandings } from '../../organization/standing-queries.ts';
import type { Actor } from '../../viewer.ts';
import { type CatalogEvent, findEventsOfMembers } from '../event-queries.ts';

/** A draft for a member of its organization; undefined for all others, as for an unknown id. */
export async function findDraft({ db }: { db: Db }, actor: Actor, eventId: string): Promise<CatalogEvent | undefined> {
  const [event] = await findEventsOfMembers({ db }, [eventId]);
  if (!event) return undefined;
  const [standing] = await readStandings(db, [{ actor, organizationId: event.organizationId }]);
  return standing && 'admittedAs' in decideRight('Organization.events', standing) ? event : undefined;
}
