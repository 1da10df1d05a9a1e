import type { BookingLine } from '#domain/booking/booking-lines.ts';
import type { Chance } from './chance.ts';
import { AREA_ID, hasArea, seatIdOf } from './fixture.ts';

/** Half of the tickets are of the default type. */
const TICKET_TYPES: readonly string[][] = [[], [], ['standard'], ['child']];

/** Seats side by side from `first` on, or as many places where the hall has some. `kind` is part of the key. */
export function linesOf(
  chance: Chance,
  of: { readonly first: number; readonly count: number; readonly seats: number },
): { readonly lines: readonly BookingLine[]; readonly kind: string } {
  const type = () => chance.pick(TICKET_TYPES)[0];
  if (hasArea(of.seats) && chance.happens(0.3))
    return { lines: [{ sectionId: AREA_ID, quantity: of.count, ticketType: type() }], kind: PLACES };
  const seatIds = Array.from({ length: of.count }, (_, offset) => seatIdOf(of.first + offset));
  return { lines: seatIds.map((seatId) => ({ seatId, ticketType: type() })), kind: 'seats' };
}

export const PLACES = 'places';
