import { execFile } from 'node:child_process';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testSearch } from '#test/support/search/search.ts';
import { type Catalogue, createCatalogue } from '#test/support/search/search-world.ts';

let catalogue: Catalogue;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  catalogue = await createCatalogue();
  const { url, apiKey, prefix } = await testSearch();
  const engine = { TYPESENSE_URL: url, TYPESENSE_API_KEY: apiKey, TYPESENSE_PREFIX: prefix };
  env = { ...process.env, DATABASE_URL: catalogue.url, ...engine };
});
afterAll(() => catalogue.close());

/** The command as it is run. */
const reindex = (...args: string[]) =>
  new Promise<{ code: number; out: string }>((resolve) => {
    execFile(process.execPath, ['src/processes/reindex.ts', ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, out: stdout + stderr });
    });
  });

it('builds the index and the words for PostgreSQL, and prints with --compare whether the index and PostgreSQL agree', async () => {
  const before = await reindex('--compare');
  expect(before).toMatchObject({ code: 1, out: expect.stringContaining('104 differ') });
  const built = await reindex();
  expect(built).toMatchObject({ code: 0, out: expect.stringContaining('104 events in') });
  expect((await reindex('--compare')).code).toBe(0);
  const [words] = await catalogue.db.execute(sql`select count(*)::int as count from event_search_words`);
  expect(words).toEqual({ count: 104 });
  await catalogue.addEvent({ city: 'Toronto', title: 'Untold' });
  expect(await reindex('--compare')).toMatchObject({ code: 1, out: expect.stringContaining('1 differ') });
});
