import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SeatingPlanCache } from '#domain/catalog/seating-plan-cache.ts';
import type { ReadinessReport } from '#observability/dependencies.ts';
import { describeError, type Log } from '#observability/log.ts';
import { answerJson, answerProblem, securityHeaders } from './answer.ts';
import type { Gate } from './gate.ts';
import { answerGraphiql, wantsPage } from './graphiql.ts';
import { type Exchange, type GraphqlHttp, openGraphqlHttp, requestIdOf } from './graphql-http.ts';
import { answerLayout } from './layouts.ts';
import type { Origins } from './origins.ts';

export type HttpServer = {
  readonly server: Server;
  /** Listens; answers the port, which is a free one for 0. */
  listen(options: { host: string; port: number }): Promise<number>;
  /** Each answer from now on ends its connection, so that clients open their next one elsewhere. Requests are still served. */
  leave(): void;
  /** Takes no more requests, lets those that run finish (five seconds at most), and ends event streams. */
  close(): Promise<void>;
  /** Server-sent event streams that are open. */
  eventStreams(): number;
};

type Needs = {
  plans: SeatingPlanCache;
  gate: Gate;
  origins: Origins;
  log: Log;
  /** Published so that tickets can be verified offline. */
  ticketKeys: unknown;
  /** GraphiQL, and a way to it from the front page. */
  isDevelopment: boolean;
  addressOf: (request: IncomingMessage) => string;
  readiness: () => Promise<ReadinessReport>;
};

type Route = (needs: Needs, exchange: Exchange) => Promise<void> | void;

const routes: Record<string, Route> = {
  '/health': (_needs, { response, headers }) => answerJson(response, 200, { status: 'ok' }, headers),
  '/ready': answerReady,
  '/.well-known/frontrow-tickets.json': ({ ticketKeys }, { response, headers }) =>
    answerJson(response, 200, ticketKeys, {
      ...headers,
      'cache-control': 'public, max-age=3600',
      'access-control-allow-origin': '*',
    }),
  '/': ({ isDevelopment }, { response, headers }) => {
    if (isDevelopment) response.writeHead(302, { ...headers, location: '/graphql' }).end();
    else answerJson(response, 200, { name: 'Frontrow', graphql: '/graphql' }, headers);
  },
};

/** Connections that wait to be taken. With Node's 511 a crowd that comes back at once waits for retries of TCP, up to 30 s. */
const BACKLOG = 4096;

export function createHttpServer(needs: Needs): HttpServer {
  const graphql = openGraphqlHttp(needs.gate);
  let isLeaving = false;
  const server = createServer(
    // A client that sends slowly holds a socket, so all of a request is due within ten seconds.
    { headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 65_000, connectionsCheckingInterval: 1_000 },
    (request, response) => {
      // Closed by us while the next request is on its way, it would be lost; told to, the client ends it between two.
      if (isLeaving) response.shouldKeepAlive = false;
      void handle(needs, graphql, request, response);
    },
  );
  return {
    server,
    eventStreams: graphql.eventStreams,
    async listen({ host, port }) {
      server.listen(port, host, BACKLOG);
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    },
    leave() {
      isLeaving = true;
    },
    async close() {
      isLeaving = true;
      graphql.close();
      const closed = once(server, 'close');
      server.close();
      // A connection that is kept alive becomes idle when its request has been answered, and then goes.
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      const deadline = setTimeout(() => server.closeAllConnections(), 5_000);
      await closed;
      clearInterval(idle);
      clearTimeout(deadline);
    },
  };
}

async function handle(
  needs: Needs,
  graphql: GraphqlHttp,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = requestIdOf(request);
  const headers = { ...securityHeaders, ...needs.origins.corsHeaders(request), 'x-request-id': requestId };
  try {
    const url = new URL(request.url ?? '/', 'http://frontrow');
    const address = needs.addressOf(request);
    await route(needs, graphql, { request, response, url, requestId, address, headers });
  } catch (error) {
    // `request.destroyed` would say nothing: a request is destroyed as soon as its body was read.
    if (response.destroyed || request.socket.destroyed) return;
    needs.log.error({ requestId, ...describeError(error) }, 'request failed');
    const problem = { code: 'INTERNAL', message: 'Something went wrong on our side.', requestId };
    if (!response.headersSent) answerProblem(response, 500, problem, headers);
    else response.destroy();
  }
}

async function route(needs: Needs, graphql: GraphqlHttp, exchange: Exchange): Promise<void> {
  const { request, response, url, requestId, headers } = exchange;
  const { pathname } = url;
  if (pathname.startsWith('/layouts/')) return answerLayout(needs, exchange);
  const known = routes[pathname];
  if (known) return known(needs, exchange);
  if (pathname !== '/graphql')
    return answerProblem(response, 404, { code: 'BAD_REQUEST', message: 'There is nothing here.', requestId }, headers);
  if (!needs.origins.allows(request.headers.origin))
    return answerProblem(
      response,
      403,
      { code: 'BAD_REQUEST', message: 'This origin may not call.', requestId },
      headers,
    );
  if (request.method === 'OPTIONS') return void response.writeHead(204, headers).end();
  if (needs.isDevelopment && wantsPage(exchange)) return answerGraphiql(exchange);
  await graphql.handle(exchange);
}

async function answerReady(needs: Needs, { response, url, headers }: Exchange): Promise<void> {
  const { isReady, details } = await needs.readiness();
  const verbose = url.searchParams.has('verbose') ? details : {};
  answerJson(response, isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', ...verbose }, headers);
}

/** The last hop is the one that our own proxy wrote; whatever is before it, the client may have made up. */
export function clientAddress({ trustProxy }: { trustProxy: boolean }) {
  return (request: IncomingMessage): string => {
    const forwarded = trustProxy ? request.headers['x-forwarded-for'] : undefined;
    const last = typeof forwarded === 'string' ? forwarded.split(',').at(-1)?.trim() : undefined;
    return last || (request.socket.remoteAddress ?? '');
  };
}
