import type { SeatingPlan } from '#domain/catalog/seating-plan.ts';
import { planOfEvent } from '#domain/inventory/plan-of-event.ts';
import type { Context } from '../context.ts';

/** Returns the seating plan of an event; without a query after a request for its seats, because the writer cached it. */
export function planOf(eventId: string, context: Context): Promise<SeatingPlan> {
  const { writer, plans, eventCache } = context.resources;
  return planOfEvent({ writer, plans, load: async (id) => eventCache.find(id) }, eventId);
}
