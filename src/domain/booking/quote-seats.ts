import type { Db } from '#db/client.ts';
import { prepared } from '#db/prepared.ts';
import { isUuid } from '#shared/uuid.ts';
import { levelOf } from '../catalog/seat-levels.ts';
import { InvalidInput } from '../errors.ts';
import type { InventoryWriter } from '../inventory/inventory-writer.ts';
import { seatsPerBookingOf } from '../inventory/sale-limits-rules.ts';
import { orTryAgain } from '../or-try-again.ts';
import { currentListId, type PriceLists } from '../pricing/price-lists.ts';
import { type Quote, quote } from '../pricing/quote-rules.ts';
import { type BookingLine, parseLines } from './booking-lines.ts';
import { TooManySeats } from './errors.ts';

export type QuoteNeeds = {
  readonly db: Db;
  readonly priceLists: PriceLists;
  readonly writer: Pick<InventoryWriter, 'policy' | 'plans'>;
};

type Sold = { planId: string; priceListId: string | null; seatsPerBooking: number | null };

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
  const { planId, seats } = parseLines(lines);
  const event = await orTryAgain(findSold(needs.db, eventId));
  if (!event) throw unknown;
  const limit = seatsPerBookingOf(event, needs.writer.policy);
  if (seats.length > limit) throw new TooManySeats(limit, 'booking');
  if (event.planId !== planId)
    throw new InvalidInput('lines', 'These seats do not belong to the seating plan of this event.');
  if (event.priceListId === null) throw new InvalidInput('eventId', 'This event has no prices yet.');
  const [plan, prices] = await orTryAgain(
    Promise.all([needs.writer.plans.get(planId), needs.priceLists.get(event.priceListId)]),
  );
  const priced = seats.map(({ seatNo, ticketType }) => {
    const level = levelOf(prices, plan, seatNo);
    if (level === undefined) throw new InvalidInput('lines', 'This seat is not for sale.');
    return { seat: seatNo, level, ticketType };
  });
  return { planId, quote: quote(prices.prices, { lines: priced }) };
}

async function findSold(db: Db, eventId: string): Promise<Sold | undefined> {
  const [row] = await prepared<Sold>(
    db,
    `select plan_id as "planId", seats_per_booking as "seatsPerBooking", ${currentListId('events.id')} as "priceListId"
     from events where id = $1::uuid and status <> 'DRAFT'`,
    [eventId],
  );
  return row;
}
