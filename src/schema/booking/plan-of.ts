import type { SeatingPlan } from '#domain/catalog/seating-plan.ts';
import { requireEvent } from '../catalog/event.ts';
import type { Context } from '../context.ts';

/** The seating plan of an event. For somebody who just asked for its seats it costs no query: the writer has looked. */
export async function planOf(eventId: string, context: Context): Promise<SeatingPlan> {
  const { planId } = (await context.resources.writer.sales.peek(eventId)) ?? (await requireEvent(eventId, context));
  return await context.resources.plans.get(planId);
}
