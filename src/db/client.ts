import { drizzle } from 'drizzle-orm/postgres-js';
import { answerWithin, openRawClient, sessionSettings } from '#shared/postgres.ts';
import type { Pooling } from './pooling.ts';

/** A pool of connections. Statements that must be atomic with others take a {@link Tx} instead. */
export type Db = ReturnType<typeof openDb>;

/** Only `inTransaction` makes one, so a function that asks for a `Tx` cannot be run outside a transaction. */
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0];

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

export async function closeDb(db: Db): Promise<void> {
  await db.$client.end({ timeout: 5 });
}
