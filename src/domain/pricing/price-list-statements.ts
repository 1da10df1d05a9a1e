import type { PriceList } from './price-list.ts';
import { openPrices, shownQuote } from './quote-rules.ts';

export type NewPriceList = {
  readonly id: string;
  readonly eventId: string;
  readonly list: PriceList;
  /** Undefined: the seating plan names the level of each seat. */
  readonly seatLevels?: Uint8Array | undefined;
  /** Undefined for a list of an import. */
  readonly madeBy?: string | undefined;
  /** Returns the id of the price tier with this name; a tier that the event had before keeps its id. */
  readonly tierId: (name: string) => string;
};

/** Runs one statement in the caller's transaction: the import and the operations have different clients. */
export type RunStatement = (text: string, params: string[]) => Promise<unknown>;

/** Puts these lists in force, one for each event, and writes what fans pay for one seat of each level. */
export async function putPriceLists(run: RunStatement, lists: readonly NewPriceList[]): Promise<void> {
  if (lists.length === 0) return;
  const rows = lists.map(({ id, eventId, list, seatLevels, madeBy = null, tierId }) => ({
    id,
    event_id: eventId,
    content: list,
    seat_levels: seatLevels ? Buffer.from(seatLevels).toString('base64') : null,
    made_by: madeBy,
    tiers: tiersOf(list).map((tier) => ({ id: tierId(tier.name), ...tier })),
  }));
  await run(PUT, [JSON.stringify(rows)]);
}

function tiersOf(list: PriceList) {
  const prices = openPrices(list);
  return list.levels.map(({ key, name }) => {
    const { lines, totalMinor } = shownQuote(prices, [{ seat: 0, level: key }]);
    const faceMinor = lines[0]?.faceMinor ?? 0;
    return { name, price_minor: faceMinor, fee_minor: totalMinor - faceMinor };
  });
}

const PUT = `with wanted as (
    select * from jsonb_to_recordset($1::text::jsonb)
      as w (id uuid, event_id uuid, content jsonb, seat_levels text, made_by uuid, tiers jsonb)
  ), listed as (
    insert into price_lists (id, event_id, version, content, seat_levels, made_by)
    select id, event_id, coalesce((select max(p.version) from price_lists p where p.event_id = wanted.event_id), 0) + 1,
      content, decode(seat_levels, 'base64'), made_by
    from wanted
  ), gone as (
    delete from price_tiers t using wanted w
    where t.event_id = w.event_id
      and not exists (select from jsonb_to_recordset(w.tiers) as r (name text) where r.name = t.name)
  )
  insert into price_tiers (id, event_id, name, price_minor, fee_minor)
  select r.id, w.event_id, r.name, r.price_minor, r.fee_minor
  from wanted w, jsonb_to_recordset(w.tiers) as r (id uuid, name text, price_minor bigint, fee_minor bigint)
  on conflict (event_id, name) do update set price_minor = excluded.price_minor, fee_minor = excluded.fee_minor`;
