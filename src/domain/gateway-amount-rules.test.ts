import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CURRENCIES } from './currency-rules.ts';
import {
  amountRuleOf,
  fromStripeAmount,
  type PriceCheck,
  problemsOfPrices,
  toStripeAmount,
} from './gateway-amount-rules.ts';

describe('an amount at Stripe', () => {
  it.each([
    ['USD', 1_999, 1_999],
    ['HUF', 250_050, 250_050],
    ['TWD', 80_045, 80_045],
    ['KRW', 44_000, 44_000],
    ['XOF', 6_500, 6_500],
    ['ISK', 12_900, 1_290_000],
    ['UGX', 37_000, 3_700_000],
    ['MGA', 4_250_000, 42_500],
    ['TND', 18_370, 18_370],
  ])('of %s: %i minor units are %i there', (currency, minor, units) => {
    expect(toStripeAmount(minor, currency)).toBe(units);
    expect(fromStripeAmount(units, currency)).toBe(minor);
  });

  it('comes back the same in every currency that Stripe takes, as an integer of at most twelve digits', () => {
    const charged = CURRENCIES.filter((code) => amountRuleOf('stripe', code));
    fc.assert(
      fc.property(fc.constantFrom(...charged), fc.double({ min: 0, max: 1, noNaN: true }), (currency, share) => {
        const { least, most, step } = amountRuleOf('stripe', currency) ?? { least: 0, most: 0, step: 1 };
        const amount = Math.max(least, Math.floor((share * most) / step) * step);
        const units = toStripeAmount(amount, currency);
        expect(Number.isInteger(units)).toBe(true);
        expect(units).toBeLessThanOrEqual(currency === 'IDR' ? 999_999_999_999 : 99_999_999);
        expect(fromStripeAmount(units, currency)).toBe(amount);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('prices are refused when they are set', () => {
  const check = (currency: string, parts: number[], more: Partial<PriceCheck> = {}) =>
    problemsOfPrices({ gateway: 'stripe', currency, seatsPerBooking: 1, prices: [{ field: 'price', parts }], ...more })
      .map(({ field, message }) => `${field}: ${message}`)
      .join();

  it.each([
    ['JOD', [7_891], 'stripe takes JOD only in steps of JOD 0.010, and JOD 7.891 is not one'],
    ['OMR', [5_000, 5], 'OMR 0.005 is not one'],
    ['MGA', [1_234_567], 'stripe takes MGA only in steps of MGA 1.00, and MGA 12,345.67 is not one'],
    ['GBP', [29], 'a seat costs £0.29, and stripe takes at least £0.30 in GBP'],
    ['CZK', [1_400], 'stripe takes at least CZK 15.00'],
    ['THB', [900, 99], 'stripe takes at least THB 10.00'],
    ['EUR', [99_999_999, 1], 'stripe takes at most €999,999.99'],
    ['KRW', [100_000_000], 'stripe takes at most ₩99,999,999'],
    ['ISK', [1_000_000], 'stripe takes at most ISK 999,999'],
    ['IQD', [1_000], 'currency: the gateway stripe does not take payments in IQD'],
    ['IRR', [100_000], 'currency: the gateway stripe does not take payments in IRR'],
    ['QQQ', [1_000], 'currency: ISO 4217 has no currency QQQ'],
    ['USD', [Number.MAX_SAFE_INTEGER, 1], 'price: an amount must be a whole number of minor units'],
    ['USD', [2 ** 53], 'price: an amount must be a whole number of minor units'],
    ['USD', [10.5], 'price: an amount must be a whole number of minor units'],
    ['USD', [-1], 'price: an amount must be a whole number of minor units'],
  ])('%s %j', (currency, parts, reason) => {
    expect(check(currency, parts).replaceAll('\u00a0', ' ')).toContain(reason);
  });

  it.each([
    ['JOD', [7_890, 10]],
    ['MGA', [1_234_500, 500]],
    ['GBP', [29, 1]],
    ['EUR', [99_999_998, 1]],
    ['IDR', [999_999_999_999]],
    ['UGX', [999_999]],
    ['CLP', [99_999_999]],
    ['USD', [0]],
    ['HUF', [17_501]],
  ])('%s %j can be paid', (currency, parts) => {
    expect(check(currency, parts)).toBe('');
  });

  it('counts the largest booking that the limits allow', () => {
    expect(check('COP', [12_500_000], { seatsPerBooking: 8 })).toContain('8 seats of one booking cost');
    expect(check('COP', [12_499_999], { seatsPerBooking: 8 })).toBe('');
    expect(check('IRR', [2_500_000_000], { gateway: 'sandbox', seatsPerBooking: 8 })).toBe('');
    expect(check('IRR', [2 ** 50], { gateway: 'sandbox', seatsPerBooking: 8 })).toContain('sandbox takes at most');
  });
});
