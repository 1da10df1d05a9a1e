import type { BOOKING_BY_ID } from '../operations/fan.ts';
import type { ResultOf } from './graphql.ts';

export type KeptBooking = NonNullable<ResultOf<typeof BOOKING_BY_ID>['booking']>;

const prefix = (viewerId: string): string => `frontrow.tickets.${viewerId}.`;

/** Keeps a booking that has tickets on this device, for a door without a network. */
export function keepTickets(viewerId: string, booking: KeptBooking): void {
  if (booking.status === 'CONFIRMED') localStorage.setItem(prefix(viewerId) + booking.id, JSON.stringify(booking));
  else localStorage.removeItem(prefix(viewerId) + booking.id);
}

export function keptBooking(viewerId: string, bookingId: string): KeptBooking | undefined {
  const text = localStorage.getItem(prefix(viewerId) + bookingId);
  return text === null ? undefined : bookingOf(text);
}

/** A booking that an older page kept has no refunds. */
const bookingOf = (text: string): KeptBooking => Object.assign({ refunds: [] }, JSON.parse(text) as KeptBooking);

/** The kept bookings of a fan, the next event first. */
export function keptBookings(viewerId: string): KeptBooking[] {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix(viewerId)));
  return keys
    .flatMap((key) => localStorage.getItem(key) ?? [])
    .map(bookingOf)
    .toSorted((a, b) => a.event.startsAt.localeCompare(b.event.startsAt));
}
