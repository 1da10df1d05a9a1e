import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { openSocket } from '#test/fans/graphql-socket.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

let system: System;
let db: Db;
let event: SeededEvent;
beforeAll(async () => {
  system = await startSystem({ processes: ['api'] });
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  event = await seedEvent(db, { seats: 40 });
});
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

const send = (init: RequestInit & { path?: string }) => fetch(`${system.apiUrl}${init.path ?? '/graphql'}`, init);
const json = { 'content-type': 'application/json' };

/** The media types that urql accepts with each request. */
const urql =
  'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed';

describe('in development a GET carries a query', () => {
  const query = 'query Title($id: ID!) { event(id: $id) { title } }';
  const got = (params: Record<string, string>, headers: Record<string, string> = {}) =>
    send({ path: `/graphql?${new URLSearchParams(params)}`, headers });
  const variables = () => JSON.stringify({ id: `Event_${event.eventId}` });
  const answered = { data: { event: { title: 'Test match' } } };

  test('from urql by default, and from Apollo with its own header', async () => {
    const asUrql = await got({ query, operationName: 'Title', variables: variables() }, { accept: urql });
    expect(asUrql.headers.get('content-type')).toContain('application/graphql-response+json');
    expect([asUrql.status, await asUrql.json()]).toEqual([200, answered]);
    const asApollo = { accept: 'application/json', 'apollo-require-preflight': 'true' };
    expect(await (await got({ query, variables: variables(), extensions: '{}' }, asApollo)).json()).toEqual(answered);
  });

  test('and a subscription for a client that reads event streams', async () => {
    const subscription = 'subscription ($id: ID!) { eventChanged(eventId: $id) { title } }';
    const ending = new AbortController();
    const params = new URLSearchParams({ query: subscription, variables: variables() });
    const headers = { accept: 'text/event-stream' };
    const response = await send({ path: `/graphql?${params}`, headers, signal: ending.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    ending.abort();
    expect((await got({ query: subscription, variables: variables() })).status).toBe(200);
  });

  test('and a wrong request gets a message that explains it', async () => {
    const response = await got({ query, variables: '{' });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { errors: [{ message: '`variables` must be JSON.' }] },
    ]);
  });
});

describe('an automatic persisted query', () => {
  const persisted = (text: string) => ({ persistedQuery: { version: 1, sha256Hash: hash('sha256', text) } });
  const ask = async (body: object, accept = 'application/json') => {
    const response = await send({ method: 'POST', headers: { ...json, accept }, body: JSON.stringify(body) });
    return (await response.json()) as object;
  };
  const notFound = {
    errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
  };

  test('is asked for by its hash, sent once with its text, and known by its hash from then on', async () => {
    const query = 'query Persisted { __typename }';
    const extensions = persisted(query);
    expect(await ask({ extensions })).toMatchObject(notFound);
    expect(await ask({ extensions }, urql)).toMatchObject(notFound);
    expect(await ask({ query, extensions })).toEqual({ data: { __typename: 'Query' } });
    expect(await ask({ extensions })).toEqual({ data: { __typename: 'Query' } });
    expect(await ask({ documentId: `sha256:${hash('sha256', query)}` })).toEqual({ data: { __typename: 'Query' } });
    const params = new URLSearchParams({ extensions: JSON.stringify(extensions) });
    expect(await (await send({ path: `/graphql?${params}` })).json()).toEqual({ data: { __typename: 'Query' } });
  });

  test('with the hash of another text, or with a refused text, is not kept', async () => {
    const wrong = persisted('{ other }');
    expect(await ask({ query: '{ __typename }', extensions: wrong })).toMatchObject({
      errors: [{ extensions: { code: 'BAD_REQUEST' } }],
    });
    await ask({ query: '{ other }', extensions: wrong });
    expect(await ask({ extensions: wrong })).toMatchObject(notFound);
  });

  test('works the same over server-sent events and WebSocket', async () => {
    const query = 'subscription Persisted($id: ID!) { eventChanged(eventId: $id) { title } }';
    const extensions = persisted(query);
    const variables = { id: `Event_${event.eventId}` };
    const client = openSocket(system.apiUrl);
    // Its client requires a text, which may be empty.
    const overSocket = (payload: { query?: string; extensions: Record<string, unknown> }) =>
      new Promise<unknown>((resolve) => {
        const sink = { next: resolve, error: resolve, complete: () => resolve('complete') };
        client.subscribe({ query: '', variables, ...payload }, sink);
      });
    expect(await overSocket({ extensions })).toMatchObject(notFound.errors);
    const stream = { ...json, accept: 'text/event-stream' };
    const asked = { method: 'POST', headers: stream, body: JSON.stringify({ variables, extensions }) };
    const refused = await send(asked);
    expect(refused.headers.get('content-type')).toContain('text/event-stream');
    const [, type = '', data = ''] = /event: (\w+)\ndata: (.*)\n/.exec(await refused.text()) ?? [];
    expect([type, JSON.parse(data)]).toMatchObject(['next', notFound]);
    expect(await overSocket({ query, extensions })).toMatchObject({ data: { eventChanged: { title: 'Test match' } } });
    expect(await overSocket({ extensions })).toMatchObject({ data: { eventChanged: { title: 'Test match' } } });
    const ending = new AbortController();
    const response = await send({ ...asked, signal: ending.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    ending.abort();
    await client.dispose();
  });
});
