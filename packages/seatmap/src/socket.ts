import { type Client, type ClientOptions, createClient } from 'graphql-ws';

/** A dead network does not close a socket, so a page asks for a sign of life. */
const ASK_EVERY_MS = 10_000;
const ANSWER_WITHIN_MS = 5_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 4_000;

/**
 * Opens a socket of graphql-ws that is made again for as long as the page lives: within seconds after the network is
 * back, and also when the network was lost without a sign.
 */
export function openSocket(options: Pick<ClientOptions, 'connectionParams' | 'url'>): Client {
  let late: ReturnType<typeof setTimeout> | undefined;
  const forget = () => clearTimeout(late);
  const client = createClient({
    ...options,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: untilRetry,
    keepAlive: ASK_EVERY_MS,
    on: {
      ping(received) {
        if (received) return;
        forget();
        late = setTimeout(() => client.terminate(), ANSWER_WITHIN_MS);
      },
      pong: (received) => received && forget(),
      closed: forget,
    },
  });
  return client;
}

/** Waits longer after each attempt, but not long, and ends when the browser says that the network is back. */
function untilRetry(attempts: number): Promise<void> {
  const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempts);
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      globalThis.removeEventListener?.('online', done);
      resolve();
    };
    // At random, because all pages lose a server at the same moment.
    const timer = setTimeout(done, most * (0.5 + Math.random() / 2));
    globalThis.addEventListener?.('online', done);
  });
}
