import type { Db } from '#db/client.ts';
import { prepared } from '#db/prepared.ts';
import { isUuid } from '#shared/uuid.ts';
import { NotFound } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import type { Author } from '../organization/audit-statements.ts';
import type { Rights } from '../organization/rights.ts';
import type { OrganizerOperation } from '../organization/rights-rules.ts';
import type { Actor } from '../viewer.ts';

export type OrganizerEvent = {
  readonly eventId: string;
  readonly organizationId: string;
  readonly planId: string;
  readonly currency: string;
  readonly status: string;
  /** Wheelchair places and companion seats are sold like other seats now. */
  readonly poolIsReleased: boolean;
};

type Needs = { readonly db: Db; readonly rights: Pick<Rights, 'requireRight'> };

/** Returns the event if the actor may do this at it. Throws NotAllowed, and NotFound for an event that is not theirs. */
export async function requireOrganizerEvent(
  { db, rights }: Needs,
  actor: Actor,
  { eventId, operation }: { eventId: string; operation: OrganizerOperation },
): Promise<{ event: OrganizerEvent; author: Author }> {
  const event = isUuid(eventId) ? await orTryAgain(findEvent(db, eventId)) : undefined;
  if (!event) throw new NotFound('event');
  const { organizationId } = event;
  const role = await orTryAgain(rights.requireRight({ actor, operation, organizationId }, 'event'));
  return { event, author: { actor, role } };
}

async function findEvent(db: Db, eventId: string): Promise<OrganizerEvent | undefined> {
  const [row] = await prepared<OrganizerEvent>(
    db,
    `select id as "eventId", organization_id as "organizationId", plan_id as "planId", currency, status,
       coalesce(accessible_release_at <= clock_timestamp(), false) as "poolIsReleased"
     from events where id = $1::uuid`,
    [eventId],
  );
  return row;
}
