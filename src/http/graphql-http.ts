import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FormattedExecutionResult, OperationTypeNode } from 'graphql';
import { answerJson, answerProblem } from './answer.ts';
import { MAX_BODY_BYTES, readBody } from './body.ts';
import type { Caller } from './context.ts';
import { credentialsOfHeaders } from './credentials.ts';
import { NO_DOCUMENT } from './document-texts.ts';
import type { Gate, Wanted } from './gate.ts';
import { type GraphqlParams, toGraphqlParams, toGraphqlParamsFromQuery } from './graphql-params.ts';
import { type EventStreamLimits, type EventStreams, openEventStreams } from './sse.ts';

export type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly requestId: string;
  /** Of the client, behind a proxy if there is one. */
  readonly address: string;
  /** Sent with every response. */
  readonly headers: Record<string, string>;
};

export type GraphqlHttp = {
  handle(exchange: Exchange): Promise<void>;
  /** How many are open. */
  eventStreams(): number;
  close(): void;
};

/**
 * GraphQL over HTTP on node:http: a POST of JSON, or a GET of a query. It costs a third of what a general-purpose server
 * spends on a small request, most of which converts Node's streams to web streams and back.
 *
 * A form cannot send `application/json`, and a page of another origin needs a preflight for it. So the content type keeps
 * other sites from acting for a visitor. Cookies are not used.
 */
export function openGraphqlHttp(gate: Gate, limits: Partial<EventStreamLimits> = {}): GraphqlHttp {
  const streams = openEventStreams(gate, limits);
  return {
    async handle(exchange) {
      const { method } = exchange.request;
      if (method === 'POST') return post(gate, streams, exchange);
      if (method === 'GET') return get(gate, streams, exchange);
      refuseMethod(exchange);
    },
    eventStreams: () => streams.count(),
    close: () => streams.close(),
  };
}

async function post(gate: Gate, streams: EventStreams, exchange: Exchange): Promise<void> {
  const { request } = exchange;
  const contentType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (contentType !== 'application/json') return refuse(exchange, 415, 'The content type must be application/json.');
  const body = await readBody(request);
  // The rest of the body is not read, so the connection cannot be used again.
  if (body === undefined)
    return refuse(exchange, 413, `A request body may have at most ${MAX_BODY_BYTES} bytes.`, { connection: 'close' });
  const read = toGraphqlParams(parseJson(body));
  if ('problem' in read) return refuse(exchange, 400, read.problem);
  if (namesNothing(read.params)) return refuse(exchange, 400, NO_DOCUMENT);
  await answer(gate, streams, exchange, { params: read.params, wanted: 'query or mutation' });
}

/** In production the gate accepts trusted documents only, so a link cannot make its reader run another one. */
async function get(gate: Gate, streams: EventStreams, exchange: Exchange): Promise<void> {
  const read = toGraphqlParamsFromQuery(exchange.url.searchParams);
  if ('problem' in read) return refuse(exchange, 400, read.problem);
  const { params } = read;
  if (namesNothing(params)) return refuseMethod(exchange);
  if (typeOf(gate, params) === 'mutation')
    return refuse(exchange, 405, 'GET is for queries only. Send the mutation with POST.', { allow: 'POST, OPTIONS' });
  await answer(gate, streams, exchange, { params, wanted: 'query' });
}

const namesNothing = ({ query, documentId }: GraphqlParams): boolean => query === undefined && documentId === undefined;

const refuseMethod = (exchange: Exchange) =>
  refuse(exchange, 405, 'Use POST with a JSON body, or GET with a query.', { allow: 'GET, POST, OPTIONS' });

async function answer(
  gate: Gate,
  streams: EventStreams,
  exchange: Exchange,
  { params, wanted }: { params: GraphqlParams; wanted: Wanted },
): Promise<void> {
  const { request, response, headers } = exchange;
  const { authorization, admission, place } = credentialsOfHeaders(request);
  const caller: Caller = {
    ...(await gate.authenticate(authorization)),
    address: exchange.address,
    requestId: exchange.requestId,
    traceparent: headerOf(request, 'traceparent'),
    admission,
    place,
  };
  const accept = request.headers.accept ?? '';
  if (wantsStream(accept, () => typeOf(gate, params))) return streams.answer(response, { params, caller, headers });
  const started = await gate.start(params, caller, { transport: 'http', wanted });
  if (!('result' in started)) throw new Error('A plain request has started a subscription.');
  const { result } = started;
  const isStrict = accept.includes('application/graphql-response+json');
  const type = isStrict ? 'application/graphql-response+json' : 'application/json';
  // A request that was not executed has no data. Only clients of the newer media type expect an error status for it.
  const status = isStrict && !('data' in result) ? statusOfRefused(result) : 200;
  const retryAfter = result.errors?.[0]?.extensions?.retryAfterSeconds;
  answerJson(response, status, result, {
    ...headers,
    'content-type': `${type}; charset=utf-8`,
    ...(typeof retryAfter === 'number' && { 'retry-after': Math.ceil(retryAfter) }),
  });
}

/** Some clients accept both JSON and event streams with every request: then the document decides. */
const wantsStream = (accept: string, type: () => OperationTypeNode | undefined): boolean =>
  accept.includes('text/event-stream') && (!/json|\*\/\*/.test(accept) || type() === 'subscription');

const statusOfRefused = ({ errors }: FormattedExecutionResult): number =>
  errors?.[0]?.extensions?.code === 'UNAUTHENTICATED' ? 401 : 400;

const headerOf = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};

/** Undefined for a document that is refused. */
function typeOf(gate: Gate, params: GraphqlParams): OperationTypeNode | undefined {
  const found = gate.documents.find(params);
  return 'type' in found ? found.type : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuse(exchange: Exchange, status: number, message: string, headers: Record<string, string> = {}): void {
  const { response, requestId } = exchange;
  const problem = { code: 'BAD_REQUEST', message, requestId };
  answerProblem(response, status, problem, { ...exchange.headers, ...headers });
}

const REQUEST_ID = /^[\w-]{8,64}$/;

/** Keeps a valid id of the caller, so that both logs can be joined. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}
