import type { SplitLine } from '#events/contracts.ts';
import type { PricedSeat, StoredCharges } from './stored-line-rules.ts';
import { TIER_FEE } from './tier-prices-rules.ts';

type Charges = Pick<SplitLine, 'fees' | 'taxes'>;

/** The seats of a sale share a few lines, so the charges of nearly every seat are made once. */
const known = new WeakMap<StoredCharges, Charges>();

/** Returns what a booking consists of: one line for each seat, and one for what it pays as a whole. */
export function splitOf({
  seats,
  charges,
}: {
  readonly seats: readonly PricedSeat[];
  readonly charges: StoredCharges | null;
}): SplitLine[] {
  const lines = seats.map(
    ({ seatNo, priceMinor: faceMinor, feeMinor, line }): SplitLine => ({
      seatNo,
      faceMinor,
      ...(line ? chargesOf(line) : { fees: feeMinor > 0 ? [[TIER_FEE, feeMinor]] : [], taxes: [] }),
    }),
  );
  return charges ? [...lines, { seatNo: null, faceMinor: 0, ...chargesOf(charges) }] : lines;
}

function chargesOf(stored: StoredCharges): Charges {
  const before = known.get(stored);
  if (before) return before;
  const made: Charges = {
    fees: stored.fees.map(([name, amountMinor]) => [name, amountMinor]),
    taxes: stored.taxes.map(([name, amountMinor, inclusive, ofFeesMinor = 0]) => [
      name,
      amountMinor,
      inclusive,
      ofFeesMinor,
    ]),
  };
  known.set(stored, made);
  return made;
}
