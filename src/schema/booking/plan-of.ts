import type { SeatingPlan } from '#domain/catalog/seating-plan.ts';
import { requireEvent } from '../catalog/event.ts';
import type { Context } from '../context.ts';

/** Returns the seating plan of an event; without a query after a request for its seats, because the writer cached it. */
export async function planOf(eventId: string, context: Context): Promise<SeatingPlan> {
  const { planId } = (await context.resources.writer.sales.peek(eventId)) ?? (await requireEvent(eventId, context));
  return await context.resources.plans.get(planId);
}
