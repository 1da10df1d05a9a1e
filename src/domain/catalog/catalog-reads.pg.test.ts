import { randomUUIDv7 } from 'node:crypto';
import { inArray } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { events } from '#db/tables/catalog.ts';
import { openFaultProxy } from '#test/support/network/fault-proxy.ts';
import { type Catalogue, createCatalogue } from '#test/support/search/search-world.ts';
import { openCatalogReads, readTogether } from './catalog-reads.ts';
import { findEvents } from './event-queries.ts';

let catalogue: Catalogue;
let eventIds: string[];

beforeAll(async () => {
  catalogue = await createCatalogue();
  eventIds = await Promise.all(['One', 'Two', 'Three'].map((title) => catalogue.addEvent({ city: 'Toronto', title })));
});
afterAll(() => catalogue.close());

it('answers concurrent callers with one query, each in its order, without what is unknown', async () => {
  const queries: (readonly string[])[] = [];
  const read = readTogether((ids) => {
    queries.push(ids);
    return findEvents(catalogue, ids);
  });
  const [one = '', two = '', three = ''] = eventIds;
  const unknown = randomUUIDv7();
  const answers = await Promise.all([read([one, two]), read([unknown, one]), read([three, one])]);
  expect(answers.map((events) => events.map((event) => event?.title))).toEqual([
    ['One', 'Two'],
    [undefined, 'One'],
    ['Three', 'One'],
  ]);
  expect(queries).toEqual([[one, two, unknown, three]]);
});

it('returns a change to each caller that asks after it, also while a query runs', async () => {
  const { events } = openCatalogReads(catalogue);
  const [one = ''] = eventIds;
  for (let round = 0; round < 20; round++) {
    const earlier = Array.from({ length: 30 }, () => events(eventIds));
    await catalogue.change(one, { title: `One ${round}` });
    const [event] = await events([one]);
    expect(event?.title).toBe(`One ${round}`);
    await Promise.all(earlier);
  }
});

it('returns nothing for an id that is no UUID', async () => {
  const { events: read } = openCatalogReads(catalogue);
  expect(await read(['not an id', eventIds[0] ?? ''])).toMatchObject([undefined, { title: expect.any(String) }]);
});

it('fails only the callers whose own query fails', async () => {
  const read = readTogether((ids) =>
    catalogue.db
      .select()
      .from(events)
      .where(inArray(events.id, [...ids])),
  );
  const [good, bad] = await Promise.allSettled([read(eventIds), read(['not an id'])]);
  expect(good).toMatchObject({ status: 'fulfilled', value: [{}, {}, {}] });
  expect(bad.status).toBe('rejected');
});

it('fails all callers together when the database is away, without a query for each', async () => {
  const way = await openFaultProxy(catalogue.url);
  const db = openDb({ url: way.through(catalogue.url), poolMax: 2, name: 'test-away', statementTimeoutMs: 1_000 });
  let queries = 0;
  const read = readTogether((ids) => {
    queries += 1;
    return findEvents({ db }, ids);
  });
  await read(eventIds);
  way.set({ kind: 'black-hole' });
  const answers = await Promise.allSettled(eventIds.map((id) => read([id])));
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(queries).toBe(2);
  way.set({ kind: 'pass' });
  await expect.poll(() => read(eventIds).catch(() => [])).toHaveLength(3);
  await closeDb(db);
  await way.close();
});
