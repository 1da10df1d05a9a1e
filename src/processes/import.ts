import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseImportConfig } from '#config/tools.ts';
import { importCatalog } from '#domain/catalog/import/import-catalog.ts';
import { openRawClient } from '#shared/postgres.ts';
import { configured } from './configured.ts';
import { sentenceOf } from './sentence.ts';

/** `npm run import [-- --dir <folder>]...`: venues, seating plans and events into the database at DATABASE_URL. */
const { values } = parseArgs({ options: { dir: { type: 'string', multiple: true } } });
const data = fileURLToPath(new URL('../../data/', import.meta.url));
const folders = values.dir?.map((dir) => resolve(dir)) ?? [`${data}worldcup-2026`, `${data}race-track-seating`];
if (values.dir === undefined && process.env.FRONTROW_PROFILE === 'production') {
  console.log('The production profile does not import the demo data. Name your own folder with --dir.');
  process.exit();
}

const config = configured(() => parseImportConfig(process.env));
const sql = openRawClient({ ...config.postgres, poolMax: 1, name: 'frontrow-import' });
try {
  const report = await importCatalog({ sql }, { folders, ...config.prices, log: (line) => console.log(line) });
  const { venues, events, seats } = report;
  console.log(
    `Imported in ${report.seconds.toFixed(1)} s: ${venues.added} venues (${venues.changed} changed), ` +
      `${seats.toLocaleString('en')} seats, ${events.added} events (${events.changed} changed), ` +
      `${report.rooms} waiting ${report.rooms === 1 ? 'room' : 'rooms'}.`,
  );
  if (report.refused.length > 0) process.exitCode = 1;
} catch (error) {
  const reason = sentenceOf(error) ?? (error instanceof Error ? error.message || String(error) : String(error));
  console.error(`The import failed and its current file was undone: ${reason}`);
  process.exitCode = 1;
} finally {
  await sql.end({ timeout: 5 });
}
