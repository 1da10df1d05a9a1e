import { chargesBack, chargesShareMinor, keptMinorOf, type Progress } from '../pricing/refund-split-rules.ts';
import type { StoredCharges, StoredLine } from '../pricing/stored-line-rules.ts';

/** The confirmed bookings of an event, and their money in minor units of the event's currency. */
export type CancellationFigures = {
  readonly currency: string;
  readonly bookings: number;
  readonly tickets: number;
  /** What was paid online for them, without what earlier refunds were about. */
  readonly onlineMinor: number;
  /** The part of it that is fees that are not refundable, with the taxes on them. */
  readonly keptFeesMinor: number;
  /** Bookings that the box office sold; their money is paid back by hand. */
  readonly byHand: number;
  readonly byHandMinor: number;
};

/** Confirmed bookings, as one statement adds them up. Seats of one line are one row, and so are bookings of one list of charges. */
export type ConfirmedSums = Omit<CancellationFigures, 'tickets' | 'keptFeesMinor'> & {
  readonly lines: readonly { readonly seats: number; readonly line: StoredLine | null; readonly isOnline: boolean }[];
  readonly charges: readonly ChargedBookings[];
};

/** `voided`: of the tickets of each of these bookings, `tickets` in all, so many were refunded before. */
type ChargedBookings = {
  readonly bookings: number;
  readonly isOnline: boolean;
  readonly charges: StoredCharges;
  readonly voided: number;
  readonly tickets: number;
};

/** Adds up what a cancellation ends and pays back. */
export function figuresOf({ lines, charges, ...sums }: ConfirmedSums): CancellationFigures {
  const online = charges.filter(({ isOnline }) => isOnline);
  const atBoxOffice = charges.filter(({ isOnline }) => !isOnline);
  const keptOfLines = sum(lines, ({ seats, line, isOnline }) => (isOnline ? seats * keptMinorOf(line) : 0));
  return {
    ...sums,
    tickets: sum(lines, ({ seats }) => seats),
    onlineMinor: sums.onlineMinor - sum(online, refundedBefore),
    byHandMinor: sums.byHandMinor - sum(atBoxOffice, refundedBefore),
    keptFeesMinor: keptOfLines + sum(online, keptOf),
  };
}

const sum = <T>(of: readonly T[], amount: (one: T) => number): number =>
  of.reduce((total, one) => total + amount(one), 0);

/** The shares of the tickets that were refunded, whether or not they went back. */
const refundedBefore = ({ bookings, charges, voided, tickets }: ChargedBookings): number =>
  voided === 0 ? 0 : bookings * chargesShareMinor(charges, { before: 0, after: voided, all: tickets });

function keptOf({ bookings, charges, voided, tickets }: ChargedBookings): number {
  const rest: Progress = { before: voided, after: tickets, all: tickets };
  const back = chargesBack(charges, { refundFees: false });
  return bookings * (chargesShareMinor(charges, rest) - chargesShareMinor(back, rest));
}

/** What the gateway is asked to pay back, in minor units. */
export const refundsMinor = (
  { onlineMinor, keptFeesMinor: kept }: CancellationFigures,
  { refundFees }: { readonly refundFees: boolean },
): number => (refundFees ? onlineMinor : onlineMinor - kept);
