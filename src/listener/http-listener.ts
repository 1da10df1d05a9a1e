import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { endLateRequests } from './late-requests.ts';
import { bodyOfRefusal, type Refusal, refuseStream } from './refusal.ts';
import { parseRequestTarget } from './request-target.ts';

export type Incoming = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
};

export type ListenerOptions = {
  /**
   * Answers one request. It must report its own failures: an error that it does not catch ends the connection without
   * a response.
   */
  readonly answer: (incoming: Incoming) => Promise<void> | void;
  /** How long a client may take to send a request: all of it, and its headers. */
  readonly requestMs: number;
  readonly headersMs: number;
  /**
   * Requests whose body may take longer than `requestMs`, once their headers have arrived. `answer` must limit the time
   * itself.
   */
  readonly takesLonger?: (request: IncomingMessage) => boolean;
  /** Default: longer than load balancers keep an idle connection. */
  readonly keepAliveMs?: number;
  /** Headers of the response to a refused request line. */
  readonly refusalHeaders?: Readonly<Record<string, string>>;
};

export type HttpListener = {
  readonly server: Server;
  /** Returns the port; for 0 a free one is chosen. */
  listen(options: { host: string; port: number }): Promise<number>;
  /** Each response from now on ends its connection, so that clients open their next one elsewhere. */
  leave(): void;
  /**
   * Takes no further connection, lets running requests finish (five seconds at most), and resolves when all are
   * closed.
   */
  close(options?: { graceMs: number }): Promise<void>;
};

/** Load balancers keep an idle connection for 60 s; when the server ends it earlier, they return a 502. */
const KEEP_ALIVE_MS = 65_000;
/**
 * Connections that wait to be accepted. With Node's 511, a crowd that comes back at once waits up to 30 s for TCP
 * retries.
 */
const BACKLOG = 4096;
const CLOSE_GRACE_MS = 5_000;
const notOurs: Refusal = {
  status: '400 Bad Request',
  code: 'BAD_REQUEST',
  message: 'The request line names no path of this server.',
};

/**
 * Every listener of the product uses it, so that no request line ends a process: a target that is not one of our
 * paths is answered with 400 and nothing else, and a failing response ends one connection.
 */
export function openHttpListener(options: ListenerOptions): HttpListener {
  let isLeaving = false;
  const server = createServer(
    {
      headersTimeout: options.headersMs,
      requestTimeout: options.requestMs,
      keepAliveTimeout: options.keepAliveMs ?? KEEP_ALIVE_MS,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => {
      // If we closed the connection while the next request is on its way, that request would be lost. The client
      // closes it in between.
      if (isLeaving) response.shouldKeepAlive = false;
      void dispatch(options, request, response);
    },
  );
  endLateRequests(server, options.takesLonger);
  server.on('connect', (_request: IncomingMessage, stream: Duplex) => refuseStream(stream, notOurs));
  return {
    server,
    async listen({ host, port }) {
      server.listen(port, host, BACKLOG);
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    },
    leave() {
      isLeaving = true;
    },
    async close({ graceMs } = { graceMs: CLOSE_GRACE_MS }) {
      isLeaving = true;
      const closed = once(server, 'close');
      server.close();
      // A keep-alive connection becomes idle when its request has been answered, and is closed then.
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearInterval(idle);
      clearTimeout(deadline);
    },
  };
}

async function dispatch(options: ListenerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A client that disconnects during the response is not an error; without a listener it would end the process.
  response.on('error', () => undefined);
  const url = parseRequestTarget(request.url);
  if (!url) return refuseTarget(response, options.refusalHeaders);
  try {
    await options.answer({ request, response, url });
  } catch {
    response.destroy();
  }
}

function refuseTarget(response: ServerResponse, headers: ListenerOptions['refusalHeaders']): void {
  const body = bodyOfRefusal(notOurs);
  response.writeHead(400, {
    'content-length': Buffer.byteLength(body),
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    connection: 'close',
    ...headers,
  });
  response.end(body);
}
