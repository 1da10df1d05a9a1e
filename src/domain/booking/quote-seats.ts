import { sql } from 'drizzle-orm';
import type { Queryable } from '#db/client.ts';
import { isUuid } from '#shared/uuid.ts';
import { hasSeat } from '../catalog/seating-plan.ts';
import { InvalidInput } from '../errors.ts';
import type { InventoryWriter } from '../inventory/inventory-writer.ts';
import { orTryAgain } from '../or-try-again.ts';
import { type Quote, quote } from '../pricing/quote-rules.ts';
import { pricesOfTiers, type TierPrice } from '../pricing/tier-prices-rules.ts';
import { type BookingLine, parseLines } from './booking-lines.ts';

export type QuoteNeeds = {
  readonly db: Queryable;
  readonly writer: Pick<InventoryWriter, 'policy' | 'plans'>;
};

type EventPrices = { planId: string; currency: string; tiers: Record<string, TierPrice> | null };

/** What the seats of an event cost now, and the plan in which they are. */
export type SeatsQuote = { readonly planId: string; readonly quote: Quote };

/**
 * Returns what these seats of an event cost now, whether or not they are free. Holds nothing: `createBooking` with the
 * hash of this quote holds the seats at this price, or refuses.
 *
 * @throws InvalidInput for an unknown event as well, because a query has no refusals; TooManySeats
 */
export async function quoteSeats(
  needs: QuoteNeeds,
  { eventId, lines }: { eventId: string; lines: readonly BookingLine[] },
): Promise<SeatsQuote> {
  const unknown = new InvalidInput('eventId', 'There is no such event.');
  if (!isUuid(eventId)) throw unknown;
  const { planId, seats } = parseLines(lines, needs.writer.policy.maxSeatsPerBooking);
  const event = await orTryAgain(findEventPrices(needs.db, eventId));
  if (!event) throw unknown;
  if (event.planId !== planId)
    throw new InvalidInput('lines', 'These seats do not belong to the seating plan of this event.');
  const plan = await orTryAgain(needs.writer.plans.get(planId));
  const tiers = new Map(Object.entries(event.tiers ?? {}));
  const priced = seats.map(({ seatNo, ticketType }) => {
    const level = hasSeat(plan, seatNo) ? plan.sections[plan.sectionOf[seatNo] ?? -1]?.tierLabel : undefined;
    if (level === undefined || !tiers.has(level)) throw new InvalidInput('lines', 'This seat is not for sale.');
    return { seat: seatNo, level, ticketType };
  });
  return { planId, quote: quote(pricesOfTiers(event.currency, tiers), { lines: priced }) };
}

async function findEventPrices(db: Queryable, eventId: string): Promise<EventPrices | undefined> {
  const [row] = await db.execute<EventPrices>(sql`
    select plan_id as "planId", currency,
      (select json_object_agg(name, json_build_object('priceMinor', price_minor, 'feeMinor', fee_minor))
       from price_tiers where event_id = events.id) as tiers
    from events where id = ${eventId}::uuid and status <> 'DRAFT'`);
  return row;
}
