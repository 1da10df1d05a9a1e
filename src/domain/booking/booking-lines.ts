import { InvalidInput } from '../errors.ts';
import { decodeSeatId } from '../global-id-rules.ts';
import { MOST_SEATS_PER_BOOKING } from '../inventory/sale-limits-rules.ts';
import { TooManySeats } from './errors.ts';

/** One ticket of a request. `seatId` is `<plan id>_<seat number>`; without a ticket type it has the default of its seat. */
export type BookingLine = { readonly seatId: string; readonly ticketType?: string | undefined };

export type ParsedLines = {
  readonly planId: string;
  /** By seat number. */
  readonly seats: readonly { readonly seatNo: number; readonly ticketType: string | undefined }[];
};

/**
 * Reads the tickets of a request. `field` is the input field that a refusal names. Refuses more seats than any event allows;
 * the event may allow fewer.
 *
 * @throws InvalidInput, TooManySeats
 */
export function parseLines(lines: readonly BookingLine[], field = 'lines'): ParsedLines {
  if (lines.length === 0) throw new InvalidInput(field, 'Choose at least one seat.');
  if (lines.length > MOST_SEATS_PER_BOOKING) throw new TooManySeats(MOST_SEATS_PER_BOOKING, 'booking');
  const seats = lines.map(({ seatId, ticketType }) => {
    const seat = decodeSeatId(seatId);
    if (!seat) throw new InvalidInput(field, 'This is not the id of a seat.');
    return { ...seat, ticketType };
  });
  const planId = seats[0]?.planId ?? '';
  if (seats.some((seat) => seat.planId !== planId))
    throw new InvalidInput(field, 'These seats belong to different seating plans.');
  if (new Set(seats.map(({ seatNo }) => seatNo)).size < seats.length)
    throw new InvalidInput(field, 'The list contains the same seat twice.');
  return { planId, seats: seats.toSorted((a, b) => a.seatNo - b.seatNo) };
}
