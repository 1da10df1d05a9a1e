import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'graphql-ws';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import type { SeededEvent } from '#test/support/databases/catalog.ts';
import { type GraphqlAnswer, type Json, patiently, post } from './graphql-http.ts';
import { openSocket } from './graphql-socket.ts';

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

const signInMutation = `mutation ($email: String!) { signInAsGuest(input: { email: $email }) {
  ... on SignInAsGuestSuccess { session { accessToken viewer { id } } } ... on Refusal { code message retry { afterSeconds } } } }`;

/** A fan with a guest session. */
export async function signInAsGuest(apiUrl: string, email = 'fan@example.org'): Promise<Fan> {
  const { data, errors } = await post(apiUrl, { query: signInMutation, variables: { email } });
  const session = data?.signInAsGuest?.session;
  if (!session) throw new Error(`No guest session: ${JSON.stringify(errors ?? data)}`);
  return fanAt(apiUrl, { userId: session.viewer.id, token: session.accessToken });
}

export type Caller = {
  readonly apiUrl: string;
  /** As the proxy in front writes it. */
  readonly address: string;
};

/** A guest of the address; waits as long as the limits of signing in require. Undefined when the signal comes first. */
export async function signInPatiently({ apiUrl, address }: Caller, signal?: AbortSignal): Promise<Fan | undefined> {
  const headers = { 'x-forwarded-for': address };
  const request = { query: signInMutation, variables: { email: 'fan@example.org' } };
  while (!signal?.aborted) {
    const { data, errors } = await patiently(post(apiUrl, request, headers));
    const session = data?.signInAsGuest.session;
    if (session) return fanAt(apiUrl, { userId: session.viewer.id, token: session.accessToken }, headers);
    const afterSeconds = data?.signInAsGuest.retry.afterSeconds ?? errors?.[0]?.extensions.retryAfterSeconds;
    if (afterSeconds === undefined) throw new Error(`No guest session: ${JSON.stringify(errors ?? data)}`);
    await pause(afterSeconds, signal);
  }
  return undefined;
}

/** Ends early with the signal, without an error. */
export const pause = (seconds: number, signal?: AbortSignal): Promise<void> =>
  sleep(seconds * 1000, undefined, signal ? { signal } : {}).catch(() => undefined);

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

/** The input of `createBooking` for seats of an event, by their numbers. */
export const holdInput = (event: SeededEvent, seatNos: readonly number[], idempotencyKey: string = randomUUID()) => ({
  eventId: encodeGlobalId('Event', event.eventId),
  seatIds: event.seatIds(...seatNos).map((id) => encodeGlobalId('Seat', id)),
  idempotencyKey,
});

/** The answer of `createBooking` for seats of an event, by their numbers. */
export async function hold(fan: Fan, event: SeededEvent, seatNos: readonly number[], key?: string): Promise<Json> {
  return (await fan.ask(createBookingMutation, { input: holdInput(event, seatNos, key) })).createBooking;
}

export const cancelMutation = `mutation ($input: CancelBookingInput!) { cancelBooking(input: $input) { __typename
  ... on CancelBookingSuccess { booking { id status } } ... on Refusal { code retry { afterSeconds } } } }`;

/** The answer of `cancelBooking`; the id is a global id. */
export async function cancel(fan: Fan, bookingId: string): Promise<Json> {
  return (await fan.ask(cancelMutation, { input: { bookingId } })).cancelBooking;
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
    await sleep(50);
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
    await sleep(100);
  }
  throw new Error(`A search for ${text} does not find ${eventId}.`);
}
