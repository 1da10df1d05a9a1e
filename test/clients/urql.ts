import { Client, cacheExchange, fetchExchange, gql, subscriptionExchange } from '@urql/core';
import { createClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import type { Json } from '#test/fans/graphql-http.ts';
import type { ClientWorld } from './world.ts';

const eventQuery = gql`
  query Event($id: ID!) { event(id: $id) { id title priceTiers { id price { amountMinor currency } } } }
`;
const holdSeats = gql`
  mutation Hold($input: CreateBookingInput!) {
    createBooking(input: $input) {
      ... on CreateBookingSuccess { booking { id status } }
      ... on Refusal { code message retry { advice } }
    }
  }
`;
const bookingChanged = gql`
  subscription BookingChanged($id: ID!) { bookingChanged(bookingId: $id) { id status payment { url } } }
`;

/** Records the method of each request. */
function noting() {
  const methods: string[] = [];
  const fetchNoting: typeof fetch = (input, init) => {
    methods.push(init?.method ?? 'GET');
    return fetch(input, init);
  };
  return { methods, fetch: fetchNoting };
}

const hold = async (client: Client, { eventId, seatId, nextSeatNo }: ClientWorld): Promise<string> => {
  const input = { eventId, seatIds: [seatId(nextSeatNo())], idempotencyKey: crypto.randomUUID() };
  const { data, error } = await client.mutation<Json>(holdSeats, { input }).toPromise();
  if (!data?.createBooking.booking) throw new Error(`Not held: ${error ?? JSON.stringify(data)}`);
  return data.createBooking.booking.id;
};

export function urqlTests(world: () => ClientWorld): void {
  test('GETs queries and POSTs mutations, by default', async () => {
    const { url, eventId, fan } = world();
    const { token } = await fan();
    const { methods, fetch } = noting();
    const fetchOptions = { headers: { authorization: `Bearer ${token}` } };
    const client = new Client({ url, fetch, fetchOptions, exchanges: [cacheExchange, fetchExchange] });
    const { data, error } = await client.query<Json>(eventQuery, { id: eventId }).toPromise();
    expect(error).toBeUndefined();
    expect(data.event).toMatchObject({ id: eventId, title: 'Mexico v Japan' });
    await hold(client, world());
    expect(methods).toEqual(['GET', 'POST']);
  });

  test('distinguishes a person who is not signed in from a network failure', async () => {
    const { url } = world();
    const client = new Client({ url, exchanges: [fetchExchange] });
    const { error } = await client.mutation(holdSeats, { input: { eventId: '', seatIds: [], idempotencyKey: '1' } });
    expect(error?.networkError).toBeUndefined();
    expect(error?.graphQLErrors[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('follows a booking over graphql-ws', async () => {
    const { url, webSocketUrl, fan } = world();
    const authorization = `Bearer ${(await fan()).token}`;
    const sockets = createClient({ url: webSocketUrl, connectionParams: { authorization } });
    const overSockets = subscriptionExchange({
      forwardSubscription: ({ query = '', variables }) => ({
        subscribe: (sink) => ({ unsubscribe: sockets.subscribe({ query, variables: variables ?? {} }, sink as never) }),
      }),
    });
    const fetchOptions = { headers: { authorization } };
    const client = new Client({ url, fetchOptions, exchanges: [cacheExchange, fetchExchange, overSockets] });
    await followBooking(client, await hold(client, world()));
    await sockets.dispose();
  });

  test('follows a booking over server-sent events, by its own fetch', async () => {
    const { url, fan } = world();
    const fetchOptions = { headers: { authorization: `Bearer ${(await fan()).token}` } };
    const client = new Client({
      url,
      fetchOptions,
      fetchSubscriptions: true,
      exchanges: [cacheExchange, fetchExchange],
    });
    await followBooking(client, await hold(client, world()));
  });
}

async function followBooking(client: Client, id: string): Promise<void> {
  const heard: Json[] = [];
  const problems: unknown[] = [];
  const listening = client.subscription<Json>(bookingChanged, { id }).subscribe(({ data, error }) => {
    if (error) problems.push(error);
    if (data) heard.push(data.bookingChanged);
  });
  await expect.poll(() => heard.at(-1)?.payment.url).toMatch(/^http/);
  expect(heard.at(-1)).toMatchObject({ id, status: 'PAYMENT_READY' });
  listening.unsubscribe();
  expect(problems).toEqual([]);
}
