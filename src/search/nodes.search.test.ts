import { afterAll, expect, test } from 'vitest';
import { startSearchCluster } from '#test/support/search/search-cluster.ts';
import { openSearchClient, whileAvailable } from './client.ts';
import { SearchUnavailable } from './event-search.ts';

const cluster = await startSearchCluster();
const url = cluster.urls.join(',');
// The budget is as long as a busy machine needs, because this file tests only which node is asked.
const open = (of: string) => openSearchClient({ url: of, apiKey: cluster.apiKey, budgetMs: 5_000 });
const client = open(url);
/** Each begins with a random node: some of them with the one that dies. */
const clients = Array.from({ length: 20 }, () => open(url));
afterAll(async () => {
  await Promise.all([client, ...clients].map((one) => one.close()));
  await cluster.close();
});

const index = (id: string) =>
  whileAvailable(() =>
    client.admin
      .collections('songs')
      .documents()
      .upsert({ id, title: `song ${id}` }),
  );
const found = async (by = client) =>
  (await by.search([{ collection: 'songs', q: 'song', query_by: 'title' }]))[0]?.found;

test('when the asked node dies, searches continue at the next one, and writes when the others have a leader', async () => {
  await whileAvailable(() =>
    client.admin.collections().create({ name: 'songs', fields: [{ name: 'title', type: 'string' }] }),
  );
  await index('1');
  // On each node, because any of them may be asked next.
  for (const node of cluster.urls) {
    const one = open(node);
    await expect.poll(() => found(one).catch(() => undefined)).toBe(1);
    await one.close();
  }
  const dead = await cluster.leader();
  await cluster.kill(dead);
  for (const one of clients) expect([await found(one), await found(one)]).toEqual([1, 1]);
  const written = async () =>
    await index('2').then(
      () => true,
      (error) => {
        if (!(error instanceof SearchUnavailable)) throw error;
        return false;
      },
    );
  await expect.poll(written, { timeout: 60_000, interval: 200 }).toBe(true);
  await expect.poll(() => found()).toBe(2);
});
