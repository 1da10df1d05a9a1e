import { keptFeesMinor, type StoredCharges, type StoredLine } from '../pricing/stored-line-rules.ts';

/** The confirmed bookings of an event, and their money in minor units of the event's currency. */
export type CancellationFigures = {
  readonly currency: string;
  readonly bookings: number;
  readonly tickets: number;
  /** What was paid online. */
  readonly onlineMinor: number;
  /** The part of it that is fees that are not refundable. */
  readonly keptFeesMinor: number;
  /** Bookings that the box office sold; their money is paid back by hand. */
  readonly byHand: number;
  readonly byHandMinor: number;
};

/** Confirmed bookings, as one statement adds them up. Seats of one line are one row, and so are bookings of one list of charges. */
export type ConfirmedSums = Omit<CancellationFigures, 'tickets' | 'keptFeesMinor'> & {
  readonly lines: readonly { readonly seats: number; readonly line: StoredLine | null; readonly isOnline: boolean }[];
  readonly charges: readonly { readonly bookings: number; readonly charges: StoredCharges }[];
};

/** Adds up what a cancellation ends and pays back. */
export function figuresOf({ lines, charges, ...sums }: ConfirmedSums): CancellationFigures {
  const keptOfLines = lines.map(({ seats, line, isOnline }) => (isOnline ? seats * keptFeesMinor(line) : 0));
  const keptOfBookings = charges.map(({ bookings, charges: own }) => bookings * keptFeesMinor(own));
  return {
    ...sums,
    tickets: lines.reduce((sum, { seats }) => sum + seats, 0),
    keptFeesMinor: [...keptOfLines, ...keptOfBookings].reduce((sum, amount) => sum + amount, 0),
  };
}

/** What the gateway is asked to pay back, in minor units. */
export const refundsMinor = (
  { onlineMinor, keptFeesMinor: kept }: CancellationFigures,
  { refundFees }: { readonly refundFees: boolean },
): number => (refundFees ? onlineMinor : onlineMinor - kept);
