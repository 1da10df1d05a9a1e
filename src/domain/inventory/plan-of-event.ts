import type { SeatingPlan } from '../catalog/seating-plan.ts';
import type { SeatingPlanCache } from '../catalog/seating-plan-cache.ts';
import type { InventoryWriter } from './inventory-writer.ts';

type Needs = {
  readonly writer: Pick<InventoryWriter, 'sales'>;
  readonly plans: SeatingPlanCache;
  /** Reads the event, if this process has not seen a request for its seats lately. */
  readonly load: (eventId: string) => Promise<{ readonly planId: string }>;
};

/** Returns the seating plan of an event; without a query after a request for its seats, because the writer cached it. */
export async function planOfEvent({ writer, plans, load }: Needs, eventId: string): Promise<SeatingPlan> {
  const { planId } = (await writer.sales.peek(eventId)) ?? (await load(eventId));
  return await plans.get(planId);
}
