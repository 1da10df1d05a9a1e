import postgres from 'postgres';

export type RawClientOptions = {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  /** How many connections at most. Default 1. */
  readonly poolMax?: number;
};

export type DriverOptions = postgres.Options<Record<string, never>>;

/** An option that the driver has only in vendor/postgres. Without it 15 s. */
export const answerWithin = (ms: number): DriverOptions => ({ answer_timeout: ms / 1000 });
export const withoutAnswerTimeout = answerWithin(0);

type SessionSettings = { readonly statement_timeout?: number; readonly lock_timeout?: number };

/**
 * Sets milliseconds for each session as its first statement, because PgBouncer refuses a connection with such start
 * parameters. An option that the driver has only in vendor/postgres.
 */
export const sessionSettings = (settings: SessionSettings): DriverOptions => ({
  session: Object.entries(settings)
    .map(([name, ms]) => `set ${name} = ${ms}`)
    .join('; '),
});

/** One session that says nothing to the server but its statements, as it is possible behind any pooler. */
export const BARE_SESSION: DriverOptions = { prepare: false, fetch_types: false };

/**
 * Opens a client of the driver. Every connection to PostgreSQL begins here: a few at a time for LISTEN, COPY,
 * replication and commands, and the pool under drizzle (`openDb`), which keeps a client of its own because it turns
 * dates into strings. `driverOptions` take precedence; their `connection` adds start parameters.
 *
 * @throws Error when the driver is not the patched one
 */
export function openRawClient(
  { url, name, poolMax = 1 }: RawClientOptions,
  driverOptions: DriverOptions = {},
): postgres.Sql {
  const { connection, ...others } = driverOptions;
  const sql = postgres(url, {
    max: poolMax,
    connect_timeout: 5,
    onnotice: () => {},
    ...others,
    connection: { application_name: name, ...connection },
  });
  assertPatched(sql);
  return sql;
}

/**
 * Every client is checked, so no process runs on the driver as it is published (decision 0001).
 *
 * @throws Error when another postgres.js than that of vendor/postgres is installed
 */
export function assertPatched({ options }: { readonly options: object }): void {
  if ('answer_timeout' in options) return;
  throw new Error(
    'The installed postgres.js is not that of vendor/postgres: a lost connection could end this process. Run npm ci, which links vendor/postgres into node_modules.',
  );
}
