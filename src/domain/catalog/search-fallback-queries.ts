import { type SQL, sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { postgresError } from '#db/pg-errors.ts';
import { inTransaction } from '#db/transaction.ts';
import { NO_PRICE } from '#search/event-collection.ts';
import {
  DEEPEST_RANK,
  depthFor,
  type EventHit,
  type EventPage,
  type EventQuery,
  type EventSearch,
  hasKeyset,
  pageAfter,
  SearchBusy,
} from '#search/event-search.ts';
import { highlightsOf, markedTitle } from '#search/highlight.ts';
import { openSearchSlots } from '#search/search-slots.ts';
import { EARTH_RADIUS_KM } from './distance-rules.ts';
import { microseconds } from './index-queries.ts';

/** Counting further would scan all matching events, while PostgreSQL replaces the engine. */
const MOST_COUNTED = 10_000;
const MOST_RANKED = 1000;
const NEAREST_VENUES = 300;
/** The share of common trigrams of two words; "messico" and "mexico" have 4 of 11 in common. */
const ALIKE = 0.33;
const METRES_PER_KM_ON_ITS_GLOBE = (1000 * 6378.168) / EARTH_RADIUS_KM;
/** Bookings come first: searches get only this many connections. */
const SLOTS = { inFlight: 4, queue: 32 };
const BUDGET_MS = 2000;
/**
 * Similar words are compared with those of every event that has some of their letters. Without a limit of their own they
 * would take the whole budget, of every search that finds nothing.
 */
const SIMILAR_MS = 500;
const QUERY_CANCELED = '57014';
const isCancelled = (error: unknown): boolean => postgresError(error)?.code === QUERY_CANCELED;

type Row = {
  id: string;
  seq: number;
  latitude: number;
  longitude: number;
  key: number;
  title: string;
  performers: string[];
  description: string;
  venue: string;
  city: string;
};

/**
 * Search by PostgreSQL, for when the engine is away: full text with prefixes and similar words (pg_trgm), distance by
 * earthdistance. No facets, at most 10,000 counted, and only a few searches at once.
 */
export function openSearchFallback(needs: { db: Db; similarMs?: number }): EventSearch {
  const slots = openSearchSlots(SLOTS);
  const ask = <T>(work: () => Promise<T>) =>
    slots.run(AbortSignal.timeout(BUDGET_MS), work).catch((error: unknown) => {
      // A query that PostgreSQL cannot finish in time is refused as busy, not failed.
      if (isCancelled(error)) throw new SearchBusy('the query takes too long', { cause: error });
      throw error;
    });
  return {
    search: (query) => ask(() => findPage(needs, query)),
    suggest: ({ asked, first }) =>
      ask(async () => {
        const { rows } = await findRows(needs, { asked, first, ...BY_RELEVANCE }, first);
        return rows.map(({ id, title }) => ({ eventId: id, title, highlight: markedTitle(title, asked) }));
      }),
  };
}

const BY_RELEVANCE = { order: 'RELEVANCE', categories: [], facets: false, currencies: false } as const;

type Needs = { readonly db: Db; readonly similarMs?: number };

async function findPage(needs: Needs, query: EventQuery): Promise<EventPage> {
  const keyset = hasKeyset(query.order);
  const { rows, total, nowMs, currencies } = await findRows(
    needs,
    query,
    keyset ? query.first + 1 : depthFor(query.first, query.after),
  );
  const hits = rows.map((row) => ({ ...row, eventId: row.id }));
  const before = query.after?.rank ?? 0;
  const cut = keyset ? { start: before, page: hits.slice(0, query.first) } : pageAfter(hits, query);
  const last = cut.start + cut.page.length;
  const { asked } = query;
  return {
    hits: cut.page.map(
      (row, index): EventHit => ({
        eventId: row.id,
        location: { latitude: row.latitude, longitude: row.longitude },
        position: { rank: cut.start + index + 1, key: row.key, seq: row.seq, eventId: row.id },
        highlights: asked ? highlightsOf(row, asked) : [],
      }),
    ),
    hasNextPage: keyset
      ? hits.length > query.first
      : cut.page.length > 0 && last < Math.min(Math.max(total, hits.length), DEEPEST_RANK),
    totalCount: total,
    facets: [],
    currencies,
    indexedAt: new Date(nowMs),
  };
}

/**
 * Similar words are used only when the words are found nowhere as typed, as in the engine, and only if that is quick.
 */
async function findRows({ db, similarMs = SIMILAR_MS }: Needs, query: EventQuery, limit: number): Promise<Found> {
  const asTyped = await findRowsWith(db, query, { limit, matching: matches, nearby: true });
  if (query.order === 'NEAREST' && asTyped.rows.length < limit && asTyped.rows.length < asTyped.total)
    return findRowsWith(db, query, { limit, matching: matches, nearby: false });
  const { asked } = query;
  if (asTyped.total > 0 || !asked) return asTyped;
  if (asked.orElse) {
    const otherwise = { ...query, asked: { words: asked.orElse, orElse: undefined } };
    const readOtherwise = await findRowsWith(db, otherwise, { limit, matching: matches, nearby: false });
    if (readOtherwise.total > 0) return readOtherwise;
  }
  const similar = { limit, matching: resembles, nearby: false, budgetMs: similarMs };
  return findRowsWith(db, query, similar).catch((error: unknown) => {
    if (isCancelled(error)) return asTyped;
    throw error;
  });
}

type Found = { rows: Row[]; total: number; nowMs: number; currencies: readonly string[] };
/** `nearby`: sorted by distance, only the events of the nearest venues are read. */
type Approach = { limit: number; matching: typeof matches; nearby: boolean; budgetMs?: number };

async function findRowsWith(db: Db, query: EventQuery, approach: Approach): Promise<Found> {
  const { limit, matching, nearby, budgetMs = BUDGET_MS } = approach;
  const words = query.asked?.words ?? [];
  const from = sql`
    from events e
    join venues v on v.id = e.venue_id
    left join event_search_words w on w.event_id = e.id
    left join lateral (select min(t.price_minor + t.fee_minor)::bigint as minor from price_tiers t where t.event_id = e.id) p on true`;
  const where = (some: EventQuery) =>
    sql`${from} where ${sql.join([...conditionsOf(some), ...words.map(matching)], sql` and `)}`;
  const all = where(query);
  const { key, after, order } = orderOf(query, words);
  const some = sql`${all} and ${after} and ${nearby && query.order === 'NEAREST' ? isAtNearestVenues(query) : sql`true`}`;
  // Otherwise each hit of a very common word would have to be compared, to show the best twenty of a hundred
  // thousand.
  const candidates =
    query.order === 'RELEVANCE'
      ? sql`${from} where e.id = any (array(select e.id ${some} limit ${MOST_RANKED}))`
      : some;
  const currencies = sql`(select array_agg(currency order by currency) from (
    select distinct e.currency ${where({ ...query, priceAtMostMinor: undefined })}) c)`;
  return inTransaction(db, 'searchEvents', async (tx) => {
    await tx.execute(sql`select set_config('pg_trgm.word_similarity_threshold', ${String(ALIKE)}, true),
                                set_config('statement_timeout', ${String(budgetMs)}, true)`);
    const rows = await tx.execute<Row>(sql`
      select e.id, e.seq::float8 as seq, v.latitude, v.longitude, e.title, e.performers, e.description, v.name as venue,
             v.city, (${key})::float8 as key
      ${candidates} order by ${order}, e.seq limit ${limit}`);
    const [counted] = await tx.execute<{ total: number; nowMs: number; currencies: string[] | null }>(sql`
      select (select count(*)::int from (select 1 ${all} limit ${MOST_COUNTED}) c) as total,
             (extract(epoch from now()) * 1000)::float8 as "nowMs",
             ${query.currencies ? currencies : sql`null::text[]`} as currencies`);
    const { total = 0, nowMs = 0 } = counted ?? {};
    return { rows: [...rows], total, nowMs, currencies: counted?.currencies ?? [] };
  });
}

const instant = (us: number): SQL => sql`(timestamptz 'epoch' + ${us}::float8 * interval '1 microsecond')`;
const priceFrom = sql`coalesce(p.minor, ${NO_PRICE}::bigint)`;

function conditionsOf(query: EventQuery): SQL[] {
  const { near, radiusKm } = query;
  return [
    sql`e.status = 'PUBLISHED' and greatest(e.starts_at, e.off_sale_at) > now()`,
    ...(near && radiusKm !== undefined ? [isWithin(near, radiusKm)] : []),
    ...(query.cityKeys === undefined ? [] : [sql`w.city_keys && ${textArray(query.cityKeys)}`]),
    ...(query.countryCode === undefined ? [] : [sql`v.country_code = ${query.countryCode}`]),
    ...(query.currency === undefined ? [] : [sql`e.currency = ${query.currency}`]),
    ...(query.categories.length === 0 ? [] : [sql`e.category in ${[...query.categories]}`]),
    ...(query.startsFromUs === undefined ? [] : [sql`e.starts_at >= ${instant(query.startsFromUs)}`]),
    ...(query.startsToUs === undefined ? [] : [sql`e.starts_at <= ${instant(query.startsToUs)}`]),
    ...(query.priceAtMostMinor === undefined ? [] : [sql`p.minor <= ${query.priceAtMostMinor}::bigint`]),
    ...(query.onSaleAtUs === undefined
      ? []
      : [
          sql`e.on_sale_at <= ${instant(query.onSaleAtUs)} and e.off_sale_at > ${instant(query.onSaleAtUs)}
            and not e.sales_paused`,
        ]),
  ];
}

/** A word of the event begins with this word. */
const matches = (word: string): SQL => sql`w.words @@ ${`'${word}':*`}::tsquery`;

/** A word of the event begins with this word, or one of the title, the performers or the venue is similar. */
const resembles = (word: string): SQL => sql`(${matches(word)} or w.names %> ${word} or w.place %> ${word})`;

const textArray = (values: readonly string[]): SQL =>
  sql`array(select jsonb_array_elements_text(${JSON.stringify(values)}::jsonb))`;

function isWithin({ latitude, longitude }: NonNullable<EventQuery['near']>, radiusKm: number): SQL {
  const centre = pointOf({ latitude, longitude });
  const metres = sql`${radiusKm * METRES_PER_KM_ON_ITS_GLOBE}::float8`;
  return sql`e.venue_id = any (array(
    select w.id from venues w
    where earth_box(${centre}, ${metres}) @> ll_to_earth(w.latitude, w.longitude)
      and earth_distance(${centre}, ll_to_earth(w.latitude, w.longitude)) <= ${metres}))`;
}

const pointOf = (near: EventQuery['near']): SQL =>
  sql`ll_to_earth(${near?.latitude ?? 0}::float8, ${near?.longitude ?? 0}::float8)`;

const distanceTo = (near: EventQuery['near'], venue: SQL): SQL =>
  sql`earth_distance(${pointOf(near)}, ll_to_earth(${venue}.latitude, ${venue}.longitude))`;

/** `<->` is the way through the globe, in the same order as the distance; the index of the venues returns it sorted. */
const isAtNearestVenues = ({ near }: EventQuery): SQL => sql`e.venue_id = any (array(
  select w.id from venues w order by ll_to_earth(w.latitude, w.longitude) <-> ${pointOf(near)}, w.id limit ${NEAREST_VENUES}))`;

/** `key` is stored in the cursor; `after` is true for rows behind it. */
function orderOf(query: EventQuery, words: readonly string[]): { key: SQL; after: SQL; order: SQL } {
  const { order, after, near } = query;
  const seq = sql`${after?.seq ?? 0}::bigint`;
  const behind = (condition: SQL) => (after ? condition : sql`true`);
  switch (order) {
    case 'SOONEST':
      return {
        key: microseconds(sql`e.starts_at`),
        after: behind(sql`(e.starts_at, e.seq) > (${instant(after?.key ?? 0)}, ${seq})`),
        order: sql`e.starts_at`,
      };
    case 'PRICE':
      return {
        key: priceFrom,
        after: behind(sql`(${priceFrom}, e.seq) > (${after?.key ?? 0}::bigint, ${seq})`),
        order: priceFrom,
      };
    case 'POPULARITY':
      return {
        key: sql`e.popularity`,
        after: behind(sql`(-e.popularity::bigint, e.seq) > (${-(after?.key ?? 0)}::bigint, ${seq})`),
        order: sql`e.popularity desc`,
      };
    case 'NEAREST':
      return {
        key: sql`0`,
        after: sql`true`,
        order: distanceTo(near, sql`v`),
      };
    case 'RELEVANCE':
      return { key: sql`0`, after: sql`true`, order: sql`${likeness(words)} desc, e.popularity desc` };
  }
}

/** Title and performers count most; a word found elsewhere counts a little. */
const likeness = (words: readonly string[]): SQL =>
  words.length === 0
    ? sql`0::float8`
    : sql.join(
        words.map((word) => sql`greatest(word_similarity(${word}, w.names), 0.4::float4)`),
        sql` + `,
      );
