import type { SeatingPlanCache } from '#domain/catalog/seating-plan-cache.ts';
import type { ImageCache } from '#domain/catalog/uploads/image-cache.ts';
import { type HttpListener, type Incoming, openHttpListener } from '#listener/http-listener.ts';
import { describeError, type Log } from '#observability/log.ts';
import { answerJson, answerProblem, securityHeaders } from './answer.ts';
import type { AddressOf } from './client-address.ts';
import { answerEventExport, type EventExportNeeds } from './event-exports.ts';
import { type Exchange, requestIdOf } from './exchange.ts';
import type { GraphqlHttp } from './graphql-http.ts';
import { answerImage } from './images.ts';
import { answerLayout } from './layouts.ts';
import type { Origins } from './origins.ts';
import { answerPlanExport, type ExportNeeds } from './plan-exports.ts';
import { type ReadinessNeeds, readReadiness } from './readiness.ts';
import { isUploadPath, type Uploads } from './uploads.ts';
import type { WebClient } from './web-client.ts';

export type HttpServer = HttpListener & {
  /** Server-sent event streams that are open. */
  eventStreams(): number;
};

type Needs = {
  plans: SeatingPlanCache;
  graphql: GraphqlHttp;
  origins: Origins;
  log: Log;
  /** Published so that tickets can be verified offline. */
  ticketKeys: unknown;
  /** With a way to GraphiQL from the front page, unless the web client is there. */
  isDevelopment: boolean;
  webClient: WebClient | undefined;
  addressOf: AddressOf;
  images: ImageCache;
  uploads: Uploads;
} & ExportNeeds &
  EventExportNeeds &
  ReadinessNeeds;

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

export function createHttpServer(needs: Needs): HttpServer {
  const { graphql } = needs;
  const listener = openHttpListener({
    // A client that sends slowly holds a socket, so all of a request is due within ten seconds.
    requestMs: 10_000,
    headersMs: 5_000,
    takesLonger: ({ method, url = '' }) => method === 'PUT' && isUploadPath(url),
    refusalHeaders: securityHeaders,
    async answer(incoming) {
      const exchange = exchangeOf(needs, incoming);
      try {
        await route(needs, exchange);
      } catch (error) {
        answerFailure(needs, exchange, error);
      }
    },
  });
  return {
    ...listener,
    eventStreams: graphql.eventStreams,
    async close(options) {
      graphql.close();
      await listener.close(options);
    },
  };
}

function exchangeOf({ origins, addressOf }: Needs, incoming: Incoming): Exchange {
  const { request } = incoming;
  const requestId = requestIdOf(request);
  const headers = { ...securityHeaders, ...origins.corsHeaders(request), 'x-request-id': requestId };
  const { response, url } = incoming;
  return {
    request,
    response,
    url,
    requestId,
    headers,
    // A request that is refused at once needs none.
    get address() {
      return addressOf(request);
    },
  };
}

function answerFailure({ log }: Needs, { request, response, requestId, headers }: Exchange, error: unknown): void {
  // `request.destroyed` would say nothing: a request is destroyed as soon as its body was read.
  if (response.destroyed || request.socket.destroyed) return;
  log.error({ requestId, ...describeError(error) }, 'request failed');
  const problem = { code: 'INTERNAL', message: 'An internal error occurred.', requestId };
  if (!response.headersSent) answerProblem(response, 500, problem, headers);
  else response.destroy();
}

/** By the beginning of the path. */
const files: readonly (readonly [string, Route])[] = [
  ['/layouts/', answerLayout],
  ['/images/', answerImage],
  ['/exports/', answerEventExport],
  ['/seating-plans/', answerPlanExport],
  ['/uploads/', ({ uploads }, exchange) => uploads.answer(exchange)],
];

/** The addresses of the API come before those of the web client, except for the front page. */
const isOfApi = (pathname: string): boolean =>
  pathname === '/graphql' ||
  (pathname !== '/' && pathname in routes) ||
  files.some(([beginning]) => pathname.startsWith(beginning));

async function route(needs: Needs, exchange: Exchange): Promise<void> {
  const { request, response, url, requestId, headers } = exchange;
  const { pathname } = url;
  if (!isOfApi(pathname) && needs.webClient?.answer(exchange)) return;
  const known = routes[pathname] ?? files.find(([beginning]) => pathname.startsWith(beginning))?.[1];
  if (known) return known(needs, exchange);
  if (pathname !== '/graphql')
    return answerProblem(
      response,
      404,
      { code: 'BAD_REQUEST', message: 'This address does not exist.', requestId },
      headers,
    );
  if (!needs.origins.admits(request.headers.origin))
    return answerProblem(
      response,
      403,
      { code: 'BAD_REQUEST', message: 'Requests from this origin are not allowed.', requestId },
      headers,
    );
  if (request.method === 'OPTIONS') return void response.writeHead(204, headers).end();
  await needs.graphql.handle(exchange);
}

async function answerReady(needs: Needs, exchange: Exchange): Promise<void> {
  const { status, body } = await readReadiness(needs, exchange);
  answerJson(exchange.response, status, body, exchange.headers);
}
