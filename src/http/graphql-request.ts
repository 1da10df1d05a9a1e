import type { IncomingMessage } from 'node:http';
import type { GraphQLFormattedError } from 'graphql';
import { type Call, type OperationType, openCall, type Way } from '#graphql/call.ts';
import { NO_DOCUMENT } from '#graphql/document-texts.ts';
import type { Graphql } from '#graphql/graphql.ts';
import type { Asked } from '#graphql/overload/overload-control.ts';
import { type GraphqlParams, toGraphqlParams, toGraphqlParamsFromQuery } from '#graphql/params.ts';
import { MAX_BODY_BYTES, readBody } from './body.ts';
import { credentialsOfHeaders } from './credentials.ts';
import type { Body, Exchange, Problem } from './exchange.ts';

/** What stands between a request and its execution. */
export type Gate = Pick<Graphql, 'authenticate' | 'arrive'>;

const ALLOW = { allow: 'GET, POST, OPTIONS' };
export const WRONG_METHOD: Problem = {
  status: 405,
  message: 'Use POST with a JSON body, or GET with a query.',
  headers: ALLOW,
};

/**
 * Reads the operation and the caller of a POST of JSON or a GET of a query.
 *
 * A form cannot send `application/json`, and a page of another origin needs a preflight for it. So the content type keeps
 * other sites from acting for a visitor. Cookies are not used. In production only trusted documents are accepted, so a
 * link cannot make its reader run another one.
 */
export async function readRequest(
  exchange: Exchange,
  gate: Gate,
): Promise<Problem | Refused | { readonly params: GraphqlParams; readonly call: Call }> {
  const { request } = exchange;
  const body = request.method === 'POST' ? await readJson(exchange) : undefined;
  if (body && 'status' in body) return body;
  const refused = refusalOf(exchange, body ? askedIn(body.json) : Object.fromEntries(exchange.url.searchParams), gate);
  if (refused) return refused;
  const read = body ? toGraphqlParams(body.json) : toGraphqlParamsFromQuery(exchange.url.searchParams);
  if ('problem' in read) return { status: 400, message: read.problem };
  const { params } = read;
  if (params.query === undefined && params.documentId === undefined)
    return request.method === 'GET' ? WRONG_METHOD : { status: 400, message: NO_DOCUMENT };
  const { authorization, admission, place } = credentialsOfHeaders(request);
  const identity = await gate.authenticate(authorization);
  const { address, requestId, arrival } = exchange;
  const traceparent = headerOf(request, 'traceparent');
  const caller = { ...identity, address, requestId, traceparent, admission, place };
  return { params, call: openCall(caller, wayOf(request), arrival) };
}

/** A result without an execution: the process is too busy. */
export type Refused = { readonly refusal: GraphQLFormattedError; readonly afterMs: number };

/** Asks once for each request, before its fields are checked and its token is verified: each costs more than a refusal. */
export function refusalOf(exchange: Exchange, asked: Asked, { arrive }: Pick<Gate, 'arrive'>): Refused | undefined {
  if (exchange.arrival) return undefined;
  const { authorization } = exchange.request.headers;
  const arrived = arrive(asked, { requestId: exchange.requestId, authorization });
  if ('refusal' in arrived) return arrived;
  exchange.arrival = arrived.arrival;
  return undefined;
}

/** What a body seems to ask for, before anything else of it is looked at. */
export function askedIn(json: unknown): Asked {
  if (typeof json !== 'object' || json === null) return {};
  const { query, documentId, operationName, extensions } = json as Record<string, unknown>;
  const more = (typeof extensions === 'object' && extensions) as {
    documentId?: unknown;
    persistedQuery?: { sha256Hash?: unknown };
  };
  return {
    query: textOf(query),
    documentId: textOf(documentId ?? more?.documentId ?? more?.persistedQuery?.sha256Hash),
    operationName: textOf(operationName),
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Reads the body at the first call. */
export function readJson(exchange: Exchange): Promise<Body> {
  exchange.body ??= readPost(exchange.request);
  return exchange.body;
}

async function readPost(request: IncomingMessage): Promise<Body> {
  const contentType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (contentType !== 'application/json') return { status: 415, message: 'The content type must be application/json.' };
  const body = await readBody(request);
  if (body !== undefined) return { json: parseJson(body) };
  // The rest of the body is not read, so the connection cannot be used again.
  const message = `A request body may have at most ${MAX_BODY_BYTES} bytes.`;
  return { status: 413, message, headers: { connection: 'close' } };
}

/** Some clients accept both JSON and event streams with every request: then the type of the operation decides. */
export function wayOf(request: IncomingMessage): Way {
  const changes: OperationType[] = request.method === 'POST' ? ['mutation'] : [];
  const accept = request.headers.accept ?? '';
  if (!accept.includes('text/event-stream')) return { transport: 'http', types: ['query', ...changes] };
  const types: OperationType[] = ['query', 'subscription', ...changes];
  return /json|\*\/\*/.test(accept) ? { transport: 'http', subscriptions: 'sse', types } : { transport: 'sse', types };
}

const headerOf = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
