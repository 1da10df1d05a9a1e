import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chargesBack, chargesShareMinor, keptMinorOf, splitBack, splitMinor } from './refund-split-rules.ts';
import type { PricedSeat, StoredCharges } from './stored-line-rules.ts';

const amount = fc.integer({ min: 0, max: 1_000_003 });
const fee = fc.tuple(fc.constantFrom('Service', 'Handling', 'Delivery'), amount, fc.boolean());
/** As a quote makes them: the part that is on fees is not more than the tax. */
const charges: fc.Arbitrary<StoredCharges> = fc
  .record({
    fees: fc.array(fee, { maxLength: 3 }),
    taxes: fc.array(fc.tuple(amount, fc.boolean(), fc.nat(100)), { maxLength: 2 }),
  })
  .map(({ fees, taxes }) => ({
    fees,
    taxes: taxes.map(
      ([minor, inclusive, share], index) =>
        [`Tax ${index}`, minor, inclusive, Math.floor((minor * share) / 100)] as const,
    ),
  }));
const booking = fc.record({
  charges: fc.option(charges),
  lines: fc.array(fc.record({ face: amount, charges }), { minLength: 1, maxLength: 12 }),
});

const addedMinor = ({ fees, taxes }: StoredCharges): number =>
  [...fees, ...taxes.filter(([, , inclusive]) => !inclusive)].reduce((sum, [, minor]) => sum + minor, 0);

const seatsOf = (lines: readonly { face: number; charges: StoredCharges }[]): PricedSeat[] =>
  lines.map(({ face, charges: own }, seatNo) => ({
    seatNo,
    priceMinor: face,
    feeMinor: addedMinor(own),
    line: { level: 'a', type: 'full', name: 'Full', ...own },
  }));

const sumsOf = (of: { seats: readonly PricedSeat[]; charges: StoredCharges | null }) => ({
  paid: of.seats.reduce((sum, seat) => sum + seat.priceMinor + seat.feeMinor, of.charges ? addedMinor(of.charges) : 0),
  kept: of.seats.reduce((sum, { line }) => sum + keptMinorOf(line), keptMinorOf(of.charges)),
});

test('the parts of a booking add up to what it paid, in any number of parts, and none of them is negative', () => {
  fc.assert(
    fc.property(booking, fc.infiniteStream(fc.integer({ min: 1, max: 4 })), fc.boolean(), (made, sizes, refundFees) => {
      const seats = seatsOf(made.lines);
      const all = seats.length;
      const whole = { seats, charges: made.charges };
      let before = 0;
      let back = 0;
      for (const size of sizes) {
        const after = Math.min(all, before + size);
        const split = splitBack(
          { ...whole, seats: seats.slice(before, after) },
          { before, after, all },
          { refundFees },
        );
        for (const { fees, taxes } of split)
          for (const [, minor, , ofFees = 0] of [...fees, ...taxes] as [string, number, boolean?, number?][])
            expect(Math.min(minor, minor - ofFees)).toBeGreaterThanOrEqual(0);
        back += splitMinor(split);
        before = after;
        if (before === all) break;
      }
      expect(back).toBe(splitMinor(splitBack(whole, { before: 0, after: all, all }, { refundFees })));
      const { paid, kept } = sumsOf(whole);
      expect(back).toBe(refundFees ? paid : paid - kept);
    }),
  );
});

test('what is kept is the fees that are not refundable with the tax on them, and what goes back is never negative', () => {
  fc.assert(
    fc.property(charges, (of) => {
      const back = chargesBack(of, { refundFees: false });
      const keptFees = of.fees.filter(([, , isRefundable]) => !isRefundable).reduce((sum, [, minor]) => sum + minor, 0);
      const addedTaxOnFees = of.taxes
        .filter(([, , inclusive]) => !inclusive)
        .reduce((sum, [, , , ofFees = 0]) => sum + ofFees, 0);
      expect(keptMinorOf(of)).toBeGreaterThanOrEqual(keptFees);
      expect(keptMinorOf(of)).toBeLessThanOrEqual(keptFees + addedTaxOnFees);
      expect(back.taxes.every(([, minor, , ofFees = 0]) => minor >= ofFees && ofFees >= 0)).toBe(true);
      if (of.fees.every(([, , isRefundable]) => isRefundable)) expect(back).toBe(of);
    }),
  );
});

test('a share is round(total * k / n) without what went before, a half upwards', () => {
  const of: StoredCharges = { fees: [['Delivery', 250, true]], taxes: [] };
  const shares = [0, 1, 2, 3].map((before) => chargesShareMinor(of, { before, after: before + 1, all: 4 }));
  expect(shares).toEqual([63, 62, 63, 62]);
});
