import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { headersTooLarge, malformed, type Refusal, refuseStream, tooSlow } from './refusal.ts';

type Connection = Duplex & {
  /** Node's parser; absent after an upgrade. */
  readonly parser?: unknown;
};

/** The loop is looked at as often; what it is late beyond that is time in which it read nothing. */
const LOOK_EVERY_MS = 100;
const LONGEST_GRACE_MS = 15_000;

/**
 * Ends connections whose request does not arrive in time, and answers those whose bytes are not HTTP. Node's timers also
 * fire for a request that arrived in time and was not read, because the process was busy. So a late connection gets the
 * time in which the process did not read, and is ended only if its request is still not there after a look at the
 * network. A request that `takesLonger` is left to the code that answers it.
 */
export function endLateRequests(
  server: Server,
  takesLonger: (request: IncomingMessage) => boolean = () => false,
): void {
  const latest = new WeakMap<Duplex, IncomingMessage>();
  const stalls = new Stalls();
  const timer = setInterval(() => stalls.look(performance.now()), LOOK_EVERY_MS).unref();
  server.once('close', () => clearInterval(timer));
  server.on('request', (request: IncomingMessage) => latest.set(request.socket, request));
  server.on('clientError', (error: NodeJS.ErrnoException, connection: Connection) => {
    if (error.code !== 'ERR_HTTP_REQUEST_TIMEOUT') return end(connection, refusalOf(error));
    const before = latest.get(connection);
    const wasComplete = before?.complete;
    if (before && !wasComplete && takesLonger(before)) return;
    const hasArrived = () => {
      const now = latest.get(connection);
      return connection.parser === null || (now?.complete && !(now === before && wasComplete));
    };
    afterReading(stalls.take(performance.now()), () => {
      if (!hasArrived()) end(connection, tooSlow);
    });
  });
}

/** `setImmediate` runs after the loop has read from the network; the second time all of what was there is read. */
function afterReading(ms: number, work: () => void): void {
  setTimeout(() => setImmediate(() => setImmediate(work)), ms);
}

/** For how long the loop read nothing, in the time for which a request may be on its way. */
class Stalls {
  #lookedAt = performance.now();
  #recent: { readonly atMs: number; readonly ms: number }[] = [];

  look(now: number): void {
    const ms = now - this.#lookedAt - LOOK_EVERY_MS;
    this.#lookedAt = now;
    if (ms > LOOK_EVERY_MS) this.#recent.push({ atMs: now, ms });
    while (this.#recent[0] && now - this.#recent[0].atMs > LONGEST_GRACE_MS) this.#recent.shift();
  }

  take(now: number): number {
    // Both timers may be due in the same turn, in any order.
    this.look(now);
    return Math.min(
      LONGEST_GRACE_MS,
      this.#recent.reduce((sum, { ms }) => sum + ms, 0),
    );
  }
}

function refusalOf({ code }: NodeJS.ErrnoException): Refusal | undefined {
  if (code === 'ECONNRESET' || code === 'EPIPE') return undefined;
  return code === 'HPE_HEADER_OVERFLOW' ? headersTooLarge : malformed;
}

/** An answer that has begun is cut off, because two answers would be read as one. */
function end(connection: Connection, refusal: Refusal | undefined): void {
  const { _httpMessage: running } = connection as { _httpMessage?: { headersSent: boolean } };
  if (refusal && connection.writable && !running?.headersSent) refuseStream(connection, refusal);
  else connection.destroy();
}
