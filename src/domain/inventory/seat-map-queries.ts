import type { Db } from '#db/client.ts';
import { levelsBySection, shownQuoteOf } from '#domain/catalog/seat-levels.ts';
import type { PlanSection } from '#domain/catalog/seating-plan.ts';
import type { SeatingPlanCache } from '#domain/catalog/seating-plan-cache.ts';
import type { WindowOf } from '../page-window.ts';
import { type EventPrices, findPrices, type PriceLists } from '../pricing/price-lists.ts';
import { type Quote, shownQuote } from '../pricing/quote-rules.ts';
import { statusAt } from './packed-statuses-rules.ts';
import type { SeatMap } from './seat-map.ts';
import { countSections, pageOfSeats, type SeatFilter, type SectionCounts } from './seat-map-sections.ts';
import type { SeatStatus } from './seat-status.ts';

type Needs = { db: Db; plans: SeatingPlanCache; priceLists: PriceLists };

export type SectionAvailability = SectionCounts & {
  section: PlanSection;
  planId: string;
  /** The lowest price of its seats, as fans are shown it; undefined when the event does not sell the section. */
  priceFrom: { amountMinor: number; currency: string } | undefined;
};

export type EventSeat = {
  planId: string;
  seatNo: number;
  status: SeatStatus;
  /** What a booking of this seat alone costs, with the default ticket type of the seat. */
  quote: Quote;
};

/** What each section of a seat map offers, in the plan's order. */
export async function listSectionAvailability(needs: Needs, map: SeatMap): Promise<SectionAvailability[]> {
  const [plan, prices] = await Promise.all([needs.plans.get(map.planId), findPrices(needs, map.eventId)]);
  const counts = countSections(plan, map.packed);
  const levels = prices && levelsBySection(prices, plan);
  return plan.sections.flatMap((section, index) => {
    const count = counts[index];
    if (!count) return [];
    const priceFrom = prices && lowestPrice(prices, levels?.[index] ?? new Set());
    return [{ ...count, section, planId: plan.planId, priceFrom }];
  });
}

/** One page of a seat map in readable form, by seat number. */
export async function listEventSeats(needs: Needs, map: SeatMap, filter: SeatFilter): Promise<WindowOf<EventSeat>> {
  const [plan, prices] = await Promise.all([needs.plans.get(map.planId), findPrices(needs, map.eventId)]);
  const { items, hasMore } = pageOfSeats(plan, map.packed, filter);
  const seats = items.map((seatNo) => {
    if (!prices) throw new Error(`event ${map.eventId} has no prices`);
    const quote = shownQuoteOf(prices, plan, [seatNo]);
    return { planId: plan.planId, seatNo, status: statusAt(map.packed, seatNo), quote };
  });
  return { items: seats, hasMore };
}

function lowestPrice({ prices }: EventPrices, levels: ReadonlySet<string>): SectionAvailability['priceFrom'] {
  const totals = [...levels].map((level) => shownQuote(prices, [{ seat: 0, level }]).totalMinor);
  return totals.length > 0 ? { amountMinor: Math.min(...totals), currency: prices.list.currency } : undefined;
}
