import { createPaymentsDatabase } from '#test/support/databases/databases.ts';
import { keepBooks } from './keep-books.ts';

// Keeps books in a new database of the broker in TEST_SERVERS_URL, and prints the verdict as the simulation does.
const startedAt = performance.now();
const database = await createPaymentsDatabase();
const found = await keepBooks(database.url).finally(() => database.drop());
const took = Math.round((performance.now() - startedAt) / 1_000);
console.log(`1 books in ${took} s: ${Math.min(1, found.length)} broke a promise.`);
if (found.length > 0) {
  console.log(`Broken by seed 1:\n  ${found[0]}`);
  console.log(`broken: ${[...new Set(found.map((line) => line.split(' ', 1)[0]))].join(' ')}`);
}
