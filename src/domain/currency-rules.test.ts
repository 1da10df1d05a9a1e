import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CURRENCIES, decimalsOf, decimalText, formatMoney, isCurrency } from './currency-rules.ts';

describe('the table of currencies', () => {
  it('has the decimals of ISO 4217, also where CLDR and the gateways have others', () => {
    const byDecimals = (decimals: number) => CURRENCIES.filter((code) => decimalsOf(code) === decimals).join(' ');
    expect(byDecimals(0)).toBe('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF');
    expect(byDecimals(3)).toBe('BHD IQD JOD KWD LYD OMR TND');
    expect(byDecimals(2).split(' ')).toEqual(
      expect.arrayContaining(['EUR', 'HUF', 'IDR', 'MGA', 'TWD', 'COP', 'PKR', 'LBP', 'MRU', 'IRR', 'XCG']),
    );
    expect(CURRENCIES.every((code) => [0, 2, 3].includes(decimalsOf(code)))).toBe(true);
    expect(CURRENCIES.length).toBeGreaterThan(150);
  });

  it('has the codes that Intl knows, and no other, so that an update of Node shows what is missing here', () => {
    const known = new Set(Intl.supportedValuesOf('currency'));
    // The digital bolivar is an accounting code beside VES.
    expect(CURRENCIES.filter((code) => !known.has(code) && code !== 'VED')).toEqual([]);
    const withdrawnOrNotMoney = ['ANG', 'BGN', 'CUC', 'HRK', 'SLL', 'XDR', 'XSU', 'ZWL'];
    expect([...known].filter((code) => !isCurrency(code) && !withdrawnOrNotMoney.includes(code))).toEqual([]);
  });

  it.each(['ZZZ', 'ABC', 'eur', 'EURO', '', 'XAU', 'XXX', 'XTS', 'CLF', 'DEM', 'HRK', 'BGN'])(
    'does not take %j for a currency',
    (code) => {
      expect(isCurrency(code)).toBe(false);
    },
  );
});

describe('an amount as text', () => {
  it.each([
    [1_250, 'EUR', '12.50', '€12.50'],
    [5, 'USD', '0.05', '$0.05'],
    [-5, 'USD', '-0.05', '-$0.05'],
    [15_000, 'JPY', '15000', '¥15,000'],
    [987_650, 'HUF', '9876.50', 'HUF 9,876.50'],
    [4_200_000, 'MGA', '42000.00', 'MGA 42,000.00'],
    [7_050, 'TND', '7.050', 'TND 7.050'],
    [Number.MAX_SAFE_INTEGER, 'IRR', '90071992547409.91', 'IRR 90,071,992,547,409.91'],
  ])('%i of %s is %s', (amount, currency, plain, shown) => {
    expect(decimalText(amount, currency)).toBe(plain);
    expect(formatMoney(amount, currency).replaceAll('\u00a0', ' ')).toBe(shown);
  });

  it('keeps every digit of every amount in every currency', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.constantFrom(...CURRENCIES), (amount, currency) => {
        expect(Number(formatMoney(amount, currency).replace(/[^0-9]/g, ''))).toBe(amount);
        expect(Number(decimalText(amount, currency).replace('.', ''))).toBe(amount);
      }),
      { numRuns: 2_000 },
    );
  });
});
