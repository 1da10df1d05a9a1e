import { expect, test } from 'vitest';
import { toGraphqlParams, toGraphqlParamsFromQuery } from './params.ts';

const hash = 'a'.repeat(64);

test.each([
  [{ query: '{ a }' }, { query: '{ a }' }],
  [{ query: '{ a }', operationName: '', variables: null, extensions: null }, { query: '{ a }' }],
  [{ query: '', documentId: hash }, { documentId: hash }],
  [{ documentId: `sha256:${hash}` }, { documentId: `sha256:${hash}` }],
  [{ extensions: { documentId: hash } }, { documentId: hash }],
  [{ extensions: { persistedQuery: { version: 1, sha256Hash: hash } } }, { documentId: hash }],
  [
    { query: '{ a }', extensions: { persistedQuery: { version: 1, sha256Hash: hash, miss: true } } },
    { query: '{ a }', documentId: hash },
  ],
])('%j is read', (body, params) => {
  expect(toGraphqlParams(body)).toEqual({ params });
});

test.each([
  [[{ query: '{ a }' }], 'Batches are not accepted. Send each operation in its own request.'],
  [[], 'Batches are not accepted. Send each operation in its own request.'],
  [null, 'JSON object'],
  ['{ a }', 'JSON object'],
  [{ query: 1 }, '`query` must be a text.'],
  [{ query: '{ a }', variables: [1] }, '`variables` must be an object.'],
  [{ query: '{ a }', variables: 'x' }, '`variables` must be an object.'],
  [{ documentId: 'x'.repeat(201) }, '`documentId` must have at most 200 characters.'],
  [{ query: '{ a }', operationName: 'x'.repeat(201) }, '`operationName` must have at most 200 characters.'],
  [
    { extensions: { persistedQuery: { version: 2, sha256Hash: hash } } },
    '`extensions.persistedQuery.version` must be 1.',
  ],
  [{ extensions: { persistedQuery: { version: 1 } } }, '`extensions.persistedQuery.sha256Hash` must be a text.'],
  [{ extensions: [] }, '`extensions` must be an object.'],
])('%j is refused with words', (body, problem) => {
  expect(toGraphqlParams(body)).toEqual({ problem: expect.stringContaining(problem) });
});

test('a GET has the same in its query string', () => {
  const search = new URLSearchParams({
    query: 'query A($a: Int) { a }',
    operationName: 'A',
    variables: '{"a":1}',
    extensions: JSON.stringify({ persistedQuery: { version: 1, sha256Hash: hash } }),
  });
  expect(toGraphqlParamsFromQuery(search)).toEqual({
    params: { query: 'query A($a: Int) { a }', operationName: 'A', variables: { a: 1 }, documentId: hash },
  });
  expect(toGraphqlParamsFromQuery(new URLSearchParams({ query: '{ a }', variables: '{' }))).toEqual({
    problem: '`variables` must be JSON.',
  });
  expect(toGraphqlParamsFromQuery(new URLSearchParams({ query: '{ a }', variables: '' }))).toMatchObject({
    params: { query: '{ a }' },
  });
});
