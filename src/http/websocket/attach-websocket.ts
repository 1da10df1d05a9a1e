import { once } from 'node:events';
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Refusal, refuseStream } from '#listener/refusal.ts';
import { parseRequestTarget } from '#listener/request-target.ts';
import { clientAddress } from '../client-address.ts';
import { Counter } from '../counter.ts';
import { Connection, type Server } from './connection.ts';
import { Groups } from './groups.ts';
import { closeCodes, SUBPROTOCOL } from './messages.ts';
import { Operations } from './operations.ts';
import { defaultLimits, sharedFields, type WebSocketOptions } from './options.ts';

export type AttachedWebSocket = {
  /**
   * Takes no new sockets (503, also from then on) and closes the others evenly over `overMs`, so that their clients do not all come back to the
   * next process at once. Code 1012: clients try again. Call it before what the subscriptions read from is closed.
   */
  close(overMs?: number): Promise<void>;
  stats(): SocketStats;
};

export type SocketStats = {
  readonly sockets: number;
  readonly subscriptions: number;
  readonly groups: number;
  /** Since the start: events executed for pushing, sockets opened, closed as too slow, and gone without an answer. */
  readonly executions: number;
  readonly opened: number;
  readonly stalled: number;
  readonly silent: number;
  /** Messages that sockets have not taken yet. */
  readonly outstanding: number;
};

/** Each connection once a second, a part of them at a time. */
const CHECK_EVERY_MS = 250;
const CHECK_PARTS = 4;
const peerAddress = clientAddress({ kind: 'hops', hops: 0 });
const CLOSE_STEP_MS = 50;

/** Serves GraphQL over WebSocket (graphql-transport-ws) on the path of `options`, closed by default. */
export function attachWebSocket(server: HttpServer, options: WebSocketOptions): AttachedWebSocket {
  const limits = { ...defaultLimits, ...options.limits };
  const connections = new Map<WebSocket, Connection>();
  const byAddress = new Counter();
  const byViewer = new Counter();
  const shared: Server = {
    options,
    limits,
    groups: new Groups(options.graphql, options.publicFields ?? sharedFields.publicFields),
    operations: new Operations(options.positionArguments ?? sharedFields.positionArguments),
    enter: (userId) => byViewer.add(userId, limits.socketsPerViewer),
    leave: (userId) => byViewer.remove(userId),
    ends: { stalled: 0, silent: 0 },
  };
  let opened = 0;
  const sockets = new WebSocketServer({
    noServer: true,
    // A compressor takes 200 KB a socket.
    perMessageDeflate: false,
    maxPayload: limits.messageBytes,
    clientTracking: false,
    handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
  });
  const rules = { options, connections, byAddress, limits, closing: false };

  const onUpgrade = (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    const address = (options.addressOf ?? peerAddress)(request);
    const refusal = refusalOf(rules, request, address);
    if (refusal) {
      refuseStream(stream, refusal);
      return;
    }
    // What the listeners below close over lives as long as the socket: the request, 3 KB of it, must not be among it.
    const handshake = { address, origin: request.headers.origin };
    // Counted from the stream, since an upgrade that fails half-way has no socket.
    stream.once('close', () => byAddress.remove(handshake.address));
    sockets.handleUpgrade(request, stream, head, (socket) => {
      if (socket.protocol !== SUBPROTOCOL) {
        socket.on('error', () => undefined);
        socket.close(closeCodes.subprotocolNotAcceptable, 'Subprotocol not acceptable');
        return;
      }
      opened++;
      connections.set(socket, new Connection(shared, { socket, stream }, handshake));
      socket.once('close', () => connections.delete(socket));
    });
  };

  server.on('upgrade', onUpgrade);
  const timer = setInterval(checkInParts(connections), CHECK_EVERY_MS);
  timer.unref();
  const stopListening = options.graphql.endedSessions.onEnded(() => {
    for (const connection of connections.values()) connection.closeIfEnded();
  });

  return {
    async close(overMs = 0) {
      rules.closing = true;
      await closePaced(connections, overMs);
      clearInterval(timer);
      stopListening();
      // Upgrades are refused with 503 as long as the server listens: without a listener they would be requests like any
      // other, and 405 is an answer for which no balancer asks the next process.
      sockets.close();
    },
    stats: () => ({ ...statsOf(connections), ...groupsOf(shared), ...shared.ends, opened }),
  };
}

function statsOf(connections: ReadonlyMap<WebSocket, Connection>) {
  const stats = { sockets: connections.size, subscriptions: 0, outstanding: 0 };
  for (const connection of connections.values()) {
    stats.subscriptions += connection.subscriptions;
    stats.outstanding += connection.outstanding;
  }
  return stats;
}

const groupsOf = ({ groups }: Server) => ({ groups: groups.size, executions: groups.executions });

/** Checks the next ones at each call: they were opened at all times, so their pings are spread, too. */
function checkInParts(connections: ReadonlyMap<WebSocket, Connection>): () => void {
  let following = connections.values();
  return () => {
    const now = performance.now();
    for (let left = Math.ceil(connections.size / CHECK_PARTS); left > 0; left--) {
      let next = following.next();
      if (next.done) {
        following = connections.values();
        next = following.next();
      }
      next.value?.check(now);
    }
  };
}

type UpgradeRules = {
  options: WebSocketOptions;
  connections: Map<WebSocket, Connection>;
  byAddress: Counter;
  limits: typeof defaultLimits;
  closing: boolean;
};

const RETRY_SECONDS = 5;
const refusals = {
  target: {
    status: '400 Bad Request',
    code: 'BAD_REQUEST',
    message: 'The request line names no path of this server.',
  },
  path: { status: '404 Not Found', code: 'BAD_REQUEST', message: 'This address does not exist.' },
  origin: { status: '403 Forbidden', code: 'BAD_REQUEST', message: 'Requests from this origin are not allowed.' },
  full: {
    status: '503 Service Unavailable',
    code: 'TEMPORARILY_UNAVAILABLE',
    message: 'This process takes no further sockets. Connect again.',
    retryAfterSeconds: RETRY_SECONDS,
  },
  address: {
    status: '429 Too Many Requests',
    code: 'RATE_LIMITED',
    message: 'Too many sockets are open. Try again soon.',
    retryAfterSeconds: RETRY_SECONDS,
  },
} as const satisfies Record<string, Refusal>;

/** Returns why the upgrade is refused. Counts the address when it returns undefined. */
function refusalOf(rules: UpgradeRules, request: IncomingMessage, address: string): Refusal | undefined {
  const { options, limits } = rules;
  const url = parseRequestTarget(request.url);
  if (!url) return refusals.target;
  if (url.pathname !== (options.path ?? '/graphql')) return refusals.path;
  if (rules.closing || rules.connections.size >= limits.sockets) return refusals.full;
  if (!options.allowsOrigin(request.headers.origin, request)) return refusals.origin;
  return rules.byAddress.add(address, limits.socketsPerAddress) ? undefined : refusals.address;
}

async function closePaced(connections: Map<WebSocket, Connection>, overMs: number): Promise<void> {
  const closing: Promise<unknown>[] = [];
  const steps = Math.max(1, Math.floor(overMs / CLOSE_STEP_MS));
  const perStep = Math.ceil(connections.size / steps);
  while (connections.size > 0) {
    let closed = 0;
    for (const [socket, connection] of connections) {
      if (closed++ === perStep) break;
      connections.delete(socket);
      closing.push(once(socket, 'close'));
      connection.close(closeCodes.serviceRestart, 'Service restart');
    }
    if (overMs > 0) await sleep(CLOSE_STEP_MS);
  }
  await Promise.all(closing);
}
