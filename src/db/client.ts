import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
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

/** The driver's types do not have it: scripts/patch-postgres.mjs adds it. Without it 15 s. */
export const answerWithin = (ms: number): object => ({ answer_timeout: ms / 1000 });
export const withoutAnswerTimeout = answerWithin(0);

type SessionSettings = { readonly statement_timeout?: number; readonly lock_timeout?: number };

/**
 * Sets milliseconds for each session as its first statement, because PgBouncer refuses a connection with such start
 * parameters. The driver's types do not have it: scripts/patch-postgres.mjs adds it.
 */
export const sessionSettings = (settings: SessionSettings): object => ({
  session: Object.entries(settings)
    .map(([name, ms]) => `set ${name} = ${ms}`)
    .join('; '),
});

/**
 * Seconds until the next connection after so many failures; the driver's own would be twenty seconds after a long
 * outage.
 */
const backoff = (failures: number): number => (0.5 + Math.random() / 2) * Math.min(3 ** failures / 100, 2);

export function openDb(options: DbOptions) {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const sql = postgres(options.url, {
    max: options.poolMax,
    connect_timeout: 5,
    backoff,
    onnotice: () => {},
    connection: { application_name: options.name },
    ...(options.pooling === 'transaction'
      ? { prepare: false }
      : sessionSettings({ statement_timeout: statementTimeoutMs })),
    ...answerWithin(statementTimeoutMs + GIVE_UP_LATER_MS),
  });
  assertPatched(sql);
  return drizzle(sql);
}

/**
 * Every process opens a pool at its start, so none runs on the driver as it is published (decision 0001).
 *
 * @throws Error when scripts/patch-postgres.mjs has not run: `npm ci --ignore-scripts` skips it
 */
export function assertPatched({ options }: { readonly options: object }): void {
  if ('answer_timeout' in options) return;
  throw new Error(
    'The installed postgres.js is not patched: a lost connection could end this process. Run node scripts/patch-postgres.mjs, which npm ci --ignore-scripts skips.',
  );
}

export async function closeDb(db: Db): Promise<void> {
  await db.$client.end({ timeout: 5 });
}

/**
 * A separate client for LISTEN, COPY and replication, which must not share drizzle's client (it turns dates into
 * strings).
 */
export function openRawClient(options: DbOptions, driverOptions: object = {}) {
  return postgres(options.url, {
    max: options.poolMax,
    connect_timeout: 5,
    onnotice: () => {},
    connection: { application_name: options.name },
    ...driverOptions,
  });
}
