import { type Db, type DbOptions, openDb } from '#db/client.ts';

/** One connection for what is asked at a scrape: it must not wait for, or hold up, what the process is for. */
export const openMetricsDb = ({ url, pooling }: Pick<DbOptions, 'url' | 'pooling'>, process: string): Db =>
  openDb({ url, pooling, poolMax: 1, name: `${process}-metrics`, statementTimeoutMs: 2_000 });
