import { PgDialect } from 'drizzle-orm/pg-core';
import { drizzle, PostgresJsSession, PostgresJsTransaction } from 'drizzle-orm/postgres-js';
import type { Sql, TransactionSql } from 'postgres';
import { answerWithin, openRawClient, sessionSettings } from '#shared/postgres.ts';
import type { Pooling } from './pooling.ts';

/** A pool of connections. Statements that must be atomic with others take a {@link Tx} instead. */
export type Db = ReturnType<typeof openDb>;

/**
 * Only `inTransaction` and `begin` make one, so a function that asks for a `Tx` cannot be run outside a transaction.
 * `$client` is the driver's side of the same transaction, as it is of the pool in a `Db`.
 */
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0] & { readonly $client: TransactionSql };

/** For reads that are correct both inside a transaction and outside. */
export type Queryable = Pick<Tx, 'select' | 'selectDistinct' | 'execute' | '$with' | 'with'>;

export type DbOptions = {
  url: string;
  poolMax: number;
  /** Shown in pg_stat_activity. */
  name: string;
  /** The server cancels a statement that runs longer. A server that is silent for a second more is given up. */
  statementTimeoutMs?: number;
  /** `transaction`: nothing is set for the session, and nothing is prepared in it. Default `session`. */
  pooling?: Pooling | undefined;
};

const STATEMENT_TIMEOUT_MS = 10_000;
const GIVE_UP_LATER_MS = 1_000;

/**
 * Seconds until the next connection after so many failures; the driver's own would be twenty seconds after a long
 * outage.
 */
const backoff = (failures: number): number => (0.5 + Math.random() / 2) * Math.min(3 ** failures / 100, 2);

export function openDb(options: DbOptions) {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const sql = openRawClient(options, {
    backoff,
    ...(options.pooling === 'transaction'
      ? { prepare: false }
      : sessionSettings({ statement_timeout: statementTimeoutMs })),
    ...answerWithin(statementTimeoutMs + GIVE_UP_LATER_MS),
  });
  return drizzle(sql);
}

const dialect = new PgDialect();
type NoSchema = Record<string, never>;
type DriverTx = Sql & TransactionSql;

/** Runs `work` in one transaction, without the limits and the repetition of `inTransaction`. */
export async function begin<T>(db: Db, work: (tx: Tx) => Promise<T>, mode?: 'read only'): Promise<T> {
  const run = (client: TransactionSql): Promise<T> => {
    // drizzle's own types ask for the whole pool, of which it uses what a transaction has.
    const session = new PostgresJsSession<DriverTx, NoSchema, NoSchema>(client as DriverTx, dialect, undefined, {});
    return work(Object.assign(new PostgresJsTransaction(dialect, session, undefined), { $client: client }));
  };
  return (await (mode ? db.$client.begin(mode, run) : db.$client.begin(run))) as T;
}

export async function closeDb(db: Db): Promise<void> {
  await db.$client.end({ timeout: 5 });
}
