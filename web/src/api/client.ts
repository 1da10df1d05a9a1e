import { Client, fetchExchange, makeOperation, mapExchange, type Operation, subscriptionExchange } from 'urql';
import { requestHeaders } from './headers.ts';
import { cacheLater } from './later-cache.ts';
import { subscribeAgain } from './live.ts';
import { renewRefused, watchSession } from './session.ts';
import { openSocketAgain } from './socket-renewal.ts';
import { clock, patiently } from './transport.ts';

async function send(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const headers = { ...(init?.headers as Record<string, string>), ...(await requestHeaders()) };
  return patiently(init?.body, () => clock.measure(() => fetch(input, { ...init, headers })));
}

/** The device's clock may hide that the token has expired. A query is sent again with a new one. */
async function sendWithNewToken(operation: Operation): Promise<void> {
  if (!(await renewRefused(() => clock.now())) || operation.kind !== 'query') return;
  client.reexecuteOperation(
    makeOperation(operation.kind, operation, { ...operation.context, requestPolicy: 'network-only' }),
  );
}

function createClient(): Client {
  return new Client({
    url: '/graphql',
    preferGetMethod: false,
    fetch: send,
    exchanges: [
      mapExchange({
        onError(error, operation) {
          const isRefused = error.graphQLErrors.some(({ extensions }) => extensions.code === 'UNAUTHENTICATED');
          if (isRefused) void sendWithNewToken(operation);
        },
      }),
      cacheLater,
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({ unsubscribe: subscribeLater({ query, variables: variables ?? {} }, sink) }),
        }),
      }),
      fetchExchange,
    ],
  });
}

type Sink = { next: (value: never) => void; error: (error: unknown) => void; complete: () => void };

/** The socket is read with the first subscription, because the first page has none. */
function subscribeLater(request: { query: string; variables: object }, sink: Sink): () => void {
  let isEnded = false;
  let end = (): void => {
    isEnded = true;
  };
  import('./socket.ts').then(({ socket }) => {
    if (!isEnded) end = subscribeAgain(socket, { ...request, variables: { ...request.variables } }, sink as never);
  }, sink.error);
  return () => end();
}

let client = createClient();
const listeners = new Set<() => void>();

/** The client of the fan who is signed in now. Another fan gets a new one, so that no cache is shared. */
export const currentClient = (): Client => client;

export const watchClient = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

watchSession(() => {
  client = createClient();
  openSocketAgain();
  for (const listener of listeners) listener();
});
