import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { post } from '#test/fans/graphql-http.ts';
import { createPaymentsDatabase } from '#test/support/databases/databases.ts';
import { testSearch } from '#test/support/search/search.ts';
import { type Catalogue, createCatalogue } from '#test/support/search/search-world.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

/**
 * Tests run on Typesense 0.24.1, production on a later release: every request of the product to the engine here must
 * be in the specification of the newest release. docs/reference/search.md lists the differences.
 */
const root = resolve(import.meta.dirname, '../..');
const specification = JSON.parse(readFileSync(resolve(root, 'test/support/search/specification-30.json'), 'utf8')) as {
  operations: Record<string, string[]>;
  searchParameters: string[];
  collection: string[];
  field: string[];
  answer: Record<string, string[]>;
};

/** An option of the official client that it also sends to the engine, which ignores it. */
const OF_THE_CLIENT = 'throwOnFail';

type Asked = { operation: string; query: string[]; body: string };
const asked: Asked[] = [];
let catalogue: Catalogue;
let system: System;
let close: () => void;

beforeAll(async () => {
  const engine = await testSearch();
  const recorder = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', engine.url);
    const body = await buffer(request);
    asked.push({
      operation: `${request.method} ${templateOf(url.pathname)}`,
      query: [...url.searchParams.keys()].filter((name) => name !== OF_THE_CLIENT),
      body: String(body),
    });
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(
        ([name]) => !/^(host|connection|content-length|transfer-encoding)$/.test(name),
      ),
    );
    const method = request.method ?? 'GET';
    const answer = await fetch(url, {
      method,
      headers: headers as Record<string, string>,
      ...(body.length > 0 ? { body } : {}),
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((done) => recorder.listen(0, '127.0.0.1', done));
  close = () => recorder.close();
  const { port } = recorder.address() as { port: number };
  catalogue = await createCatalogue();
  const env = {
    TYPESENSE_URL: `http://127.0.0.1:${port}`,
    TYPESENSE_API_KEY: engine.apiKey,
    TYPESENSE_PREFIX: engine.prefix,
  };
  const booking = { url: catalogue.url, drop: async () => {} };
  system = await startSystem({
    processes: ['relay', 'worker', 'api'],
    env,
    databases: { booking, payments: await createPaymentsDatabase() },
  });
});
afterAll(async () => {
  await system.stop();
  await catalogue.close();
  close();
});

/** The path as the specification writes it. */
const templateOf = (path: string): string =>
  path
    .replace(/^\/aliases\/[^/]+$/, '/aliases/{aliasName}')
    .replace(/^\/collections\/[^/]+/, '/collections/{collectionName}')
    .replace(/\/documents\/(?!import|export|search)[^/]+$/, '/documents/{documentId}');

const search = async (filters: string) => {
  const query = `{ searchEvents(${filters}) { totalCount degraded pageInfo { endCursor } facets { field counts { value count } } } }`;
  const { data, errors } = await post(system.apiUrl, { query });
  if (errors) throw new Error(JSON.stringify(errors));
  return data.searchEvents;
};

test('every request to the engine is in the specification of the newest release', { timeout: 90_000 }, async () => {
  await vi.waitFor(async () => expect((await search('first: 1')).degraded).toBe(false), {
    timeout: 40_000,
    interval: 300,
  });
  const first = await search('first: 2, text: "mexico", sort: SOONEST');
  await search(`first: 2, text: "mexico", sort: SOONEST, after: ${JSON.stringify(first.pageInfo.endCursor)}`);
  const near = 'near: { latitude: 19.43, longitude: -99.13 }';
  for (const filters of [
    `${near}, radiusKm: 50`,
    `${near}, sort: NEAREST`,
    'city: "Vancouver", countryCode: "CA"',
    'sort: POPULARITY, onSaleOnly: true',
    'startsBetween: { from: "2026-01-01T00:00:00Z", to: "2030-01-01T00:00:00Z" }',
    'text: "сухой мексико"',
  ])
    await search(filters);
  await post(system.apiUrl, { query: '{ suggestEvents(text: "mex", first: 3) { title } }' });
  const { TYPESENSE_URL, TYPESENSE_API_KEY, TYPESENSE_PREFIX, DATABASE_URL } = system.env;
  for (const args of [[], ['--compare']])
    await new Promise<void>((done, failed) =>
      execFile(
        process.execPath,
        ['src/processes/frontrow.ts', 'reindex', ...args],
        {
          cwd: root,
          env: { PATH: process.env.PATH, TYPESENSE_URL, TYPESENSE_API_KEY, TYPESENSE_PREFIX, DATABASE_URL },
        },
        (error, out) => (error ? failed(new Error(out, { cause: error })) : done()),
      ),
    );

  const operations = new Map<string, Set<string>>();
  for (const { operation, query } of asked) {
    const names = operations.get(operation) ?? new Set();
    operations.set(operation, names);
    for (const name of query) names.add(name);
  }
  // Both the index and the searches were used.
  for (const operation of [
    'POST /multi_search',
    'POST /collections',
    'PUT /aliases/{aliasName}',
    'POST /collections/{collectionName}/documents/import',
  ])
    expect([...operations.keys()]).toContain(operation);
  for (const [operation, names] of operations) {
    expect(Object.keys(specification.operations), 'the operation').toContain(operation);
    expect(specification.operations[operation], operation).toEqual(expect.arrayContaining([...names]));
  }

  const bodies = (operation: string) =>
    asked.filter((one) => one.operation === operation).map(({ body }) => JSON.parse(body));
  const searches = bodies('POST /multi_search').flatMap(({ searches: all }) => all as object[]);
  const parameters = new Set(searches.flatMap((one) => Object.keys(one)));
  expect(parameters.size).toBeGreaterThan(8);
  expect(specification.searchParameters).toEqual(expect.arrayContaining([...parameters]));

  const collections = bodies('POST /collections') as { fields: object[] }[];
  expect(specification.collection).toEqual(
    expect.arrayContaining([...new Set(collections.flatMap((one) => Object.keys(one)))]),
  );
  expect(specification.field).toEqual(
    expect.arrayContaining([
      ...new Set(collections.flatMap(({ fields }) => fields.flatMap((field) => Object.keys(field)))),
    ]),
  );
});

test('every field read from an answer of the engine is in the specification of the newest release', () => {
  expect(specification.answer.result).toEqual(expect.arrayContaining(['found', 'hits', 'facet_counts']));
  expect(specification.answer.hit).toEqual(expect.arrayContaining(['document', 'highlights']));
  expect(specification.answer.highlight).toEqual(expect.arrayContaining(['field', 'snippet', 'snippets']));
  expect(specification.answer.facet).toEqual(expect.arrayContaining(['counts', 'field_name']));
});
