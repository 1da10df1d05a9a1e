import type { SplitLine } from './split-line.ts';
import { splitOf } from './split-of-booking.ts';
import type { PricedSeat, StoredCharges } from './stored-line-rules.ts';

/** Which fees go back: with `refundFees` all of them, otherwise those that the price list calls refundable. */
export type FeeChoice = { readonly refundFees: boolean };

/** Tickets of a booking: so many of `all` were refunded before, and so many will have been after this refund. */
export type Progress = { readonly before: number; readonly after: number; readonly all: number };

/**
 * Returns what goes back of these charges. A fee that is kept is kept with the tax on it: of each tax that is on fees, the
 * share of the kept ones. This is the only rule for kept fees, of a refund of tickets and of the end of an event.
 */
export function chargesBack<C extends StoredCharges>(of: C, { refundFees }: FeeChoice): C {
  if (refundFees || of.fees.every(([, , isRefundable]) => isRefundable)) return of;
  const all = amountsOf(of.fees);
  const fees = of.fees.filter(([, , isRefundable]) => isRefundable);
  const back = amountsOf(fees);
  const taxes = of.taxes.map(([name, amountMinor, inclusive, ofFeesMinor = 0]) => {
    const keptMinor = ofFeesMinor - shareOf(ofFeesMinor, { part: back, all });
    return [name, amountMinor - keptMinor, inclusive, ofFeesMinor - keptMinor] as const;
  });
  return { ...of, fees, taxes };
}

/** Returns what is kept of these charges when fees that are not refundable are kept, in minor units. */
export const keptMinorOf = (of: StoredCharges | null): number =>
  of ? addedMinor(of) - addedMinor(chargesBack(of, { refundFees: false })) : 0;

/**
 * Returns what these tickets of a booking give back, as parts of its split: their own lines, and of what the booking pays
 * as a whole a share that is cumulative, so that all shares add up to it exactly, in any number of parts.
 */
export function splitBack(
  { seats, charges }: { readonly seats: readonly PricedSeat[]; readonly charges: StoredCharges | null },
  progress: Progress,
  choice: FeeChoice,
): SplitLine[] {
  const own = seats.map((seat) => ({ ...seat, line: seat.line && chargesBack(seat.line, choice) }));
  return splitOf({ seats: own, charges: charges && chargesShare(chargesBack(charges, choice), progress) });
}

/** Returns the sum of such parts: a contained tax is in what contains it. */
export const splitMinor = (split: readonly SplitLine[]): number =>
  split.reduce((sum, line) => sum + line.faceMinor + addedMinor(line), 0);

/** Returns the part of a booking's own charges that these tickets have, in minor units. */
export const chargesShareMinor = (of: StoredCharges, progress: Progress): number =>
  addedMinor(chargesShare(of, progress));

function chargesShare(of: StoredCharges, { before, after, all }: Progress): StoredCharges {
  const part = (amount: number): number =>
    shareOf(amount, { part: after, all }) - shareOf(amount, { part: before, all });
  return {
    fees: of.fees.map(([name, amountMinor, isRefundable]) => [name, part(amountMinor), isRefundable]),
    taxes: of.taxes.map(([name, amountMinor, inclusive, ofFeesMinor = 0]) => [
      name,
      part(amountMinor),
      inclusive,
      part(ofFeesMinor),
    ]),
  };
}

/** round(total * part / all), a half upwards. */
function shareOf(total: number, { part, all }: { readonly part: number; readonly all: number }): number {
  if (part === all) return total;
  const [twice, of] = [2n * BigInt(total) * BigInt(part), BigInt(all)];
  return Number((twice + of) / (2n * of));
}

const amountsOf = (charges: readonly (readonly [string, number, ...unknown[]])[]): number =>
  charges.reduce((sum, [, amountMinor]) => sum + amountMinor, 0);

/** What these charges add to a face price: fees, and the taxes that no other amount contains. */
const addedMinor = ({ fees, taxes }: Pick<SplitLine, 'fees' | 'taxes'> | StoredCharges): number =>
  amountsOf(fees) + amountsOf(taxes.filter(([, , inclusive]) => !inclusive));
