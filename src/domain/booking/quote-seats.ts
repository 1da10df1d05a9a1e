import type { Db } from '#db/client.ts';
import { prepared } from '#db/prepared.ts';
import { isUuid } from '#shared/uuid.ts';
import { isArea } from '../catalog/adjacency-rules.ts';
import { levelOf } from '../catalog/seat-levels.ts';
import type { SeatingPlan } from '../catalog/seating-plan.ts';
import { InvalidInput } from '../errors.ts';
import { pricedCode } from '../inventory/code-rules.ts';
import { readCodesByHash } from '../inventory/code-statements.ts';
import { givenCodes } from '../inventory/code-texts-rules.ts';
import { CodeUses, chooseCodes } from '../inventory/code-uses.ts';
import type { InventoryWriter } from '../inventory/inventory-writer.ts';
import { lowestPlaces } from '../inventory/lowest-places-rules.ts';
import { seatsPerBookingOf } from '../inventory/sale-limits-rules.ts';
import { orTryAgain } from '../or-try-again.ts';
import type { Code } from '../pricing/price-list.ts';
import { currentListId, type PriceLists } from '../pricing/price-lists.ts';
import { type Quote, quote } from '../pricing/quote-rules.ts';
import { type BookingLine, type PlacesLine, parseLines, placesIn } from './booking-lines.ts';
import { refuseLoneCompanions } from './create-booking.ts';
import { CodeInvalid, TooManySeats } from './errors.ts';

export type QuoteNeeds = {
  readonly db: Db;
  readonly priceLists: PriceLists;
  readonly writer: Pick<InventoryWriter, 'policy' | 'plans'>;
};

type Sold = {
  planId: string;
  priceListId: string | null;
  seatsPerBooking: number | null;
  /** Wheelchair places and companion seats are sold like other seats now. */
  poolIsReleased: boolean;
  isDraft: boolean;
};

export type QuoteSeatsRequest = {
  readonly eventId: string;
  readonly lines: readonly BookingLine[];
  readonly codes?: readonly string[] | undefined;
  /** With any ticket type, also of a draft. Whether the caller may is for the caller to check. */
  readonly atBoxOffice?: boolean;
};

/** What the seats of an event cost now, and the plan in which they are. */
export type SeatsQuote = { readonly planId: string; readonly quote: Quote };

/**
 * Returns what these seats of an event cost now, whether or not they are free. Holds nothing: `createBooking` with the
 * hash of this quote holds the seats at this price, or refuses.
 *
 * @throws InvalidInput for an unknown event as well, because a query has no refusals; TooManySeats, CodeInvalid, CompanionWithoutPlace
 */
export async function quoteSeats(
  needs: QuoteNeeds,
  { eventId, lines, codes: texts = [], atBoxOffice = false }: QuoteSeatsRequest,
): Promise<SeatsQuote> {
  const unknown = new InvalidInput('eventId', 'There is no such event.');
  if (!isUuid(eventId)) throw unknown;
  const parsed = parseLines(lines);
  const event = await orTryAgain(findSold(needs.db, eventId));
  if (!event || (event.isDraft && !atBoxOffice)) throw unknown;
  const limit = seatsPerBookingOf(event, needs.writer.policy);
  if (parsed.places.reduce((sum, { quantity }) => sum + quantity, parsed.seats.length) > limit)
    throw new TooManySeats(limit, 'booking');
  const { planId } = event;
  if (planId !== (parsed.planId ?? planId))
    throw new InvalidInput('lines', 'These seats do not belong to the seating plan of this event.');
  if (event.priceListId === null) throw new InvalidInput('eventId', 'This event has no prices yet.');
  const [plan, prices, codes] = await orTryAgain(
    Promise.all([
      needs.writer.plans.get(planId),
      needs.priceLists.get(event.priceListId),
      codesOf(needs.db, eventId, texts),
    ]),
  );
  const seats = [...parsed.seats, ...anyPlaces(plan, parsed.places)];
  const seatNos = seats.map(({ seatNo }) => seatNo);
  if (!event.poolIsReleased) refuseLoneCompanions(plan, seatNos);
  const priced = seats.map(({ seatNo, ticketType }) => {
    const level = levelOf(prices, plan, seatNo);
    if (level === undefined) throw new InvalidInput('lines', 'This seat is not for sale.');
    return { seat: seatNo, area: isArea(plan, seatNo) ? plan.sectionOf[seatNo] : undefined, level, ticketType };
  });
  return { planId, quote: quote(prices.prices, { lines: priced, codes, atBoxOffice }) };
}

const NO_CODES: readonly Code[] = [];

/**
 * What these codes change now. Throws CodeInvalid, also for a code that is used up. The quote takes no use: the hold may
 * find that other bookings took the last one.
 */
export async function codesOf(db: Db, eventId: string, texts: readonly string[]): Promise<readonly Code[]> {
  if (texts.length === 0) return NO_CODES;
  const given = givenCodes(eventId, texts);
  const values = given.map(({ hash }) => hash);
  const [found, now] = await Promise.all([
    readCodesByHash(db, { eventIds: values.map(() => eventId), values }),
    prepared<{ ms: number }>(db, 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms', []),
  ]);
  const uses = new CodeUses(new Map(found.map((code) => [code.hash, code])));
  const chosen = chooseCodes(uses, given, now[0]?.ms ?? 0);
  if ('invalid' in chosen) throw new CodeInvalid(chosen.invalid);
  return chosen.codes.map(pricedCode);
}

/** Which places a fan gets is known at the hold, and they cost the same: here they are the lowest of their section. */
function anyPlaces(plan: SeatingPlan, lines: readonly PlacesLine[]) {
  const taken = new Set<number>();
  return placesIn(plan, lines).flatMap(({ section, quantity, ticketType }) => {
    const isOpen = (seatNo: number) => plan.sectionOf[seatNo] === section && !taken.has(seatNo);
    const places = lowestPlaces(plan, quantity, isOpen);
    if (!places) throw new InvalidInput('lines', 'This section has not so many places.');
    return places.map((seatNo) => {
      taken.add(seatNo);
      return { seatNo, ticketType };
    });
  });
}

async function findSold(db: Db, eventId: string): Promise<Sold | undefined> {
  const [row] = await prepared<Sold>(
    db,
    `select plan_id as "planId", seats_per_booking as "seatsPerBooking",
       coalesce(accessible_release_at <= clock_timestamp(), false) as "poolIsReleased",
       ${currentListId('events.id')} as "priceListId", status = 'DRAFT' as "isDraft"
     from events where id = $1::uuid`,
    [eventId],
  );
  return row;
}
