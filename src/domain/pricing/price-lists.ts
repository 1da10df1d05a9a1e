import { LRUCache } from 'lru-cache';
import type { Db, Tx } from '#db/client.ts';
import { prepared } from '#db/prepared.ts';
import type { PriceList } from './price-list.ts';
import { openPrices, type Prices } from './quote-rules.ts';

/** A price list that was set for an event. It never changes. */
export type EventPrices = {
  readonly listId: string;
  readonly prices: Prices;
  /** By seat number: the position of the level in the list. Undefined: the seating plan names each seat's level. */
  readonly seatLevels?: Uint8Array | undefined;
};

/** Price lists of this process by id, each read once. They never change, so the cache is never stale. */
export type PriceLists = {
  /** Throws an Error for an unknown id. */
  get(listId: string): Promise<EventPrices>;
  /** The list if this process has it. */
  peek(listId: string): EventPrices | undefined;
};

const MAX_BYTES = 64 * 1024 * 1024;
/** Of an open list without its seats. */
const LIST_BYTES = 8 * 1024;

export function openPriceLists({ db }: { db: Db }): PriceLists {
  const lists = new LRUCache<string, EventPrices>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ seatLevels }) => Math.min(MAX_BYTES, LIST_BYTES + (seatLevels?.byteLength ?? 0)),
    fetchMethod: (listId) => readList(db, listId),
    ignoreFetchAbort: true,
  });
  return {
    peek: (listId) => lists.get(listId),
    async get(listId) {
      const found = await lists.fetch(listId);
      if (!found) throw new Error(`there is no price list ${listId}`);
      return found;
    },
  };
}

/** The id of the price list in force of the event in this row of SQL; null for an event without prices. */
export const currentListId = (eventId: string): string =>
  `(select id from price_lists where event_id = ${eventId} order by version desc limit 1)`;

/** The price list in force of the event; undefined for an event without prices. */
export async function findPrices(
  { db, priceLists }: { db: Db; priceLists: PriceLists },
  eventId: string,
): Promise<EventPrices | undefined> {
  const [row] = await prepared<{ id: string | null }>(db, `select ${currentListId('$1::uuid')} as id`, [eventId]);
  return row?.id ? priceLists.get(row.id) : undefined;
}

type Row = { content: PriceList; seatLevels: Buffer | null };

async function readList(db: Db | Tx, listId: string): Promise<EventPrices | undefined> {
  const [row] = await prepared<Row>(
    db,
    `select content, seat_levels as "seatLevels" from price_lists where id = $1::uuid`,
    [listId],
  );
  return row && { listId, prices: openPrices(row.content), seatLevels: row.seatLevels ?? undefined };
}
