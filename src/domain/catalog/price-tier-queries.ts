import { and, asc, eq, ne, sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { ONE_ROUND_TRIP, preparedOnce, uuidArray } from '#db/prepared.ts';
import { events, priceTiers } from '#db/tables/catalog.ts';

export type PriceTier = typeof priceTiers.$inferSelect;

const tiersOfEvents = preparedOnce((db: Db) =>
  db
    .select()
    .from(priceTiers)
    .where(sql`${priceTiers.eventId} = any(${sql.placeholder('ids')}::uuid[])`)
    .orderBy(asc(sql`${priceTiers.priceMinor} + ${priceTiers.feeMinor}`), asc(priceTiers.name))
    .prepare(ONE_ROUND_TRIP),
);

/** For each of the raw event ids, in their order, its price tiers from the cheapest up. One query. */
export async function listPriceTiers({ db }: { db: Db }, eventIds: readonly string[]): Promise<PriceTier[][]> {
  const rows = await tiersOfEvents(db).execute({ ids: uuidArray(eventIds) });
  const byEvent = Map.groupBy(rows, (tier) => tier.eventId);
  return eventIds.map((eventId) => byEvent.get(eventId) ?? []);
}

/** The price tier with this raw id and its event's currency; undefined for an unknown id and for a draft event. */
export async function findPriceTier(
  { db }: { db: Db },
  id: string,
): Promise<(PriceTier & { currency: string }) | undefined> {
  const [row] = await db
    .select({ tier: priceTiers, currency: events.currency })
    .from(priceTiers)
    .innerJoin(events, eq(events.id, priceTiers.eventId))
    .where(and(eq(priceTiers.id, id), ne(events.status, 'DRAFT')));
  return row && { ...row.tier, currency: row.currency };
}
