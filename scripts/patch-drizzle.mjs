// Shortens the `exports` of the installed drizzle-orm after `npm ci`, because Node 26 parses them again for each of
// its hundred modules, and as published they have 447 entries.
// docs/decisions/0023-the-exports-of-drizzle-are-short.md has the cost. This project imports only `drizzle-orm`,
// `drizzle-orm/pg-core` and `drizzle-orm/postgres-js`; other entries are removed.
import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../node_modules/drizzle-orm/package.json', import.meta.url);
const installed = JSON.parse(readFileSync(path, 'utf8'));
const isNeeded = (name) => name === '.' || /^\.\/(pg-core|postgres-js|sql)$/.test(name);
const kept = Object.entries(installed.exports).filter(([name]) => isNeeded(name));
if (kept.length !== 4) {
  console.error('scripts/patch-drizzle.mjs does not fit drizzle-orm: was its version changed?');
  process.exit(1);
}
if (kept.length < Object.keys(installed.exports).length) {
  writeFileSync(path, `${JSON.stringify({ ...installed, exports: Object.fromEntries(kept) }, null, 2)}\n`);
}
