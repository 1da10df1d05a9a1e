import { afterAll, expect, test } from 'vitest';
import { salesMutants } from '#test/chaos/mutants/of-sales.ts';
import { runMutant } from '#test/chaos/mutants/run-mutants.ts';
import { createPaymentsDatabase } from '#test/support/databases/databases.ts';
import { keepBooks } from './keep-books.ts';

const database = await createPaymentsDatabase();
afterAll(() => database.drop());

test('statements follow each other to the unit, and what comes twice is entered once', async () => {
  expect(await keepBooks(database.url)).toEqual([]);
});

const planted = salesMutants.filter(({ vehicle }) => vehicle === 'books');

test.each(planted)('$name is caught: $bug', { timeout: 60_000 }, async (mutant) => {
  expect((await runMutant(mutant)).by.length).toBeGreaterThan(0);
});
