import { parseArgs } from 'node:util';
import { parseReindexConfig } from '#config/tools.ts';
import { closeDb, openDb } from '#db/client.ts';
import { compareIndex } from '#domain/catalog/compare-index.ts';
import { openEventIndexer } from '#domain/catalog/event-indexer.ts';
import { reindexEvents } from '#domain/catalog/reindex-events.ts';
import { refreshSearchWords } from '#domain/catalog/search-words-queries.ts';
import { configured } from './configured.ts';

/**
 * `npm run reindex`: builds a new search index from PostgreSQL beside the one in use, then swaps them, and updates the
 * columns by which PostgreSQL itself searches. With `--compare` it changes nothing. Prints at the end whether the index
 * and PostgreSQL agree; exits with 1 when they do not.
 */
const { values } = parseArgs({ options: { compare: { type: 'boolean', default: false } } });
const config = configured(() => parseReindexConfig(process.env));
const db = openDb({ ...config.postgres, name: 'frontrow-reindex', statementTimeoutMs: 120_000 });
const indexer = openEventIndexer({ db, engine: config.search });
const needs = { db, index: indexer.index };
try {
  if (!values.compare) {
    const startedMs = performance.now();
    const built = await reindexEvents(needs);
    await refreshSearchWords(needs);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(
      built
        ? `${built.collection}: ${built.events} events in ${seconds} s`
        : 'Another process is rebuilding the index.',
    );
  }
  const { postgres, index, different } = await compareIndex(needs);
  console.log(`PostgreSQL: ${postgres.count} events, ${postgres.hash}`);
  console.log(`the index:  ${index.count} events, ${index.hash}`);
  if (different.length > 0) {
    console.log(`${different.length} differ, such as ${different.slice(0, 5).join(', ')}`);
    process.exitCode = 1;
  }
} finally {
  await indexer.close();
  await closeDb(db);
}
