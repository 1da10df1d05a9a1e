import type { Db } from '#db/client.ts';
import { prepared } from '#db/prepared.ts';
import { NotFound } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Rights } from '../organization/rights.ts';
import type { Actor } from '../viewer.ts';
import { requireOrganizerEvent } from './organizer-event-queries.ts';

/** Seats of an event that are not for the public. */
export type Allocation = {
  readonly name: string;
  readonly reason: string | null;
  readonly releaseAt: Date | null;
  /** How many seats it has, and how many of them are neither held nor booked. */
  readonly seats: number;
  readonly available: number;
};

type Row = Omit<Allocation, 'releaseAt'> & { readonly releaseAtMs: number | null };

/** The allocations of an event by name, also those whose seats all went to others. */
export async function listAllocations({ db }: { db: Db }, eventId: string): Promise<Allocation[]> {
  const rows = await prepared<Row>(
    db,
    `select a.name, a.reason, (extract(epoch from a.release_at) * 1000)::float8 as "releaseAtMs",
       coalesce(s.seats, 0)::int as seats, coalesce(s.available, 0)::int as available
     from allocations a
     left join (
       select allocation, count(*) as seats, count(*) filter (where status = 'BLOCKED') as available
       from event_seats where event_id = $1::uuid and allocation is not null group by allocation
     ) s on s.allocation = a.name
     where a.event_id = $1::uuid order by a.name collate "C"`,
    [eventId],
  );
  return rows.map(({ releaseAtMs, ...allocation }) => ({
    ...allocation,
    releaseAt: releaseAtMs === null ? null : new Date(releaseAtMs),
  }));
}

/** The allocations of an event for a member of its organization; undefined for all others. */
export async function findAllocations(
  needs: { readonly db: Db; readonly rights: Pick<Rights, 'requireRight'> },
  actor: Actor,
  eventId: string,
): Promise<Allocation[] | undefined> {
  try {
    await requireOrganizerEvent(needs, actor, { eventId, operation: 'Event.allocations' });
  } catch (refusal) {
    if (refusal instanceof NotFound || refusal instanceof NotAllowed) return undefined;
    throw refusal;
  }
  return orTryAgain(listAllocations(needs, eventId));
}
