import type { IncomingMessage } from 'node:http';
import { type Call, type Identity, type OperationType, openCall, type Way } from '#graphql/call.ts';
import { NO_DOCUMENT } from '#graphql/document-texts.ts';
import { type GraphqlParams, toGraphqlParams, toGraphqlParamsFromQuery } from '#graphql/params.ts';
import { MAX_BODY_BYTES, readBody } from './body.ts';
import { credentialsOfHeaders } from './credentials.ts';
import type { Exchange } from './exchange.ts';

/** What is wrong with a request before it is GraphQL. */
export type Problem = {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
};

export type Authenticate = (authorization: string | undefined) => Promise<Identity>;

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
  authenticate: Authenticate,
): Promise<Problem | { readonly params: GraphqlParams; readonly call: Call }> {
  const { request } = exchange;
  const read =
    request.method === 'POST' ? await readPost(request) : toGraphqlParamsFromQuery(exchange.url.searchParams);
  if ('status' in read) return read;
  if ('problem' in read) return { status: 400, message: read.problem };
  const { params } = read;
  if (params.query === undefined && params.documentId === undefined)
    return request.method === 'GET' ? WRONG_METHOD : { status: 400, message: NO_DOCUMENT };
  const { authorization, admission, place } = credentialsOfHeaders(request);
  const identity = await authenticate(authorization);
  const { address, requestId } = exchange;
  const traceparent = headerOf(request, 'traceparent');
  return { params, call: openCall({ ...identity, address, requestId, traceparent, admission, place }, wayOf(request)) };
}

async function readPost(request: IncomingMessage): Promise<Problem | ReturnType<typeof toGraphqlParams>> {
  const contentType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (contentType !== 'application/json') return { status: 415, message: 'The content type must be application/json.' };
  const body = await readBody(request);
  if (body !== undefined) return toGraphqlParams(parseJson(body));
  // The rest of the body is not read, so the connection cannot be used again.
  const message = `A request body may have at most ${MAX_BODY_BYTES} bytes.`;
  return { status: 413, message, headers: { connection: 'close' } };
}

/** Some clients accept both JSON and event streams with every request: then the type of the operation decides. */
function wayOf(request: IncomingMessage): Way {
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
