import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { findVisiblePlan, type PlanRecord, type SeesDrafts } from './plan-queries.ts';
import { hasSeat, type PlanSection, type SeatingPlan } from './seating-plan.ts';
import type { SeatingPlanCache } from './seating-plan-cache.ts';

/** A seat is an index into a plan's columns. */
export type VenueSeat = { readonly plan: SeatingPlan; readonly seatNo: number };

type Needs = { readonly db: Db; readonly plans: SeatingPlanCache };

/** The seat of a plan that the caller sees, or undefined when there is no such plan or no such seat. */
export async function findSeat(
  needs: Needs,
  { planId, seatNo }: { readonly planId: string; readonly seatNo: number },
  seesDrafts: SeesDrafts,
): Promise<VenueSeat | undefined> {
  const plan = await findVisiblePlan(needs, planId, seesDrafts);
  return plan && hasSeat(plan, seatNo) ? { plan, seatNo } : undefined;
}

/** What the API shows of a section. */
export type SectionOfPlan = Pick<PlanSection, 'id' | 'label' | 'kind' | 'places'>;

type SectionRow = { id: string; label: string; kind: 'GENERAL_ADMISSION' | null; places: number | null };

const ofRow = ({ id, label, kind, places }: SectionRow): SectionOfPlan => ({
  id,
  label,
  ...(kind && { kind }),
  ...(places !== null && { places }),
});

/** The section with this raw id, of a plan that the caller sees. */
export async function findSection(
  { db, plans }: Needs,
  sectionId: string,
  seesDrafts: SeesDrafts,
): Promise<SectionOfPlan | undefined> {
  const [row] = await db.execute<SectionRow & { planId: string; draftOf: string | null }>(sql`
    select s.id, s.label, s.kind, s.places, s.plan_id as "planId",
      case when p.published_at is null then p.organization_id end as "draftOf"
    from sections s join seating_plans p on p.id = s.plan_id where s.id = ${sectionId}`);
  if (!row) return undefined;
  if (row.draftOf !== null) return (await seesDrafts(row.draftOf)) ? ofRow(row) : undefined;
  return (await plans.get(row.planId)).sections.find((section) => section.id === sectionId);
}

/** The sections of a plan that the caller sees. Those of a draft are read without its seats. */
export async function listSections(
  { db, plans }: Needs,
  { id, publishedAt }: Pick<PlanRecord, 'id' | 'publishedAt'>,
): Promise<SectionOfPlan[]> {
  if (publishedAt) return [...(await plans.get(id)).sections];
  const rows = await db.execute<SectionRow>(
    sql`select id, label, kind, places from sections where plan_id = ${id} order by position`,
  );
  return rows.map(ofRow);
}
