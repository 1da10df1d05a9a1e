import { type SQL, sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import type { PageWindow, WindowOf } from '../page-window.ts';
import { type CatalogEvent, findEventsOfMembers } from './event-queries.ts';
import type { EventStatus } from './event-status-rules.ts';
import { findVenues, type Venue } from './venue-queries.ts';

/** The condition on `e` under which the event has the status, as `eventStatusAt` says. */
const CONDITIONS: Readonly<Record<EventStatus, SQL>> = {
  DRAFT: sql`e.status = 'DRAFT'`,
  PUBLISHED: sql`e.status = 'PUBLISHED' and coalesce(e.ends_at, e.starts_at) > now()`,
  POSTPONED: sql`e.status = 'POSTPONED'`,
  CANCELLED: sql`e.status = 'CANCELLED'`,
  ENDED: sql`e.status = 'PUBLISHED' and coalesce(e.ends_at, e.starts_at) <= now()`,
};

type Keyed<Position> = { readonly id: string; readonly position: Position };

/** An event in the list of an organization; `seq` is its place there. */
export type ListedEvent = { readonly event: CatalogEvent; readonly seq: number };

/** Some events of an organization, also drafts, in the order in which they were made. */
export async function listEventsOfOrganization(
  { db }: { db: Db },
  organizationId: string,
  { statuses, window }: { statuses?: readonly EventStatus[] | undefined; window: PageWindow<number> },
): Promise<WindowOf<ListedEvent>> {
  const { size, from, after, before } = window;
  const anyOf = statuses?.map((status) => sql`(${CONDITIONS[status]})`);
  const rows = await db.execute<Keyed<number>>(sql`
    select e.id, e.seq::float8 as position from events e where e.organization_id = ${organizationId}
      ${anyOf ? sql`and (false or ${sql.join([sql`false`, ...anyOf], sql` or `)})` : sql``}
      ${after === undefined ? sql`` : sql`and e.seq > ${after}`}
      ${before === undefined ? sql`` : sql`and e.seq < ${before}`}
    order by e.seq ${from === 'end' ? sql`desc` : sql`asc`} limit ${size + 1}`);
  const page = inOrder(rows.slice(0, size), from);
  const events = await findEventsOfMembers(
    { db },
    page.map(({ id }) => id),
  );
  const items = page.flatMap(({ position }, index) => {
    const event = events[index];
    return event ? [{ event, seq: position }] : [];
  });
  return { items, hasMore: rows.length > size };
}

/** Some venues of an organization, in the order of their ids, which are the positions. */
export async function listVenuesOfOrganization(
  { db }: { db: Db },
  organizationId: string,
  { size, from, after, before }: PageWindow<string>,
): Promise<WindowOf<Venue>> {
  const rows = await db.execute<{ id: string }>(sql`
    select id from venues where organization_id = ${organizationId}
      ${after === undefined ? sql`` : sql`and id > ${after}`}
      ${before === undefined ? sql`` : sql`and id < ${before}`}
    order by id ${from === 'end' ? sql`desc` : sql`asc`} limit ${size + 1}`);
  const page = inOrder(rows.slice(0, size), from);
  const venues = await findVenues(
    { db },
    page.map(({ id }) => id),
  );
  return { items: venues.filter((venue) => venue !== undefined), hasMore: rows.length > size };
}

const inOrder = <T>(rows: T[], from: 'start' | 'end'): T[] => (from === 'end' ? rows.reverse() : rows);
