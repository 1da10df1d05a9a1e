import { hash } from 'node:crypto';
import { buildSchema, GraphQLError, type GraphQLSchema } from 'graphql';
import pino from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { RateLimited } from '#domain/errors.ts';
import { type Caller, openCall, type Way } from './call.ts';
import { type Graphql, openGraphql } from './graphql.ts';
import type { GraphqlParams } from './params.ts';

const HTTP: Way = { transport: 'http', types: ['query', 'mutation'] };
const EVENTS: Way = { transport: 'sse', types: ['query', 'mutation', 'subscription'] };
const caller: Caller = {
  viewer: undefined,
  address: '192.0.2.1',
  requestId: 'request-1',
  admission: undefined,
  place: undefined,
};

/** Of the field `slow`; each waits until it is called. */
let waiting: (() => void)[];
let lines: Record<string, unknown>[];
/** The points of each charge. */
let charged: number[];
let isEmpty: boolean;
let graphql: Graphql;

function schemaOf(): GraphQLSchema {
  const schema = buildSchema(`
    type Query { hello: String slow: String list(first: Int): [Item!]! }
    type Item { name: String a: String b: String c: String }
    type Mutation { change: String }
    type Subscription { changed: String }`);
  const { hello, slow, list } = schema.getQueryType()?.getFields() ?? {};
  if (hello) hello.resolve = () => 'world';
  if (slow) slow.resolve = () => new Promise((resolve) => waiting.push(() => resolve('done')));
  if (list) list.resolve = () => [];
  return schema;
}

function open(options: { maxInFlight?: number; onlyTrusted?: boolean; trusted?: Record<string, string> } = {}): void {
  [waiting, lines, charged, isEmpty] = [[], [], [], false];
  graphql = openGraphql({
    onlyTrusted: false,
    ...options,
    schema: schemaOf(),
    resources: {} as never,
    limits: {
      async spend(_what, _keys, points = 1) {
        charged.push(points);
        if (isEmpty) throw new RateLimited(7);
      },
      subjects: { spend: () => Promise.resolve(), succeeded: () => Promise.resolve() },
    },
    log: pino({ level: 'info', base: null }, { write: (line) => void lines.push(JSON.parse(line)) }),
  });
}

afterEach(() => vi.useRealTimers());

async function ask(params: GraphqlParams | string, by: Partial<Caller> = {}, way: Way = HTTP) {
  const call = openCall({ ...caller, ...by }, way);
  const result = await graphql.operate(typeof params === 'string' ? { query: params } : params, call);
  return { call, result: JSON.parse(JSON.stringify(result)) };
}
const codeOf = ({ result }: { result: { errors?: { extensions: { code: string } }[] } }) =>
  result.errors?.[0]?.extensions.code;

test.each<[string, GraphqlParams | string, number[], Partial<Caller>?]>([
  ['a query', '{ hello }', [1]],
  ['a query by its cost', '{ list(first: 50) { name a b c } more: list(first: 450) { name a b c } }', [5]],
  ['a mutation has a budget of its own', 'mutation { change }', []],
  ['a syntax error', '{', [1]],
  ['a field that does not exist', '{ nothing }', [1]],
  ['an id that is not known', { documentId: 'abc' }, [1]],
  ['a subscription over plain HTTP', 'subscription { changed }', [1]],
  [
    'a broken token',
    '{ hello }',
    [1],
    { refusal: new GraphQLError('No.', { extensions: { code: 'UNAUTHENTICATED' } }) },
  ],
])('%s is charged', async (_what, params, points, by) => {
  open();
  await ask(params, by);
  expect(charged).toEqual(points);
});

test('an empty budget refuses valid and refused documents, with the time to try again', async () => {
  open();
  isEmpty = true;
  for (const query of ['{ hello }', '{ nothing }', '{']) {
    const { result } = await ask(query);
    expect(result.errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 7 } }]);
  }
  expect(lines.map(({ outcome }) => outcome)).toEqual(Array(3).fill('RATE_LIMITED'));
});

test('each request is one use of its document', async () => {
  open();
  for (let uses = 1; uses <= 3; uses++) expect((await ask('{ hello }')).call.operation?.uses).toBe(uses);
  expect((await ask('query { hello }')).call.operation?.uses).toBe(1);
});

test('a text that was known without its id is known by its id from its first use with it', async () => {
  open();
  const query = '{ hello }';
  const documentId = hash('sha256', query);
  await ask(query);
  expect(codeOf(await ask({ documentId }))).toBe('PERSISTED_QUERY_NOT_FOUND');
  await ask({ query, documentId });
  expect((await ask({ documentId })).result).toEqual({ data: { hello: 'world' } });
});

test('the root field of a subscription is not conditional', async () => {
  open();
  const conditional = [
    'subscription { changed @skip(if: true) }',
    'subscription ($b: Boolean!) { changed @include(if: $b) }',
    'subscription { ... @include(if: false) { changed } }',
    'subscription { ...Changed @skip(if: true) } fragment Changed on Subscription { changed }',
    'subscription { ...Changed } fragment Changed on Subscription { changed @skip(if: true) }',
    'subscription { ...One } fragment One on Subscription { ...Two } fragment Two on Subscription { changed @skip(if: true) }',
    'subscription { ...One } fragment One on Subscription { ... { changed @skip(if: true) } }',
  ];
  for (const query of conditional) {
    const { result } = await ask({ query, variables: { b: false } }, {}, EVENTS);
    expect(result.errors, query).toMatchObject([{ message: expect.stringContaining('neither @skip nor @include') }]);
  }
});

test('above the bound of running operations one is refused at no cost, and what ends makes room', async () => {
  open({ maxInFlight: 2 });
  const running = [ask('{ slow }'), ask('{ slow }')];
  await vi.waitUntil(() => waiting.length === 2, { timeout: 25_000 });
  expect(codeOf(await ask('{ hello }'))).toBe('TEMPORARILY_UNAVAILABLE');
  expect(charged).toEqual([1, 1]);
  for (const finish of waiting) finish();
  await Promise.all(running);
  // Refused operations make room as well.
  for (const query of ['{', '{ nothing }', 'subscription { changed }', '{ hello }']) await ask(query);
  expect((await ask('{ hello }')).result).toEqual({ data: { hello: 'world' } });
});

test('an operation ends after 5.5 s', async () => {
  open();
  vi.useFakeTimers();
  const asked = ask('{ slow }');
  await vi.advanceTimersByTimeAsync(5_400);
  expect(lines).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(codeOf(await asked)).toBe('TEMPORARILY_UNAVAILABLE');
});

test('a name is logged up to 200 characters, and no text of a refused document', async () => {
  open();
  await ask(`query ${'N'.repeat(300)} { hello }`);
  await ask('query Secret { secretField }');
  await ask({ query: '{ hello }', operationName: 'SecretName' });
  expect(lines).toMatchObject([
    { operation: 'N'.repeat(200), type: 'query', field: 'hello', outcome: 'ok', requestId: 'request-1' },
    { operation: 'anonymous', outcome: 'BAD_REQUEST', requestId: 'request-1' },
    { operation: 'anonymous', outcome: 'BAD_REQUEST', requestId: 'request-1' },
  ]);
  expect(JSON.stringify(lines.slice(1))).not.toMatch(/secret/i);
});

test('where only trusted documents are accepted, introspection is refused even in one of them', async () => {
  const [query, introspection] = ['{ hello }', '{ __schema { types { name } } }'];
  open({
    onlyTrusted: true,
    trusted: Object.fromEntries([query, introspection].map((text) => [hash('sha256', text), text])),
  });
  expect((await ask(query)).result).toEqual({ data: { hello: 'world' } });
  expect((await ask({ documentId: hash('sha256', query) })).result).toEqual({ data: { hello: 'world' } });
  expect(codeOf(await ask({ documentId: hash('sha256', introspection) }))).toBe('BAD_REQUEST');
  expect(codeOf(await ask('query { hello }'))).toBe('BAD_REQUEST');
});
