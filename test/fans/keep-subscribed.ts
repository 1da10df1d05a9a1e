import { setTimeout as sleep } from 'node:timers/promises';
import { SUBPROTOCOL } from '#http/websocket/messages.ts';
import type { Operation } from './graphql-http.ts';
import { converse } from './graphql-socket.ts';
import { WebSocketClient } from './lean-socket.ts';

export type LiveSocketOptions = {
  readonly port: () => number;
  readonly token?: string;
  /** Called at each connection. */
  readonly operation: () => Operation;
  /** A new connection has subscribed. */
  readonly onSubscribed?: () => void;
  readonly onData: (data: Record<string, unknown>) => void;
  /** The server refused the operation: no fault explains an error message. */
  readonly onError: (text: string) => void;
  /** A subscription that the server has completed begins again. Default: it is over. */
  readonly afterEnd?: 'again';
  readonly until: AbortSignal;
};

const PAUSE_MS = 200;
const SETTLES_WITHIN_MS = 5_000;
/** The server pings each socket every 15 s; a socket that hears nothing for longer has lost its server. */
const SILENT_MS = 20_000;

/** One subscription over graphql-transport-ws that reconnects again and again. Resolves when the signal is raised. */
export async function keepSubscribed(options: LiveSocketOptions): Promise<void> {
  let isComplete = false;
  while (!options.until.aborted && !isComplete) {
    await connectOnce(options, () => {
      isComplete = options.afterEnd !== 'again';
    });
    await sleep(PAUSE_MS, undefined, { signal: options.until }).catch(() => undefined);
  }
}

async function connectOnce(options: LiveSocketOptions, onComplete: () => void): Promise<void> {
  const { port, token, operation, until } = options;
  const ended = Promise.withResolvers<void>();
  let heardAt = performance.now();
  const { open, hear } = converse((text) => socket.send(text), {
    init: token === undefined ? undefined : { authorization: `Bearer ${token}` },
    operations: () => [operation()],
    onSubscribed: options.onSubscribed,
    onMessage: ({ type, payload }) => {
      if (type === 'next') takeNext(payload, options, ended.resolve);
      else if (type === 'error') {
        tellErrors(payload, options);
        ended.resolve();
      } else if (type === 'complete') {
        onComplete();
        ended.resolve();
      }
    },
  });
  const hearNow = (payload: Buffer) => {
    heardAt = performance.now();
    hear(payload.toString());
  };
  const socket = new WebSocketClient({ port: port(), from: '127.0.0.1' }, hearNow, () => ended.resolve());
  const watchdog = setInterval(() => {
    if (performance.now() - heardAt > SILENT_MS) ended.resolve();
  }, 1_000);
  until.addEventListener('abort', () => ended.resolve(), { once: true });
  const late = setTimeout(() => ended.resolve(), SETTLES_WITHIN_MS);
  try {
    await Promise.race([socket.open('/graphql', SUBPROTOCOL), ended.promise]);
    clearTimeout(late);
    open();
    await ended.promise;
  } catch {
    // No process listens, or it no longer does: the next connection may succeed.
  } finally {
    clearTimeout(late);
    clearInterval(watchdog);
    socket.close();
  }
}

type Failure = { readonly extensions?: { readonly code?: string } };

function takeNext(
  payload: { data?: Record<string, unknown> | null; errors?: readonly Failure[] },
  options: LiveSocketOptions,
  end: () => void,
): void {
  if (payload.data && payload.errors === undefined) {
    options.onData(payload.data);
    return;
  }
  tellErrors(payload.errors ?? [], options);
  end();
}

/** That a store is away is expected: the client begins again. */
function tellErrors(errors: readonly Failure[], { onError }: LiveSocketOptions): void {
  const codes = errors.map(({ extensions }) => extensions?.code ?? 'without a code');
  if (codes.length === 0 || !codes.every((code) => code === 'TEMPORARILY_UNAVAILABLE')) onError(codes.join());
}
