import { type SQL, sql } from 'drizzle-orm';
import type { Queryable } from '#db/client.ts';
import { NotFound } from '../errors.ts';
import type { PageWindow, WindowOf } from '../page-window.ts';
import type { SeatingPlan } from './seating-plan.ts';
import type { SeatingPlanCache } from './seating-plan-cache.ts';

/** What is known of a plan besides its seats. */
export type PlanRecord = {
  readonly id: string;
  readonly organizationId: string;
  readonly venueId: string;
  /** Null for a plan of the catalogue import. */
  readonly name: string | null;
  readonly version: number;
  readonly seatCount: number;
  readonly layoutHash: string;
  readonly createdAt: Date;
  /** Undefined for a draft. */
  readonly publishedAt: Date | undefined;
};

type Row = Omit<PlanRecord, 'createdAt' | 'publishedAt'> & { createdMs: number; publishedMs: number | null };

const epochMs = (column: SQL) => sql`(extract(epoch from ${column}) * 1000)::float8`;

async function selectPlans(db: Queryable, rest: SQL): Promise<PlanRecord[]> {
  const rows = await db.execute<Row>(sql`
    select id, organization_id as "organizationId", venue_id as "venueId", name, version, seat_count as "seatCount",
      layout_hash as "layoutHash", ${epochMs(sql`created_at`)} as "createdMs",
      ${epochMs(sql`published_at`)} as "publishedMs"
    from seating_plans ${rest}`);
  return rows.map(({ createdMs, publishedMs, ...row }) => ({
    ...row,
    createdAt: new Date(createdMs),
    publishedAt: publishedMs === null ? undefined : new Date(publishedMs),
  }));
}

/** The plan with this raw id (a UUID), also a draft: the caller checks who may see it. */
export async function findPlan({ db }: { db: Queryable }, planId: string): Promise<PlanRecord | undefined> {
  return (await selectPlans(db, sql`where id = ${planId}`))[0];
}

/** Some plans of a venue, by version, which is the position; drafts only on demand. */
export async function listPlansOfVenue(
  { db }: { db: Queryable },
  { venueId, withDrafts }: { venueId: string; withDrafts: boolean },
  { size, from, after, before }: PageWindow<number>,
): Promise<WindowOf<PlanRecord>> {
  const rows = await selectPlans(
    db,
    sql`where venue_id = ${venueId} ${withDrafts ? sql`` : sql`and published_at is not null`}
      ${after === undefined ? sql`` : sql`and version > ${after}`}
      ${before === undefined ? sql`` : sql`and version < ${before}`}
    order by version ${from === 'end' ? sql`desc` : sql`asc`} limit ${size + 1}`,
  );
  const page = rows.slice(0, size);
  return { items: from === 'end' ? page.reverse() : page, hasMore: rows.length > size };
}

/** Whether the caller sees the drafts of an organization. */
export type SeesDrafts = (organizationId: string) => Promise<boolean>;

/** The seats of a plan that is published, or a draft that the caller sees; otherwise undefined, as for an unknown plan. */
export async function findVisiblePlan(
  { db, plans }: { db: Queryable; plans: SeatingPlanCache },
  planId: string,
  seesDrafts: SeesDrafts,
): Promise<SeatingPlan | undefined> {
  try {
    return await plans.get(planId);
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    const record = await findPlan({ db }, planId);
    return record && (await seesDrafts(record.organizationId)) ? plans.getDraft(planId) : undefined;
  }
}
