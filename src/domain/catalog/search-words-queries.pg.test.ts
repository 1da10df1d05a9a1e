import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Catalogue, createCatalogue } from '#test/support/search/search-world.ts';
import { refreshSearchWords } from './search-words-queries.ts';

const MATCHES = 104;
/** Several batches. */
const MANY = 700;
let catalogue: Catalogue;

beforeAll(async () => {
  catalogue = await createCatalogue();
  await catalogue.db.execute(sql`
    insert into events (id, organizer_id, venue_id, plan_id, title, category, starts_at, on_sale_at, off_sale_at, status, currency)
    select gen_random_uuid(), organizer_id, venue_id, plan_id, 'Many ' || n, 'OTHER', starts_at, on_sale_at, off_sale_at,
           'PUBLISHED', 'USD'
    from generate_series(1, ${MANY}::int) n, (select * from events where title like '% vs %' limit 1) like_this`);
});
afterAll(() => catalogue.close());

it('writes the words of all events, batch after batch, and of the changed ones later', async () => {
  expect(await refreshSearchWords(catalogue)).toBe(MATCHES + MANY);
  expect(await refreshSearchWords(catalogue)).toBe(0);
  await catalogue.db.execute(sql`
    update events set title = 'Other ' || title, updated_version = updated_version + 1 where title like 'Many %'`);
  expect(await refreshSearchWords(catalogue)).toBe(MANY);
  const [row] = await catalogue.db.execute<{ count: number }>(sql`
    select count(*)::int as count from event_search_words where words @@ 'other'::tsquery`);
  expect(row?.count).toBe(MANY);
});
