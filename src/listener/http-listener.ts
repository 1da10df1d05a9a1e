import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { parseRequestTarget } from './request-target.ts';

export type Incoming = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
};

export type ListenerOptions = {
  /** Answers one request. It reports its own failures: one that it does not catch ends the connection without a word. */
  readonly answer: (incoming: Incoming) => Promise<void> | void;
  /** How long a client may take to send a request, all of it, and the headers of it. */
  readonly requestMs: number;
  readonly headersMs: number;
  /** Default: longer than balancers keep an idle connection. */
  readonly keepAliveMs?: number;
  /** On the answer to a request line that is refused. */
  readonly refusalHeaders?: Readonly<Record<string, string>>;
};

export type HttpListener = {
  readonly server: Server;
  /** Returns the port, which is a free one for 0. */
  listen(options: { host: string; port: number }): Promise<number>;
  /** Each answer from now on ends its connection, so that clients open their next one elsewhere. */
  leave(): void;
  /** Takes no further connection, lets what runs finish (five seconds at most), and resolves when all is closed. */
  close(options?: { graceMs: number }): Promise<void>;
};

/** Balancers keep an idle connection for 60 s; one that the server ends earlier becomes a 502 of theirs. */
const KEEP_ALIVE_MS = 65_000;
/** Connections that wait to be taken. With Node's 511 a crowd that comes back at once waits for retries of TCP, up to 30 s. */
const BACKLOG = 4096;
const CLOSE_GRACE_MS = 5_000;

/**
 * What every listener of the product is made with, so that no request line ends a process: a target that is not a path
 * of ours is answered 400 and nothing else, and an answer that fails ends one connection.
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
      // Closed by us while the next request is on its way, it would be lost; told to, the client ends it between two.
      if (isLeaving) response.shouldKeepAlive = false;
      void dispatch(options, request, response);
    },
  );
  server.on('connect', (_request: IncomingMessage, stream: Duplex) => refuseStream(stream, '400 Bad Request'));
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
      // A connection that is kept alive becomes idle when its request has been answered, and then goes.
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearInterval(idle);
      clearTimeout(deadline);
    },
  };
}

async function dispatch(options: ListenerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A client that is gone while it is answered is no error, and without a listener it would end the process.
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
  response.writeHead(400, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    connection: 'close',
    ...headers,
  });
  response.end('The request line names no path of this server.\n');
}

/** Answers on a connection that has left HTTP: a CONNECT, or an upgrade that is refused. */
export function refuseStream(stream: Duplex, status: string, headers = ''): void {
  stream.on('error', () => stream.destroy());
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n${headers}\r\n`);
}
