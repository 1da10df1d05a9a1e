import { asc, inArray } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { priceTiers } from '#db/tables/catalog.ts';

export type PriceTier = typeof priceTiers.$inferSelect;

/** For each of the raw event ids, in their order, its price tiers from the cheapest up. One query. */
export async function listPriceTiers({ db }: { db: Db }, eventIds: readonly string[]): Promise<PriceTier[][]> {
  const rows = await db
    .select()
    .from(priceTiers)
    .where(inArray(priceTiers.eventId, [...eventIds]))
    .orderBy(asc(priceTiers.priceMinor), asc(priceTiers.name));
  const byEvent = Map.groupBy(rows, (tier) => tier.eventId);
  return eventIds.map((eventId) => byEvent.get(eventId) ?? []);
}
