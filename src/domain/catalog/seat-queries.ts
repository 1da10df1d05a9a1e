import { eq } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { sections } from '#db/tables/catalog.ts';
import { NotFound } from '#domain/errors.ts';
import { hasSeat, type PlanSection, type SeatingPlan } from './seating-plan.ts';
import type { SeatingPlanCache } from './seating-plan-cache.ts';

/** A seat is an index into a plan's columns. */
export type VenueSeat = { readonly plan: SeatingPlan; readonly seatNo: number };

/** The seat of a plan, or undefined when there is no such plan or no such seat. */
export async function findSeat(
  { plans }: { plans: SeatingPlanCache },
  planId: string,
  seatNo: number,
): Promise<VenueSeat | undefined> {
  try {
    const plan = await plans.get(planId);
    return hasSeat(plan, seatNo) ? { plan, seatNo } : undefined;
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

/** The section with this raw id. */
export async function findSection(
  { db, plans }: { db: Db; plans: SeatingPlanCache },
  sectionId: string,
): Promise<PlanSection | undefined> {
  const [row] = await db.select({ planId: sections.planId }).from(sections).where(eq(sections.id, sectionId));
  if (!row) return undefined;
  const plan = await plans.get(row.planId);
  return plan.sections.find((section) => section.id === sectionId);
}
