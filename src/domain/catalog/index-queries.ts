import { type SQL, sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { type EventDocument, NEVER, NO_PRICE } from '#search/event-collection.ts';
import type { IndexedVersion } from '#search/event-index.ts';
import { documentWords } from '#search/normal-form/document-words.ts';
import { placeKeys } from '#search/normal-form/place-keys.ts';

/** Exact: PostgreSQL keeps times in microseconds, and a rounding cursor would repeat or skip a hit. */
export const microseconds = (instant: SQL): SQL => sql`(extract(epoch from ${instant}) * 1000000)::float8`;

/** Published and not ended, by the database's clock. A postponed event has no date by which it could be found. */
export const canBeFound = sql`e.status = 'PUBLISHED' and greatest(e.starts_at, e.off_sale_at) > now()`;

/** Free seats in tenths, rounded up: 0 means sold out or held. */
const availableShare = sql`coalesce(ceil(i.available * 10.0 / i.capacity), 0)::int`;

const priceTiers = sql`(
  select coalesce(json_agg(json_build_object('id', t.id, 'name', t.name, 'price_minor', t.price_minor,
                                             'fee_minor', t.fee_minor) order by t.price_minor + t.fee_minor, t.name), '[]')
  from price_tiers t where t.event_id = e.id)`;

const details = sql`json_build_object(
  'organization_id', e.organization_id, 'on_sale_at', ${microseconds(sql`e.on_sale_at`)}, 'sales_paused', e.sales_paused,
  'ends_at', ${microseconds(sql`e.ends_at`)}, 'doors_at', ${microseconds(sql`e.doors_at`)},
  'previous_starts_at', ${microseconds(sql`e.previous_starts_at`)}, 'refund_until', ${microseconds(sql`e.refund_until`)},
  'hold_seconds', e.hold_seconds, 'seats_per_booking', e.seats_per_booking, 'seats_per_viewer', e.seats_per_viewer,
  'orphan_policy', e.orphan_policy, 'revision', e.revision)`;

type Searched = 'title_words' | 'performers_words' | 'description_words' | 'venue_words' | 'city_words' | 'city_keys';
type Row = Omit<EventDocument, 'location' | Searched> & { latitude: number; longitude: number };

/**
 * The documents of those events that can be found now. An id that is missing in the result must not be in the index.
 */
export async function findDocuments({ db }: { db: Db }, eventIds: readonly string[]): Promise<EventDocument[]> {
  return listWhere(
    db,
    sql`e.id in (select value::uuid from jsonb_array_elements_text(${JSON.stringify(eventIds)}::jsonb))`,
    eventIds.length,
  );
}

/** The next documents by id, for filling an index. */
export async function listDocumentsAfter({ db }: { db: Db }, eventId: string | undefined, limit: number) {
  return listWhere(db, eventId === undefined ? sql`true` : sql`e.id > ${eventId}`, limit);
}

async function listWhere(db: Db, condition: SQL, limit: number): Promise<EventDocument[]> {
  const rows = await db.execute<Row>(sql`
    select e.id, e.seq::float8 as seq, e.title, e.performers, e.description, e.category, v.name as venue_name, v.city,
           v.country_code, v.latitude, v.longitude,
           ${microseconds(sql`e.starts_at`)} as starts_at,
           ${microseconds(sql`greatest(e.starts_at, e.off_sale_at)`)} as ends_at,
           case when e.sales_paused then ${NEVER}::float8 else ${microseconds(sql`e.on_sale_at`)} end as on_sale_at,
           ${microseconds(sql`e.off_sale_at`)} as off_sale_at,
           coalesce((select min(t.price_minor + t.fee_minor) from price_tiers t where t.event_id = e.id), ${NO_PRICE}::bigint)::float8
             as price_from_minor,
           e.currency, e.popularity, ${availableShare} as available_share, e.updated_version::float8 as updated_version,
           e.venue_id, e.plan_id, ${microseconds(sql`e.cancellable_until`)} as cancellable_until,
           v.address, v.time_zone, v.capacity as venue_capacity, ${priceTiers} as price_tiers,
           coalesce(i.capacity, 0) as capacity, coalesce(i.available, 0) as available, coalesce(i.held, 0) as held,
           coalesce(i.booked, 0) as booked, ${details} as details
    from events e
    join venues v on v.id = e.venue_id
    left join seat_inventories i on i.event_id = e.id
    where ${canBeFound} and ${condition}
    order by e.id limit ${limit}`);
  return rows.map(documentOf);
}

const names = (text: string): string => documentWords(text, { neighbours: true });

const documentOf = ({ latitude, longitude, ...row }: Row): EventDocument => ({
  ...row,
  title_words: names(row.title),
  performers_words: row.performers.map(names).join(' '),
  description_words: documentWords(row.description, { neighbours: false }),
  venue_words: names(row.venue_name),
  city_words: names(row.city),
  city_keys: placeKeys(row.city),
  location: [latitude, longitude],
});

/** The versions that the index should hold now. */
export async function findVersions({ db }: { db: Db }): Promise<Map<string, IndexedVersion>> {
  const rows = await db.execute<{ id: string; version: number; share: number }>(sql`
    select e.id, e.updated_version::float8 as version, ${availableShare} as share
    from events e left join seat_inventories i on i.event_id = e.id where ${canBeFound}`);
  return new Map(rows.map(({ id, version, share }) => [id, { updatedVersion: version, availableShare: share }]));
}

/** PostgreSQL's clock. */
export async function findNow({ db }: { db: Db }): Promise<Date> {
  const [row] = await db.execute<{ ms: number }>(
    sql`select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`,
  );
  return new Date(row?.ms ?? Number.NaN);
}
