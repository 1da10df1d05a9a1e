import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocketClient } from './lean-socket.ts';

export type Subscription = {
  readonly query: string;
  /** Called at each connection. */
  readonly variables: () => object;
};

export type LiveSocketOptions = {
  readonly port: () => number;
  readonly token?: string;
  readonly subscription: Subscription;
  /** A new connection has subscribed. */
  readonly onSubscribed?: () => void;
  readonly onData: (data: Record<string, unknown>) => void;
  /** The server refused the operation: no fault explains an error message. */
  readonly onError: (text: string) => void;
  /** The server ended the subscription. */
  readonly onComplete?: () => void;
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
      isComplete = true;
    });
    await sleep(PAUSE_MS, undefined, { signal: options.until }).catch(() => undefined);
  }
}

async function connectOnce(options: LiveSocketOptions, onComplete: () => void): Promise<void> {
  const { port, token, subscription, until } = options;
  const ended = Promise.withResolvers<void>();
  let heardAt = performance.now();
  const socket = new WebSocketClient(
    { port: port(), from: '127.0.0.1' },
    (payload) => {
      heardAt = performance.now();
      const message = JSON.parse(payload.toString());
      if (message.type === 'ping') socket.send('{"type":"pong"}');
      else if (message.type === 'connection_ack') {
        const { query, variables } = subscription;
        socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables: variables() } }));
        options.onSubscribed?.();
      } else if (message.type === 'next') takeNext(message.payload, options, ended.resolve);
      else if (message.type === 'error') {
        tellErrors(message.payload, options);
        ended.resolve();
      } else if (message.type === 'complete') {
        options.onComplete?.();
        onComplete();
        ended.resolve();
      }
    },
    () => ended.resolve(),
  );
  const watchdog = setInterval(() => {
    if (performance.now() - heardAt > SILENT_MS) ended.resolve();
  }, 1_000);
  until.addEventListener('abort', () => ended.resolve(), { once: true });
  const late = setTimeout(() => ended.resolve(), SETTLES_WITHIN_MS);
  try {
    await Promise.race([socket.open('/graphql', 'graphql-transport-ws'), ended.promise]);
    clearTimeout(late);
    const payload = token === undefined ? {} : { payload: { authorization: `Bearer ${token}` } };
    socket.send(JSON.stringify({ type: 'connection_init', ...payload }));
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
