import type { Db, Tx } from './client.ts';
import { prepared, type Rows } from './prepared.ts';
import { inTransaction } from './transaction.ts';

/**
 * For a transaction in which everything is a look-up by key. A query plan that was made while the tables were small
 * would scan them, and prepared statements keep it while the tables grow: 1,300 holds/s after a minute, not 8,000.
 * Materialized, all places of a waiting room would be compared with each applicant: 2.3 s a batch at 50,000 places,
 * not 3 ms. The plan for any parameters is the right one, so planning for the actual ones would be wasted.
 */
export const BY_KEY = `select set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
  set_config('enable_mergejoin', 'off', true), set_config('enable_material', 'off', true),
  set_config('plan_cache_mode', 'force_generic_plan', true)`;

/** The same with a time limit for locks, as `$1`. */
export const BY_KEY_WITH_LOCK_TIMEOUT = `${BY_KEY}, set_config('lock_timeout', $1, true)`;

/** Runs one statement that only looks up by key, in a transaction of its own, which is repeated like all others. */
export function preparedByKey<Row extends Record<string, unknown>>(
  db: Db,
  name: string,
  [text, params]: readonly [text: string, params: readonly unknown[]],
): Promise<Rows<Row>> {
  return inTransaction(db, name, async (tx: Tx) => {
    const [, rows] = await Promise.all([prepared(tx, BY_KEY, []), prepared<Row>(tx, text, params)]);
    return rows;
  });
}
