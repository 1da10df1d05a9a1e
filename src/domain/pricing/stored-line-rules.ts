import type { Charge, Line, Quote } from './quote-rules.ts';
import { TIER_FEE } from './tier-prices-rules.ts';

/**
 * A fee with whether it is refundable; or a tax with whether another amount contains it, and how much of it is on fees,
 * which older rows lack.
 */
type StoredCharge = readonly [name: string, amountMinor: number, flag: boolean, ofFeesMinor?: number];

/** What a booking keeps of a line of its quote, beside the amounts in the columns of its seat. */
export type StoredLine = {
  readonly level: string;
  readonly type: string;
  readonly name: string;
  readonly fees: readonly StoredCharge[];
  readonly taxes: readonly StoredCharge[];
};
/** What a booking keeps of the charges of its quote that belong to no ticket. */
export type StoredCharges = Pick<StoredLine, 'fees' | 'taxes'>;

/** A seat of a booking. `priceMinor`: the face price. `feeMinor`: what is added to it, fees and taxes. */
export type PricedSeat = {
  readonly seatNo: number;
  readonly priceMinor: number;
  readonly feeMinor: number;
  /** Null in bookings from before price lists, whose `feeMinor` is one fee. */
  readonly line: StoredLine | null;
};

const stored = ({ fees, taxes }: Pick<Line, 'fees' | 'taxes'>): StoredCharges => ({
  fees: fees.map(({ name, amountMinor, refundable = false }) => [name, amountMinor, refundable]),
  taxes: taxes.map(({ name, amountMinor, inclusive, ofFeesMinor = 0 }) => [name, amountMinor, inclusive, ofFeesMinor]),
});

/** Lines of one level and ticket type share their charges, so nearly every seat of a sale is stored with a line from here. */
const knownLines = new WeakMap<Line['fees'], StoredLine>();

function storedLine(line: Line): StoredLine {
  const known = knownLines.get(line.fees);
  if (known) return known;
  const made = { level: line.level, type: line.ticketType, name: line.ticketTypeName, ...stored(line) };
  knownLines.set(line.fees, made);
  return made;
}

/** Returns the seats of a booking at this quote. */
export const seatsOfQuote = ({ lines }: Quote): PricedSeat[] =>
  lines.map((line) => ({
    seatNo: line.seat,
    priceMinor: line.faceMinor,
    feeMinor: line.totalMinor - line.faceMinor,
    line: storedLine(line),
  }));

const NO_CHARGES = { feeMinor: 0, charges: null };

/** Returns what a booking at this quote pays beside its tickets, and by which names; null without such charges. */
export function chargesOfQuote(quote: Quote): { feeMinor: number; charges: StoredCharges | null } {
  if (quote.fees.length === 0) return NO_CHARGES;
  const feeMinor = quote.lines.reduce((left, line) => left - line.totalMinor, quote.totalMinor);
  return { feeMinor, charges: stored(quote) };
}

/** Returns the fees and taxes that `StoredCharges` names; none for null. */
export function readCharges(charges: StoredCharges | null): { fees: Charge[]; taxes: Charge[] } {
  return {
    fees: (charges?.fees ?? []).map(([name, amountMinor, refundable]) => ({
      name,
      amountMinor,
      inclusive: false,
      refundable,
    })),
    taxes: (charges?.taxes ?? []).map(([name, amountMinor, inclusive, ofFeesMinor = 0]) => ({
      name,
      amountMinor,
      inclusive,
      ofFeesMinor,
    })),
  };
}

/** Returns the line of the quote that a seat was booked at. */
export function readLine({ seatNo, priceMinor, feeMinor, line }: PricedSeat): Line {
  const { level, type, name, ...charges } = line ?? lineOfFee(feeMinor);
  return {
    seat: seatNo,
    level,
    ticketType: type,
    ticketTypeName: name,
    faceMinor: priceMinor,
    ...readCharges(charges),
    totalMinor: priceMinor + feeMinor,
  };
}

/** Bookings from before price lists had one ticket type and one fee. */
const lineOfFee = (feeMinor: number): StoredLine => ({
  level: '',
  type: 'standard',
  name: 'Standard',
  fees: feeMinor > 0 ? [[TIER_FEE, feeMinor, true]] : [],
  taxes: [],
});
