import { randomUUID } from 'node:crypto';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
type Json = any;

export type GraphqlAnswer = { status: number; data: Json; errors?: Json[] };

/** One GraphQL request over HTTP, as a client sends it. */
export async function post(
  apiUrl: string,
  body: { query: string; variables?: object },
  headers: Record<string, string> = {},
): Promise<GraphqlAnswer> {
  const response = await fetch(`${apiUrl}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, ...((await response.json()) as { data: Json; errors?: Json[] }) };
}

export type Fan = {
  userId: string;
  token: string;
  /** Throws on any top-level error. */
  ask(query: string, variables?: object): Promise<Json>;
  answer(query: string, variables?: object): Promise<GraphqlAnswer>;
  socket(): Client;
  /** The same fan, with another api process. */
  at(apiUrl: string): Fan;
};

/** A fan with a guest session. */
export async function signInAsGuest(apiUrl: string, email = 'fan@example.org'): Promise<Fan> {
  const { data, errors } = await post(apiUrl, {
    query: `mutation ($email: String!) { signInAsGuest(input: { email: $email }) {
      ... on SignInAsGuestSuccess { session { accessToken viewer { id } } } ... on Refusal { code message } } }`,
    variables: { email },
  });
  const session = data?.signInAsGuest?.session;
  if (!session) throw new Error(`No guest session: ${JSON.stringify(errors ?? data)}`);
  return fanAt(apiUrl, { userId: session.viewer.id, token: session.accessToken });
}

/** This many fans, each a viewer of its own. */
export async function signInCrowd(apiUrl: string, count: number): Promise<Fan[]> {
  const crowd: Fan[] = [];
  while (crowd.length < count) {
    const next = Array.from({ length: Math.min(50, count - crowd.length) }, () => signInAsGuest(apiUrl));
    crowd.push(...(await Promise.all(next)));
  }
  return crowd;
}

/** A fan with an existing session; `extra` headers go with each request. */
export function fanAt(
  apiUrl: string,
  session: { userId: string; token: string },
  extra: Record<string, string> = {},
): Fan {
  const headers = { authorization: `Bearer ${session.token}`, ...extra };
  const answer = (query: string, variables: object = {}) => post(apiUrl, { query, variables }, headers);
  return {
    userId: session.userId,
    token: session.token,
    answer,
    async ask(query, variables) {
      const result = await answer(query, variables);
      if (result.errors) throw new Error(JSON.stringify(result.errors));
      return result.data;
    },
    socket: () => openSocket(apiUrl, headers),
    at: (other) => fanAt(other, session, extra),
  };
}

export function openSocket(apiUrl: string, connectionParams: Record<string, unknown> = {}): Client {
  return createClient({
    url: `${apiUrl.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams,
    retryAttempts: 0,
  });
}

export const createBookingMutation = `mutation ($input: CreateBookingInput!) { createBooking(input: $input) {
  __typename
  ... on CreateBookingSuccess { replayed booking { id status total { amountMinor currency } holdExpiresAt seats { seat { id seatNo } } payment { status url } } }
  ... on Refusal { code message retry { advice afterSeconds } }
  ... on SeatsUnavailable { seats { seatNo } alternatives { seats { seatNo } } version }
} }`;

/** `seatIds` and `eventId` are global ids. */
export async function createBooking(
  fan: Fan,
  eventId: string,
  seatIds: readonly string[],
  idempotencyKey: string = randomUUID(),
): Promise<Json> {
  return (await fan.ask(createBookingMutation, { input: { eventId, seatIds, idempotencyKey } })).createBooking;
}

export const bookingQuery = `query ($id: ID!) { booking(id: $id) {
  id status holdExtendedAt confirmedAt payment { status url refunded { amountMinor } } tickets { id code seat { seatNo } } } }`;

/** Pays or declines at the sandbox's page, as a program does. */
export async function decideAt(paymentUrl: string, outcome: 'pay' | 'decline'): Promise<Response> {
  return fetch(paymentUrl, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams({ outcome }),
  });
}

/** Requests the booking until it fits the condition. */
export async function bookingWhen(
  fan: Fan,
  id: string,
  wanted: (booking: Json) => boolean,
  withinMs = 20_000,
): Promise<Json> {
  const deadline = Date.now() + withinMs;
  let booking: Json;
  while (Date.now() < deadline) {
    booking = (await fan.ask(bookingQuery, { id })).booking;
    if (booking && wanted(booking)) return booking;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`The booking did not get there: ${JSON.stringify(booking)}`);
}

/** Resolves when a search for these words finds the event, which takes a moment. */
export async function untilFound(apiUrl: string, text: string, eventId: string): Promise<void> {
  const query = 'query ($text: String) { searchEvents(text: $text) { nodes { id } } }';
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const { data } = await post(apiUrl, { query, variables: { text } });
    if (data?.searchEvents.nodes.some(({ id }: { id: string }) => id === eventId)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`A search for ${text} does not find ${eventId}.`);
}
