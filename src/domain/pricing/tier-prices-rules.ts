import type { PriceList } from './price-list.ts';

export type TierPrice = { readonly priceMinor: number; readonly feeMinor: number };

/** The only ticket type of prices that an import has set. */
const STANDARD = { key: 'standard', name: 'Standard' };
/** The fee of a tier, which is refunded with its ticket. */
export const TIER_FEE = 'Fee';

/** Returns the price list of an import: a level for each tier, with one ticket type and one fee. */
export function listOfTiers(currency: string, tiers: ReadonlyMap<string, TierPrice>): PriceList {
  return {
    currency,
    // Every amount is given and none is a percentage, so nothing is rounded.
    step: 1,
    ticketTypes: [STANDARD],
    levels: [...tiers].map(([name, { priceMinor, feeMinor }]) => ({
      key: name,
      name,
      prices: [{ ticketType: STANDARD.key, amountMinor: priceMinor }],
      fees: feeMinor > 0 ? [{ name: TIER_FEE, perTicketMinor: feeMinor, refundable: true }] : [],
    })),
    fees: [],
    taxes: [],
  };
}
