import { eq } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { sections } from '#db/tables/catalog.ts';
import { findVisiblePlan, type SeesDrafts } from './plan-queries.ts';
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

/** The section with this raw id, of a plan that the caller sees. */
export async function findSection(
  needs: Needs,
  sectionId: string,
  seesDrafts: SeesDrafts,
): Promise<PlanSection | undefined> {
  const [row] = await needs.db.select({ planId: sections.planId }).from(sections).where(eq(sections.id, sectionId));
  const plan = row && (await findVisiblePlan(needs, row.planId, seesDrafts));
  return plan?.sections.find((section) => section.id === sectionId);
}
