import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import type { OrganizationRole } from '../../organization/rights-rules.ts';
import type { PageWindow, WindowOf } from '../../page-window.ts';

/** A change that was made of an event. */
export type EventChange = {
  /** Its raw id, which grows with time. */
  readonly id: string;
  readonly at: Date;
  readonly operation: string;
  readonly role: OrganizationRole | 'ADMIN' | 'OPERATOR';
  readonly userId: string | null;
  readonly accessKeyId: string | null;
  /** The name of the account or of the access key; null for one that is gone, and for a command of the server. */
  readonly by: string | null;
  /** JSON. */
  readonly before: string | null;
  readonly after: string | null;
};

type Row = Omit<EventChange, 'at'> & { readonly atMs: number };

/** Changes of the event while it belonged to the organization, the latest first; positions are raw ids. */
export async function listChangesOfEvent(
  { db }: { db: Db },
  { eventId, organizationId }: { eventId: string; organizationId: string },
  { size, from, after, before }: PageWindow<string>,
): Promise<WindowOf<EventChange>> {
  const rows = await db.execute<Row>(sql`
    select a.id, (extract(epoch from a.changed_at) * 1000)::float8 as "atMs", a.operation, a.role,
      a.user_id as "userId", a.access_key_id as "accessKeyId", coalesce(u.display_name, k.name) as by,
      a.before::text as before, a.after::text as after
    from organizer_audit a left join users u on u.id = a.user_id left join access_keys k on k.id = a.access_key_id
    where a.subject_id = ${eventId} and a.organization_id = ${organizationId}
      ${after === undefined ? sql`` : sql`and a.id < ${after}`}
      ${before === undefined ? sql`` : sql`and a.id > ${before}`}
    order by a.id ${from === 'end' ? sql`asc` : sql`desc`} limit ${size + 1}`);
  const items = rows.slice(0, size).map(({ atMs, ...change }) => ({ ...change, at: new Date(atMs) }));
  return { items: from === 'end' ? items.reverse() : items, hasMore: rows.length > size };
}
