import { openPrices, type Prices } from './quote-rules.ts';

export type TierPrice = { readonly priceMinor: number; readonly feeMinor: number };

/** The only ticket type of prices that an import has set. */
export const STANDARD = { key: 'standard', name: 'Standard' } as const;

/** Returns the price list of an event with price tiers: a level for each tier, with one ticket type and one fee. */
export function pricesOfTiers(currency: string, tiers: ReadonlyMap<string, TierPrice>): Prices {
  return openPrices({
    currency,
    // Every amount is given and none is a percentage, so nothing is rounded.
    step: 1,
    ticketTypes: [STANDARD],
    levels: [...tiers].map(([name, { priceMinor, feeMinor }]) => ({
      key: name,
      name,
      prices: [{ ticketType: STANDARD.key, amountMinor: priceMinor }],
      fees: feeMinor > 0 ? [{ name: 'Fee', perTicketMinor: feeMinor, refundable: true }] : [],
    })),
    fees: [],
    taxes: [],
  });
}
