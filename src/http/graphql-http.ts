import { setTimeout as sleep } from 'node:timers/promises';
import type { FormattedExecutionResult } from 'graphql';
import { type GraphQLParams, getSSEProcessor } from 'graphql-yoga';
import { type Call, transportOf } from '#graphql/call.ts';
import { type Graphql, type GraphqlOptions, openGraphql } from '#graphql/graphql.ts';
import type { OperationPlugin } from '#graphql/plugin.ts';
import { answerText } from './answer.ts';
import type { Exchange } from './exchange.ts';
import { useGraphiqlPage } from './graphiql.ts';
import { type Answer, answerOfProblem, answerOfRefusal, answerOfResult } from './graphql-answer.ts';
import { askedIn, type Gate, readJson, readRequest, refusalOf, WRONG_METHOD } from './graphql-request.ts';
import type { HttpPlugin } from './http-plugin.ts';
import { answerPlainPost, hooksIntoHttp, isPlainPost } from './plain-post.ts';
import { type EventStreamLimits, type EventStreams, openEventStreams } from './sse.ts';

export type GraphqlHttp = {
  /** For the other transports. */
  readonly graphql: Graphql;
  handle(exchange: Exchange): Promise<void>;
  /** How many are open. */
  eventStreams(): number;
  close(): void;
};

type Options = GraphqlOptions & {
  /** GraphiQL. */
  readonly hasPage?: boolean;
  readonly eventStreams?: Partial<EventStreamLimits>;
};

/** GraphQL over HTTP and server-sent events, served by Yoga. */
export function openGraphqlHttp({ hasPage = false, eventStreams, plugins = [], ...options }: Options): GraphqlHttp {
  const streams = openEventStreams(options.resources, eventStreams);
  const ours = [useHttp(streams, () => graphql), streams.plugin];
  if (hasPage) ours.push(useGraphiqlPage());
  const graphql = openGraphql({ ...options, plugins: [...(ours as OperationPlugin[]), ...plugins] });
  const hasFastPath = !plugins.some(hooksIntoHttp);
  return {
    graphql,
    async handle(exchange) {
      if (hasFastPath && isPlainPost(exchange)) return answerPlainPost(graphql, exchange);
      if (hasFastPath && exchange.request.method === 'POST' && (await isRefused(graphql, exchange))) return;
      const context = { exchange } as { exchange: Exchange; call: Call };
      const { request, response } = exchange;
      const answer = await graphql.yoga.handleNodeRequestAndResponse(request, response, context);
      if (answer.headers.get('content-type') === 'text/event-stream' && answer.body)
        return streams.send(exchange, context.call, answer.body);
      const headers = { ...exchange.headers, ...Object.fromEntries(answer.headers) };
      answerText(response, answer.status, Buffer.from(await answer.arrayBuffer()), headers);
    },
    eventStreams: () => streams.count(),
    close: () => streams.close(),
  };
}

/** Answers a request that the process is too busy for, before Yoga makes a `Request` of it. */
async function isRefused(graphql: Graphql, exchange: Exchange): Promise<boolean> {
  const read = await readJson(exchange);
  const refused = 'json' in read ? refusalOf(exchange, askedIn(read.json), graphql) : undefined;
  if (!refused) return false;
  if (refused.afterMs > 0) await sleep(refused.afterMs);
  const { status, body, headers } = answerOfRefusal(refused, exchange);
  answerText(exchange.response, status, body, { ...exchange.headers, ...headers });
  return true;
}

/** Reads requests and writes results by the rules of this server instead of Yoga's own. */
function useHttp(streams: EventStreams, gate: () => Gate): HttpPlugin {
  const asEvents = getSSEProcessor();
  return {
    onRequestParse({ request: { method }, serverContext, setRequestParser, endResponse }) {
      const { exchange } = serverContext;
      if (!exchange) return;
      if (method !== 'GET' && method !== 'POST')
        return endResponse(toResponse(answerOfProblem(WRONG_METHOD, exchange)));
      setRequestParser(async () => {
        const read = await readRequest(exchange, gate());
        if ('status' in read) return toResponse(answerOfProblem(read, exchange));
        if ('refusal' in read) return toResponse(answerOfRefusal(read, exchange));
        serverContext.call = read.call;
        // Yoga wants a text beside an id.
        return { ...read.params, query: read.params.query ?? '' } as GraphQLParams;
      });
    },
    onResultProcess({ result, serverContext: { exchange, call }, setResultProcessor }) {
      if (!exchange) return;
      if (!call?.outcome || hasRawErrors(result)) throw new Error('A plug-in has failed.', { cause: result });
      const isTurnedAway = streams.isTurnedAway(call);
      if (transportOf(call) === 'sse' && !isTurnedAway) return setResultProcessor(asEvents, 'text/event-stream');
      setResultProcessor(() => {
        const answer = answerOfResult(result as FormattedExecutionResult, exchange, call);
        return toResponse(isTurnedAway ? { ...answer, status: 503 } : answer);
      }, 'application/json');
    },
  };
}

/** Yoga turns what a plug-in throws outside the operation into a result, past the masking. */
const hasRawErrors = (result: object): boolean =>
  'errors' in result && Array.isArray(result.errors) && result.errors.some((error) => error instanceof Error);

const toResponse = ({ status, body, headers }: Answer): Response => new Response(body, { status, headers });
