import { hash } from 'node:crypto';
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { isAbstractType } from 'graphql';
import { createClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import { schema } from '#schema/index.ts';
import type { Json } from '#test/fans/graphql-http.ts';
import type { ClientWorld } from './world.ts';

const seatMapQuery = gql`
  query SeatMap($eventId: ID!) {
    seatMap(eventId: $eventId) { id version statuses event { id title waitingRoom { id state } } }
  }
`;
const seatMapNode = gql`
  query SeatMapNode($id: ID!) { node(id: $id) { id ... on SeatMap { version statuses } } }
`;
const seatMapChanged = gql`
  subscription SeatMapChanged($eventId: ID!, $sinceVersion: Int) {
    seatMapChanged(eventId: $eventId, sinceVersion: $sinceVersion) {
      ... on SeatMapDelta { fromVersion toVersion changes { seatNo status } }
      ... on SeatMapReset { seatMap { id version statuses } }
    }
  }
`;
const bookingFields = gql`
  fragment BookingFields on Booking { id status payment { status url } }
`;
const holdSeats = gql`
  mutation Hold($input: CreateBookingInput!) {
    createBooking(input: $input) {
      ... on CreateBookingSuccess { booking { ...BookingFields } }
      ... on Refusal { code message }
    }
  }
  ${bookingFields}
`;
const bookingChanged = gql`
  subscription BookingChanged($id: ID!) { bookingChanged(bookingId: $id) { ...BookingFields } }
  ${bookingFields}
`;
const bookingQuery = gql`
  query Booking($id: ID!) { booking(id: $id) { ...BookingFields } }
  ${bookingFields}
`;
const myBookings = gql`
  query MyBookings($first: Int!, $after: String) {
    viewer { id bookings(first: $first, after: $after) {
      edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    } }
  }
`;

/** The types that are a Refusal or a Node, because a cache cannot know them from the documents alone. */
const possibleTypes = Object.fromEntries(
  Object.values(schema.getTypeMap())
    .filter((type) => isAbstractType(type))
    .map((type) => [type.name, schema.getPossibleTypes(type).map(({ name }) => name)]),
);

/** Apollo as in its documentation: HTTP for queries and mutations, graphql-ws for subscriptions. */
function openApollo({ url, webSocketUrl }: ClientWorld, token?: string, cache = new InMemoryCache({ possibleTypes })) {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const sockets = createClient({ url: webSocketUrl, connectionParams: authorization });
  const link = ApolloLink.split(
    ({ operationType }) => operationType === 'subscription',
    new GraphQLWsLink(sockets),
    new HttpLink({ uri: url, headers: authorization }),
  );
  const client = new ApolloClient({ link, cache });
  return { client, cache, stop: () => sockets.dispose() };
}

export function apolloTests(world: () => ClientWorld): void {
  test('keeps each object once, under its id, and a seat map refetched by its id updates the cached one', async () => {
    const { event, eventId, takeSeat, nextSeatNo, url } = world();
    const cache = new InMemoryCache();
    const client = new ApolloClient({ link: new HttpLink({ uri: url }), cache });
    const { data } = await client.query<Json>({ query: seatMapQuery, variables: { eventId } });
    const id = `SeatMap_${event.eventId}`;
    expect(Object.keys(cache.extract())).toEqual(
      expect.arrayContaining([`SeatMap:${id}`, `Event:${eventId}`, 'ROOT_QUERY']),
    );
    await takeSeat(nextSeatNo());
    const known = async () => {
      await client.query({ query: seatMapNode, variables: { id }, fetchPolicy: 'network-only' });
      return cache.readQuery<Json>({ query: seatMapQuery, variables: { eventId } }).seatMap;
    };
    await expect.poll(async () => (await known()).version).toBeGreaterThan(data.seatMap.version);
    expect((await known()).statuses).not.toBe(data.seatMap.statuses);
  });

  test('receives changes from its version on; a whole map replaces the cached one without code', async () => {
    const { eventId, takeSeat, nextSeatNo } = world();
    const { client, cache, stop } = openApollo(world());
    const { data } = await client.query<Json>({ query: seatMapQuery, variables: { eventId } });
    const heard: Json[] = [];
    const listen = (sinceVersion: number) =>
      client
        .subscribe<Json>({ query: seatMapChanged, variables: { eventId, sinceVersion } })
        .subscribe((result) => heard.push(result.data?.seatMapChanged));
    const deltas = listen(data.seatMap.version);
    await takeSeat(nextSeatNo());
    await expect.poll(() => heard[0]?.fromVersion).toBe(data.seatMap.version);
    deltas.unsubscribe();
    // For a version that no process knows, the whole map is sent.
    const reset = listen(1_000_000);
    await expect.poll(() => heard.at(-1)?.__typename).toBe('SeatMapReset');
    const known = cache.readQuery<Json>({ query: seatMapQuery, variables: { eventId } });
    expect(known.seatMap.version).toBe(heard.at(-1).seatMap.version);
    reset.unsubscribe();
    await stop();
  });

  test('shows a booking as it changes, because the pushed booking has the same id', async () => {
    const { eventId, seatId, fan, nextSeatNo } = world();
    const { client, stop } = openApollo(world(), (await fan()).token);
    const input = { eventId, seatIds: [seatId(nextSeatNo())], idempotencyKey: crypto.randomUUID() };
    const held = await client.mutate<Json>({ mutation: holdSeats, variables: { input } });
    const { id } = held.data.createBooking.booking;
    const states: string[] = [];
    const watching = client
      .watchQuery<Json>({ query: bookingQuery, variables: { id } })
      .subscribe(({ data }) => data?.booking && states.push(data.booking.status));
    let isComplete = false;
    client.subscribe({ query: bookingChanged, variables: { id } }).subscribe({
      complete: () => {
        isComplete = true;
      },
    });
    await expect.poll(() => states.at(-1)).toBe('PAYMENT_READY');
    const cancel = gql`mutation Cancel($id: ID!) { cancelBooking(input: { bookingId: $id }) { __typename } }`;
    await client.mutate({ mutation: cancel, variables: { id } });
    await expect.poll(() => states.at(-1)).toBe('CANCELLED');
    await expect.poll(() => isComplete).toBe(true);
    watching.unsubscribe();
    await stop();
  });

  test('pages through bookings with its own merge function for Relay lists', async () => {
    const { eventId, seatId, fan, nextSeatNo } = world();
    const { token } = await fan();
    const cache = new InMemoryCache({
      possibleTypes,
      typePolicies: {
        User: { fields: { bookings: relayStylePagination(['status']) } },
        SeatMap: { fields: { seats: relayStylePagination(['sectionId', 'status']) } },
      },
    });
    const { client, stop } = openApollo(world(), token, cache);
    for (let count = 0; count < 3; count++) {
      const input = { eventId, seatIds: [seatId(nextSeatNo())], idempotencyKey: crypto.randomUUID() };
      await client.mutate({ mutation: holdSeats, variables: { input } });
    }
    const pages = client.watchQuery<Json>({ query: myBookings, variables: { first: 2 } });
    const watching = pages.subscribe({});
    const list = () => pages.getCurrentResult().data?.viewer?.bookings;
    await expect.poll(() => list()?.edges.length).toBe(2);
    const { endCursor } = list().pageInfo;
    await pages.fetchMore({ variables: { after: endCursor } });
    await expect.poll(() => list().edges.length).toBe(3);
    expect(list().pageInfo).toMatchObject({ hasNextPage: false });
    watching.unsubscribe();
    await stop();
  });
}

/** Each request's body or query string, as the link sent it. */
type Sent = { readonly method: string; readonly hasQuery: boolean; readonly hash: string | undefined };

export function apolloPersistedQueryTests(world: () => ClientWorld): void {
  test.each([
    ['POST', {}],
    ['GET', { useGETForHashedQueries: true }],
  ] as const)('sends hashes with %s, and the text once when the server does not know it', async (method, options) => {
    const { url, eventId } = world();
    const sent: Sent[] = [];
    const noting: typeof fetch = (input, init) => {
      const { searchParams } = new URL(String(input));
      const body = init?.body ? JSON.parse(String(init.body)) : Object.fromEntries(searchParams);
      const extensions = typeof body.extensions === 'string' ? JSON.parse(body.extensions) : body.extensions;
      const { persistedQuery } = extensions ?? {};
      sent.push({ method: init?.method ?? 'GET', hasQuery: 'query' in body, hash: persistedQuery?.sha256Hash });
      return fetch(input, init);
    };
    const sha256 = (text: string) => hash('sha256', text);
    const link = new PersistedQueryLink({ sha256, ...options }).concat(new HttpLink({ uri: url, fetch: noting }));
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    const query = gql`query PersistedBy${method} ($id: ID!) { event(id: $id) { id title } }`;
    const ask = () => client.query<Json>({ query, variables: { id: eventId }, fetchPolicy: 'network-only' });
    expect((await ask()).data.event.title).toBe('Mexico v Japan');
    expect((await ask()).data.event.title).toBe('Mexico v Japan');
    expect(sent.map(({ hasQuery }) => hasQuery)).toEqual([false, true, false]);
    expect(new Set(sent.map((one) => one.hash)).size).toBe(1);
    expect(sent[0]?.method).toBe(method);
  });
}
