import { type Db, type DbOptions, openDb } from '#db/client.ts';

/** One connection for the queries of a scrape, so that they neither wait for the work of the process nor delay it. */
export const openMetricsDb = ({ url, pooling }: Pick<DbOptions, 'url' | 'pooling'>, process: string): Db =>
  openDb({ url, pooling, poolMax: 1, name: `${process}-metrics`, statementTimeoutMs: 2_000 });
