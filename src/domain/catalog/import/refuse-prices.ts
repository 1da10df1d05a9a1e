import { problemsOfPrices } from '../../gateway-amount-rules.ts';
import type { GatewayName } from '../../pricing/payment-gateway.ts';
import type { EventFile } from './catalog-records.ts';
import { ImportRefused } from './import-refused.ts';
import type { CatalogFolder } from './read-catalog-folder.ts';

export type PriceTerms = { gateway: GatewayName; seatsPerBooking: number };

/**
 * Moves the event files whose prices the gateway cannot take to the refused ones, because a fan would find out only at
 * the checkout. The venues of a folder without any other events are left out as well.
 */
export function refusePrices(folder: CatalogFolder, terms: PriceTerms): CatalogFolder {
  const refused = folder.events.flatMap((file) => refusalOf(file, terms) ?? []);
  if (refused.length === 0) return folder;
  const events = folder.events.filter(({ file }) => !refused.some((refusal) => refusal.file === file));
  const venues = events.length > 0 ? folder.venues : [];
  return { ...folder, venues, events, refused: [...folder.refused, ...refused] };
}

function refusalOf({ file, events }: EventFile, terms: PriceTerms): ImportRefused | undefined {
  const problems = events.flatMap(({ title, currency, prices }) =>
    problemsOfPrices({
      ...terms,
      currency,
      prices: prices.map(({ tier, priceMinor, feeMinor }) => ({
        field: `prices.${tier}`,
        parts: [priceMinor, feeMinor],
      })),
    }).map(({ field, message }) => ({ record: title, reason: `${field}: ${message}` })),
  );
  return problems.length > 0 ? new ImportRefused(file, problems) : undefined;
}
