import type { EventPrices } from '../pricing/price-lists.ts';
import { type Quote, shownQuote } from '../pricing/quote-rules.ts';
import { type SeatingPlan, tierLabelOf } from './seating-plan.ts';

type Painting = Pick<EventPrices, 'prices' | 'seatLevels'>;

/** Returns the key of the price level of a seat; undefined for a seat that the event does not sell. */
export function levelOf({ prices, seatLevels }: Painting, plan: SeatingPlan, seatNo: number): string | undefined {
  if (seatLevels) {
    const position = seatLevels[seatNo];
    return position === undefined ? undefined : prices.list.levels[position]?.key;
  }
  const label = tierLabelOf(plan, seatNo);
  return label !== undefined && prices.levels.has(label) ? label : undefined;
}

type LevelOf = (seatNo: number) => string | undefined;
const functions = new WeakMap<Painting, WeakMap<SeatingPlan, LevelOf>>();

/** Returns `levelOf` for a list and a plan. The function is the same at each call, so that results may be kept by it. */
export function levelsOf(prices: Painting, plan: SeatingPlan): LevelOf {
  const ofPrices = functions.get(prices) ?? new WeakMap<SeatingPlan, LevelOf>();
  functions.set(prices, ofPrices);
  const known = ofPrices.get(plan);
  if (known) return known;
  const made = (seatNo: number) => levelOf(prices, plan, seatNo);
  ofPrices.set(plan, made);
  return made;
}

/**
 * Returns what a booking of these seats costs with their default ticket types: the price that fans are shown.
 *
 * @throws Error for a seat that the event does not sell
 */
export function shownQuoteOf(prices: EventPrices, plan: SeatingPlan, seatNos: readonly number[]): Quote {
  const lines = seatNos.map((seat) => {
    const level = levelOf(prices, plan, seat);
    if (level === undefined) throw new Error(`seat ${seat} of plan ${plan.planId} has no price`);
    return { seat, level };
  });
  return shownQuote(prices.prices, lines);
}

const levelsOfSections = new WeakMap<Painting, readonly ReadonlySet<string>[]>();

/** Returns for each section, in the plan's order, the keys of the levels that its seats have. Computed once for each list. */
export function levelsBySection(prices: Painting, plan: SeatingPlan): readonly ReadonlySet<string>[] {
  const known = levelsOfSections.get(prices);
  if (known) return known;
  const found = plan.sections.map(() => new Set<string>());
  for (let seatNo = 0; seatNo < plan.seatCount; seatNo++) {
    const level = levelOf(prices, plan, seatNo);
    if (level !== undefined) found[plan.sectionOf[seatNo] ?? -1]?.add(level);
  }
  levelsOfSections.set(prices, found);
  return found;
}
