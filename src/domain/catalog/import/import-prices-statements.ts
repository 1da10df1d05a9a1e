import { randomUUIDv7 } from 'node:crypto';
import type { TransactionSql } from 'postgres';
import { putPriceLists } from '../../pricing/price-list-statements.ts';
import { listOfTiers } from '../../pricing/tier-prices-rules.ts';
import type { EventRecord } from './catalog-records.ts';
import type { Tracked } from './imported-records-statements.ts';
import { nameBasedId } from './name-based-id.ts';

/**
 * Puts the prices of these events in force, without tiers that the plan of the event does not have. Leaves prices that an
 * organizer has set since, unless the prices in the file have changed. A hold keeps the price at which it was made, so a price
 * may change while the event is on sale.
 */
export async function importPrices(tx: TransactionSql, changes: readonly Tracked<EventRecord>[]): Promise<void> {
  const ofPlans = await tiersOfPlans(tx, changes);
  const wanted = changes.map(({ id, record }) => {
    const tiers = record.prices.filter(({ tier }) => ofPlans.get(id)?.has(tier));
    return { id, list: listOfTiers(record.currency, new Map(tiers.map((price) => [price.tier, price]))) };
  });
  const rows = wanted.map(({ id, list }) => ({ event_id: id, content: list }));
  const changed = await tx<{ event_id: string }[]>`
    select w.event_id from jsonb_to_recordset(${tx.json(rows)}) as w (event_id uuid, content jsonb)
    where w.content is distinct from (
      select p.content from price_lists p where p.event_id = w.event_id and p.made_by is null
      order by p.version desc limit 1)`;
  const changedIds = new Set(changed.map((row) => row.event_id));
  await putPriceLists(
    (text, params) => tx.unsafe(text, params),
    wanted
      .filter(({ id }) => changedIds.has(id))
      .map(({ id, list }) => ({
        id: randomUUIDv7(),
        eventId: id,
        list,
        tierId: (name) => nameBasedId(`price/${id}/${name}`),
      })),
  );
}

async function tiersOfPlans(
  tx: TransactionSql,
  changes: readonly Tracked<EventRecord>[],
): Promise<Map<string, ReadonlySet<string>>> {
  const rows = await tx<{ id: string; tiers: string[] }[]>`
    select event.id, array(select distinct tier from sections, unnest(tier_label || seat_tier_labels) as tier
                           where sections.plan_id = event.plan_id) as tiers
    from events event where event.id = any(${changes.map(({ id }) => id)}::uuid[])`;
  return new Map(rows.map(({ id, tiers }) => [id, new Set(tiers)]));
}
