import { openSocket } from '@frontrow/seatmap/socket';
import { cacheExchange, type KeyingConfig } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { Client, fetchExchange, makeOperation, mapExchange, type Operation, subscriptionExchange } from 'urql';
import { passesOf } from './admissions.ts';
import { subscribeAgain } from './live.ts';
import { goodToken, renewRefused, watchSession } from './session.ts';
import { clock, patiently } from './transport.ts';

/** The headers of each request: who the fan is, and the passes of a waiting room. */
export async function requestHeaders(): Promise<Record<string, string>> {
  const token = await goodToken(() => clock.now());
  const { admission, place } = passesOf();
  return {
    ...(token && { authorization: `Bearer ${token}` }),
    ...(admission && { 'frontrow-admission': admission }),
    ...(place && { 'frontrow-place': place }),
  };
}

/** One socket for all subscriptions of the page, that of the seat map too. It is made again when it is lost. */
export const socket = openSocket({
  url: new URL('/graphql', location.href).href.replace(/^http/, 'ws'),
  connectionParams: async () => {
    const { 'frontrow-admission': admission, 'frontrow-place': place, ...rest } = await requestHeaders();
    return { ...rest, ...(admission && { admission }), ...(place && { place }) };
  },
});

/** Opens the socket again, because it learns a token or an admission only when it opens. */
export const renewSocket = (): void => socket.terminate();

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

/** Types without an id belong to the object around them. */
const keys = new Proxy<KeyingConfig>(
  {},
  { get: () => (data: { id?: unknown }) => (typeof data.id === 'string' ? data.id : null) },
);

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
      cacheExchange({
        keys,
        resolvers: { User: { bookings: relayPagination() }, Organization: { events: relayPagination() } },
      }),
      subscriptionExchange({
        forwardSubscription: ({ query = '', variables }) => ({
          subscribe: (sink) => ({
            unsubscribe: subscribeAgain(socket, { query, variables: variables ?? {} }, sink as never),
          }),
        }),
      }),
      fetchExchange,
    ],
  });
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
  renewSocket();
  for (const listener of listeners) listener();
});
