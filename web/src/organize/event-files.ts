import { useCallback, useEffect, useState } from 'react';
import { type Client, useClient } from 'urql';
import { decimalsOf, minorOf } from '../forms/money.ts';
import { EXPORTS } from '../operations/sales.ts';
import type { Money } from '../parts/formats.ts';
import { readCsv } from './csv.ts';

export type SoldTicket = {
  readonly id: string;
  readonly isVoid: boolean;
  readonly seat: { row: string; label: string; section: { label: string } };
  readonly type: string;
  readonly total: Money;
};
export type SoldBooking = {
  readonly id: string;
  /** The texts by which it is found, in lower case. */
  readonly words: string;
  readonly holder: string;
  readonly confirmedAt: string;
  readonly tender: string;
  readonly total: Money;
  readonly refunded: Money;
  readonly tickets: readonly SoldTicket[];
};

type Line = Record<string, string>;

/** Reads the bookings of an event with their tickets from its files, the latest first. Undefined: it could not. */
async function readBookings(client: Client, eventId: string): Promise<SoldBooking[] | undefined> {
  const { data } = await client.query(EXPORTS, { id: eventId }, { requestPolicy: 'network-only' }).toPromise();
  const links = data?.event?.exports;
  if (!links) return undefined;
  try {
    const [bookings, tickets] = await Promise.all([readFile(links.bookings.url), readFile(links.tickets.url)]);
    const ofBooking = Map.groupBy(tickets, ({ booking = '' }) => booking);
    return bookings.map((line) => bookingOf(line, ofBooking.get(line.booking ?? '') ?? [])).reverse();
  } catch {
    return undefined;
  }
}

async function readFile(url: string): Promise<Line[]> {
  const response = await fetch(new URL(url, location.href).pathname);
  if (!response.ok) throw new Error(`The file could not be read (${response.status}).`);
  return readCsv(await response.text());
}

function bookingOf(line: Line, tickets: readonly Line[]): SoldBooking {
  const { booking = '', holder = '', holderEmail = '', reference = '', confirmed = '', tender = '' } = line;
  const places = tickets.flatMap(({ section = '', row = '', seat = '' }) => [section, row, seat]);
  return {
    id: `Booking_${booking}`,
    words: [`booking_${booking}`, holder, holderEmail, reference, ...places].join(' ').toLowerCase(),
    holder: holder || holderEmail || reference,
    confirmedAt: confirmed,
    tender,
    total: moneyOf(line, 'total'),
    refunded: moneyOf(line, 'refunded'),
    tickets: tickets.map(ticketOf),
  };
}

function ticketOf(line: Line): SoldTicket {
  const { ticket = '', status = '', section = '', row = '', seat = '', ticketType = '' } = line;
  return {
    id: `Ticket_${ticket}`,
    isVoid: status === 'VOID',
    seat: { row, label: seat, section: { label: section } },
    type: ticketType,
    total: moneyOf(line, 'total'),
  };
}

function moneyOf(line: Line, column: string): Money {
  const { currency = '' } = line;
  const decimals = decimalsOf(currency);
  return { amountMinor: minorOf(line[column] ?? '', decimals) ?? 0, currency, decimals };
}

/** The bookings of an event, and a way to read them again. */
export function useSoldBookings(eventId: string) {
  const client = useClient();
  const [bookings, setBookings] = useState<readonly SoldBooking[]>();
  const [isFailed, setFailed] = useState(false);
  const read = useCallback(async () => {
    const found = await readBookings(client, eventId);
    setFailed(!found);
    if (found) setBookings(found);
  }, [client, eventId]);
  useEffect(() => void read(), [read]);
  return { bookings, isFailed, read };
}
