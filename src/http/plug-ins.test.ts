import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { useResponseCache } from '@envelop/response-cache';
import { buildSchema, type ExecutionResult, type GraphQLSchema, parse } from 'graphql';
import pino from 'pino';
import { afterEach, expect, test } from 'vitest';
import type { OperationPlugin } from '#graphql/plugin.ts';
import { transports } from '#test/fans/transports.ts';
import { Ticker } from '#test/support/http/websocket-world.ts';
import { until } from '#test/support/system/until.ts';
import { requestIdOf } from './exchange.ts';
import { type GraphqlHttp, openGraphqlHttp } from './graphql-http.ts';
import { noSubjectLimits } from './subject-limits.ts';
import { type AttachedWebSocket, attachWebSocket } from './websocket/attach-websocket.ts';

const ticker = new Ticker();
let reads = 0;
let server: Server;
let graphql: GraphqlHttp;
let sockets: AttachedWebSocket;
let url: string;
let lines: Record<string, unknown>[];
/** Ends the session of every caller. */
let endSessions: () => void;

function schemaOf(): GraphQLSchema {
  const schema = buildSchema(`
    type Query { hello: String other: String item: Item }
    type Item { id: ID! name: String }
    type Tick { no: Int! text: String! }
    type Subscription { ticked: Tick! }`);
  const { hello, other, item } = schema.getQueryType()?.getFields() ?? {};
  if (hello) hello.resolve = () => 'world';
  if (other) other.resolve = () => 'else';
  if (item) item.resolve = () => ({ id: '1', name: `read ${++reads} times` });
  const { ticked } = schema.getSubscriptionType()?.getFields() ?? {};
  if (ticked) Object.assign(ticked, { subscribe: () => ticker.watch(), resolve: (tick: unknown) => tick });
  return schema;
}

function openSessions() {
  let haveEnded = false;
  const listeners: (() => void)[] = [];
  endSessions = () => {
    haveEnded = true;
    for (const listener of listeners) listener();
  };
  return {
    has: () => haveEnded,
    onEnded(listener: () => void) {
      listeners.push(listener);
      return () => undefined;
    },
  };
}

async function serve(...plugins: OperationPlugin[]): Promise<void> {
  lines = [];
  graphql = openGraphqlHttp({
    schema: schemaOf(),
    resources: { endedSessions: openSessions() } as never,
    limits: { spend: () => Promise.resolve(), subjects: noSubjectLimits },
    log: pino({ level: 'info', base: null }, { write: (line) => void lines.push(JSON.parse(line)) }),
    onlyTrusted: false,
    plugins,
  });
  server = createServer((request, response) => {
    const address = request.socket.remoteAddress ?? '';
    const exchange = { request, response, url: new URL('http://test/graphql'), address, headers: {} };
    graphql.handle({ ...exchange, requestId: requestIdOf(request) }).catch(() => response.writeHead(500).end('{}'));
  });
  sockets = attachWebSocket(server, {
    graphql: graphql.graphql,
    allowsOrigin: () => true,
    publicFields: new Set(['ticked']),
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(async () => {
  graphql.close();
  await sockets.close();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

const overAll = (query: string) =>
  Promise.all(Object.values(transports).map(async (over) => (await over(url, { query, variables: {} })).meaning));

type Pushed = { result: ExecutionResult; setResult(result: ExecutionResult): void };

const ticks = async () => {
  const query = 'subscription { ticked { text } }';
  const heard = Promise.all(
    (['server-sent events', 'WebSocket'] as const).map((name) => transports[name](url, { query, variables: {} })),
  );
  await until(() => ticker.readers === 2);
  ticker.push('tick');
  return (await heard).map(({ meaning }) => meaning);
};

test('a plug-in that replaces the results of a subscription does so for every client', async () => {
  const shout = (result: ExecutionResult) => JSON.parse(JSON.stringify(result).replaceAll('tick"', 'TICK"'));
  await serve({
    onSubscribe: () => ({
      onSubscribeResult: () => ({ onNext: ({ result, setResult }: Pushed) => setResult(shout(result)) }),
    }),
  });
  for (const meaning of await ticks()) expect(meaning).toContain('"text":"TICK"');
});

test('an error at the end of a subscription that the server ends does not end the process', async () => {
  const onEnd = () => {
    throw new Error('secret');
  };
  await serve({ onSubscribe: () => ({ onSubscribeResult: () => ({ onEnd }) }) });
  const query = 'subscription { ticked { text } }';
  const heard = transports['server-sent events'](url, { query, variables: {} });
  await until(() => ticker.readers === 1);
  expect(endSessions).not.toThrow();
  expect((await heard).meaning).toContain('The session has ended');
  await until(() => ticker.readers === 0);
});

test('a plug-in that changes documents has the changed one executed, on every transport and at every use', async () => {
  await serve({
    onParse:
      () =>
      ({ result, replaceParseResult }) => {
        if (JSON.stringify(result).includes('"hello"')) replaceParseResult(parse('{ other }'));
      },
  });
  for (let use = 1; use <= 4; use++)
    for (const meaning of await overAll('{ hello }')) expect(meaning).toContain('{"other":"else"}');
  expect((await ticks()).join()).toContain('"text":"tick"');
});

test('a plug-in sees the refusals that the clients get, and may add to a result', async () => {
  const seen: unknown[] = [];
  await serve({
    onExecutionResult({ result, setResult, context: { call } }) {
      if (!result || Symbol.asyncIterator in result) return;
      seen.push([call.way.transport, call.outcome?.codes]);
      setResult({ ...result, extensions: { seen: true } });
    },
  });
  await overAll('{ hello }');
  await overAll('{ nothing }');
  for (const [meaning] of [await overAll('{ hello }')]) expect(meaning).toContain('"extensions":{"seen":true}');
  for (const transport of ['http', 'sse', 'websocket']) {
    expect(seen).toContainEqual([transport, []]);
    expect(seen).toContainEqual([transport, ['BAD_REQUEST']]);
  }
});

test('a plug-in that hooks into the HTTP server sees a plain POST as well', async () => {
  const seen: unknown[] = [];
  await serve({ onParams: ({ params }) => void seen.push(params.query) });
  const [overHttp] = await overAll('{ hello }');
  expect(overHttp).toBe('200 {"data":{"hello":"world"}}');
  expect(seen).toEqual(['{ hello }', '{ hello }']);
});

test('an error of a plug-in is masked, and the server goes on', async () => {
  let isBroken = true;
  await serve({
    onExecute() {
      if (isBroken) throw new Error('secret');
    },
  });
  for (const meaning of await overAll('{ hello }')) {
    expect(meaning).toContain('"code":"INTERNAL"');
    expect(meaning).not.toContain('secret');
  }
  isBroken = false;
  for (const meaning of await overAll('{ hello }')) expect(meaning).toContain('"hello":"world"');
});

test.each(['onExecutionResult', 'onParams', 'onResultProcess'] as const)(
  'no word of an error in %s reaches a client',
  async (hook) => {
    await serve({
      [hook]() {
        throw new Error('secret');
      },
    });
    const answers = await overAll('{ hello }');
    expect(answers.join()).not.toContain('secret');
    expect(answers.slice(0, 2)).toEqual(['500 {}', '500 {}']);
  },
);

test("the ecosystem's response cache answers on every transport, once for all of them", async () => {
  await serve(useResponseCache({ session: () => null, ttl: 60_000 }) as OperationPlugin);
  reads = 0;
  for (let use = 1; use <= 4; use++)
    for (const over of Object.values(transports)) {
      const { meaning } = await over(url, { query: '{ item { name } }', variables: {} });
      expect(meaning).toContain('{"data":{"item":{"name":"read 1 times"}}}');
    }
});
