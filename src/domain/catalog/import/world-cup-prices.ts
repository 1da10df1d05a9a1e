import type { PriceRecord } from './catalog-records.ts';

/**
 * The source has no prices, so these are ours: US dollars for Category 1 to 4, by the importance of the round,
 * converted to the currency of the venue's country and rounded to what a box office would print.
 */
const DOLLARS_BY_ROUND: Readonly<Record<string, readonly number[]>> = {
  'Round of 32': [450, 280, 180, 100],
  'Round of 16': [600, 380, 240, 130],
  'Quarter-final': [1_000, 650, 400, 220],
  'Semi-final': [1_800, 1_200, 700, 420],
  'Match for third place': [700, 450, 280, 160],
  Final: [4_000, 2_500, 1_500, 900],
};
const GROUP_STAGE_DOLLARS = [350, 220, 140, 75];

const POPULARITY_BY_ROUND: Readonly<Record<string, number>> = {
  'Round of 32': 50,
  'Round of 16': 60,
  'Match for third place': 65,
  'Quarter-final': 75,
  'Semi-final': 85,
  Final: 100,
};
const GROUP_STAGE_POPULARITY = 40;

type Currency = { code: string; perDollar: number; roundTo: number };
const DOLLAR: Currency = { code: 'USD', perDollar: 1, roundTo: 5 };
const CURRENCY_BY_COUNTRY: Readonly<Record<string, Currency>> = {
  US: DOLLAR,
  CA: { code: 'CAD', perDollar: 1.4, roundTo: 5 },
  MX: { code: 'MXN', perDollar: 18, roundTo: 50 },
};
/** A booking fee of 5 %. */
const FEE_SHARE = 0.05;

export function pricesOf(round: string, countryCode: string): { currency: string; prices: PriceRecord[] } {
  const currency = CURRENCY_BY_COUNTRY[countryCode] ?? DOLLAR;
  const prices = (DOLLARS_BY_ROUND[round] ?? GROUP_STAGE_DOLLARS).map((dollars, index) => {
    const price = Math.round((dollars * currency.perDollar) / currency.roundTo) * currency.roundTo;
    return { tier: `Category ${index + 1}`, priceMinor: price * 100, feeMinor: Math.round(price * 100 * FEE_SHARE) };
  });
  return { currency: currency.code, prices };
}

/** A higher number is better known: the round counts most, then the size of the stadium. */
export function popularityOf(round: string, capacity: number): number {
  return (POPULARITY_BY_ROUND[round] ?? GROUP_STAGE_POPULARITY) + Math.min(9, Math.round(capacity / 10_000));
}
