import { sql } from 'drizzle-orm';
import type { Queryable } from '#db/client.ts';
import { type PlanSection, type SeatingPlan, tierLabelOf, tiersBySection } from '#domain/catalog/seating-plan.ts';
import type { SeatingPlanCache } from '#domain/catalog/seating-plan-cache.ts';
import type { WindowOf } from '../page-window.ts';
import { statusAt } from './packed-statuses-rules.ts';
import type { SeatMap } from './seat-map.ts';
import { countSections, pageOfSeats, type SeatFilter, type SectionCounts } from './seat-map-sections.ts';
import type { SeatStatus } from './seat-status.ts';

type Needs = { db: Queryable; plans: SeatingPlanCache };

export type SectionAvailability = SectionCounts & {
  section: PlanSection;
  planId: string;
  /** The lowest price of its seats' tiers with the fee; undefined when the event does not sell the section. */
  priceFrom: { amountMinor: number; currency: string } | undefined;
};

export type EventSeat = {
  planId: string;
  seatNo: number;
  status: SeatStatus;
  priceMinor: number;
  feeMinor: number;
  currency: string;
};

type Tier = { name: string; price_minor: number; fee_minor: number; currency: string };

/** What each section of a seat map offers, in the plan's order. */
export async function listSectionAvailability(needs: Needs, map: SeatMap): Promise<SectionAvailability[]> {
  const [plan, tiers] = await Promise.all([needs.plans.get(map.planId), loadTiers(needs.db, map.eventId)]);
  const counts = countSections(plan, map.packed);
  const sectionTiers = tiersBySection(plan);
  return plan.sections.flatMap((section, index) => {
    const count = counts[index];
    if (!count) return [];
    return [{ ...count, section, planId: plan.planId, priceFrom: lowestPrice(tiers, sectionTiers[index] ?? []) }];
  });
}

/** One page of a seat map in readable form, by seat number. */
export async function listEventSeats(needs: Needs, map: SeatMap, filter: SeatFilter): Promise<WindowOf<EventSeat>> {
  const [plan, tiers] = await Promise.all([needs.plans.get(map.planId), loadTiers(needs.db, map.eventId)]);
  const { items, hasMore } = pageOfSeats(plan, map.packed, filter);
  const seats = items.map((seatNo) => {
    const tier = tierOf(plan, tiers, seatNo);
    return {
      planId: plan.planId,
      seatNo,
      status: statusAt(map.packed, seatNo),
      priceMinor: tier.price_minor,
      feeMinor: tier.fee_minor,
      currency: tier.currency,
    };
  });
  return { items: seats, hasMore };
}

function lowestPrice(tiers: Map<string, Tier>, names: readonly string[]): SectionAvailability['priceFrom'] {
  const prices = names.flatMap((name) => tiers.get(name) ?? []);
  const [first] = prices;
  return first && { amountMinor: Math.min(...prices.map(allIn)), currency: first.currency };
}

const allIn = ({ price_minor, fee_minor }: Tier): number => price_minor + fee_minor;

function tierOf(plan: SeatingPlan, tiers: Map<string, Tier>, seatNo: number): Tier {
  const tier = tiers.get(tierLabelOf(plan, seatNo) ?? '');
  if (!tier) throw new Error(`seat ${seatNo} of plan ${plan.planId} has no price`);
  return tier;
}

async function loadTiers(db: Queryable, eventId: string): Promise<Map<string, Tier>> {
  const tiers = await db.execute<Tier>(sql`
    select t.name, t.price_minor::float8 as price_minor, t.fee_minor::float8 as fee_minor, e.currency
    from price_tiers t join events e on e.id = t.event_id where t.event_id = ${eventId}::uuid`);
  return new Map(tiers.map((tier) => [tier.name, tier]));
}
