import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FaultProxy, openFaultProxy } from '#test/support/network/fault-proxy.ts';
import { type TestSearch, testSearch } from '#test/support/search/search.ts';
import { openSearchClient, whileAvailable } from './client.ts';
import { SearchBusy } from './event-search.ts';

/** A budget for three calls in a row, twice as long as on an idle machine, because others run here too. */
const BUDGET_MS = 1_200;
const EACH_WAY_MS = 150;
let engine: TestSearch;
let way: FaultProxy;

beforeAll(async () => {
  engine = await testSearch();
  way = await openFaultProxy(engine.url);
});
afterAll(() => way.close());

it('does not count its own queue against the engine, and starts no search that cannot end in time', async () => {
  const direct = openSearchClient(engine);
  const collection = `${engine.prefix}songs`;
  const fields = [{ name: 'title', type: 'string' as const }];
  await whileAvailable(() => direct.admin.collections().create({ name: collection, fields }));
  const client = openSearchClient({ ...engine, url: way.through(engine.url), budgetMs: BUDGET_MS });
  const search = () => client.search([{ collection, q: 'song', query_by: 'title' }]);
  await search();
  way.set({ kind: 'latency', ms: EACH_WAY_MS });
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.allSettled(Array.from({ length: 40 }, search));
    const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
    expect(answers.length - failures.length).toBeGreaterThanOrEqual(2);
    expect(failures.filter((failure) => !(failure instanceof SearchBusy))).toEqual([]);
  }
  await client.close();
  await direct.close();
});
