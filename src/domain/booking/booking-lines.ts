import type { SeatingPlan } from '../catalog/seating-plan.ts';
import { InvalidInput } from '../errors.ts';
import { decodeSeatId } from '../global-id-rules.ts';
import type { WantedPlaces } from '../inventory/inventory-command.ts';
import { MOST_SEATS_PER_BOOKING } from '../inventory/sale-limits-rules.ts';
import { TooManySeats } from './errors.ts';

/**
 * Tickets of a request: one for a seat, `<plan id>_<seat number>`, or `quantity` for places of a general admission section.
 * Without a ticket type they have the default of their seats.
 */
export type BookingLine = SeatLine | PlacesLine;
export type SeatLine = { readonly seatId: string; readonly ticketType?: string | undefined };
export type PlacesLine = {
  readonly sectionId: string;
  readonly quantity: number;
  readonly ticketType?: string | undefined;
};

export type ParsedLines = {
  /** The plan of the seats; undefined when all lines are about places. */
  readonly planId: string | undefined;
  /** By seat number. */
  readonly seats: readonly { readonly seatNo: number; readonly ticketType: string | undefined }[];
  readonly places: readonly PlacesLine[];
};

const isOfPlaces = (line: BookingLine): line is PlacesLine => 'sectionId' in line;
const NO_PLACES: readonly PlacesLine[] = [];

/**
 * Reads the tickets of a request. `field` is the input field that a refusal names. Refuses more seats than any event allows;
 * the event may allow fewer.
 *
 * @throws InvalidInput, TooManySeats
 */
export function parseLines(lines: readonly BookingLine[], field = 'lines'): ParsedLines {
  if (lines.length === 0) throw new InvalidInput(field, 'Choose at least one seat.');
  const places = lines.some(isOfPlaces) ? lines.filter(isOfPlaces) : NO_PLACES;
  if (lines.length - places.length + requireQuantities(places, field) > MOST_SEATS_PER_BOOKING)
    throw new TooManySeats(MOST_SEATS_PER_BOOKING, 'booking');
  const seats = lines.flatMap((line) => (isOfPlaces(line) ? [] : [parseSeat(line, field)]));
  const planId = seats[0]?.planId;
  if (seats.some((seat) => seat.planId !== planId))
    throw new InvalidInput(field, 'These seats belong to different seating plans.');
  if (new Set(seats.map(({ seatNo }) => seatNo)).size < seats.length)
    throw new InvalidInput(field, 'The list contains the same seat twice.');
  return { planId, seats: seats.toSorted((a, b) => a.seatNo - b.seatNo), places };
}

function parseSeat({ seatId, ticketType }: SeatLine, field: string) {
  const seat = decodeSeatId(seatId);
  if (!seat) throw new InvalidInput(field, 'This is not the id of a seat.');
  return { ...seat, ticketType };
}

function requireQuantities(places: readonly PlacesLine[], field: string): number {
  let sum = 0;
  for (const { quantity } of places) {
    if (!Number.isInteger(quantity) || quantity < 1) throw new InvalidInput(field, 'Ask for at least one place.');
    sum += quantity;
  }
  return sum;
}

/**
 * Returns the wanted places with the sections of the plan, in one order for each order of the lines, so that equal requests
 * are equal. Lines about one section and ticket type are one.
 *
 * @throws InvalidInput for a section that the plan does not have, or that has seats
 */
export function placesIn(
  plan: Pick<SeatingPlan, 'sections'>,
  lines: readonly PlacesLine[],
  field = 'lines',
): readonly WantedPlaces[] {
  const wanted = new Map<string, WantedPlaces>();
  for (const { sectionId, quantity, ticketType } of lines) {
    const section = plan.sections.findIndex(({ id }) => id === sectionId);
    if (section < 0) throw new InvalidInput(field, 'This event has no such section.');
    if (plan.sections[section]?.kind !== 'GENERAL_ADMISSION')
      throw new InvalidInput(field, 'This section has seats: choose them by their ids.');
    const key = `${section} ${ticketType ?? ''}`;
    wanted.set(key, { section, ticketType, quantity: quantity + (wanted.get(key)?.quantity ?? 0) });
  }
  return [...wanted.values()].sort(
    (one, other) => one.section - other.section || compare(one.ticketType ?? '', other.ticketType ?? ''),
  );
}

const compare = (one: string, other: string): number => Number(one > other) - Number(one < other);
