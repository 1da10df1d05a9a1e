import { isUuid } from '#shared/uuid.ts';
import type { Db, Queryable, Tx } from './client.ts';

/**
 * Runs `text` ($1, $2, ...) as a server-side prepared statement: parsed once per connection, with one round trip,
 * where a statement of the query builder takes two. Calls that are not awaited one by one are pipelined. For the few
 * statements that run thousands of times a second. Arrays are passed as text (`plainArray`) or as arrays, JSON as
 * text. Times are returned as text, so select milliseconds.
 */
export async function prepared<Row extends Record<string, unknown>>(
  db: Db | Tx,
  text: string,
  params: readonly unknown[],
): Promise<Rows<Row>> {
  return await db.$client.unsafe<Row[]>(text, params as never[], { prepare: true });
}

/** `count`: the number of rows that the statement returned or changed. */
export type Rows<Row> = Row[] & { readonly count: number };

/** For values without a character to quote: integers, UUIDs, our own constants. */
export const plainArray = (values: readonly (string | number | null)[]): string =>
  `{${values.map((value) => value ?? 'null').join(',')}}`;

/** The ids among these that are UUIDs. No row has another one. */
export const uuidArray = (ids: readonly string[]): string => plainArray(ids.filter(isUuid));

/**
 * For `.prepare` of the query builder, when there are few different statement texts: the server prepares each once
 * per connection, and it takes one round trip instead of two. The name itself is not sent: the driver distinguishes
 * statements by their text.
 */
export const ONE_ROUND_TRIP = 'prepared';

/** Keeps the statement that `prepare` builds for a database: the query builder then writes its text only once. */
export function preparedOnce<Needs extends Queryable, Statement>(
  prepare: (db: Needs) => Statement,
): (db: Needs) => Statement {
  const kept = new WeakMap<Needs, Statement>();
  return (db) => {
    const statement = kept.get(db) ?? prepare(db);
    kept.set(db, statement);
    return statement;
  };
}
