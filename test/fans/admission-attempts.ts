import { randomUUID } from 'node:crypto';
import { withDeadline } from '#shared/deadline.ts';
import { asEvents, firstResult, hasResult } from './event-stream.ts';
import { createBookingMutation } from './fan.ts';
import { type Json, KeptConnections, type Operation } from './graphql-http.ts';
import { openConversation } from './graphql-socket.ts';
import { seatMapChangedQuery } from './seat-map-watcher.ts';
import { seatMapQuery } from './waiting-room-fan.ts';

/** A fan who tries to get in, with the tokens and ids that the fan has. Ids are global ids. */
export type Attempt = {
  readonly eventId: string;
  /** A free seat: a fan who is let in gets it. */
  readonly seatId: string;
  readonly authorization: string | undefined;
  readonly admission: string | undefined;
};

/** `accepted`, or the code of the refusal. */
export type Outcome = string;
export type Way = 'seatMap' | 'createBooking' | 'seatMapChanged over WebSocket' | 'seatMapChanged as events';

/** Every way past a waiting room. A successful attempt leaves nothing open. */
export const ways: Readonly<Record<Way, (apiUrl: string, attempt: Attempt) => Promise<Outcome>>> = {
  seatMap: async (apiUrl, attempt) =>
    outcomeOf(await overHttp(apiUrl, attempt, { query: seatMapQuery, variables: { eventId: attempt.eventId } })),
  createBooking: async (apiUrl, attempt) => {
    const input = { eventId: attempt.eventId, seatIds: [attempt.seatId], idempotencyKey: randomUUID() };
    return outcomeOf(await overHttp(apiUrl, attempt, { query: createBookingMutation, variables: { input } }));
  },
  'seatMapChanged over WebSocket': overWebSocket,
  'seatMapChanged as events': async (apiUrl, attempt) =>
    outcomeOf(await overHttp(apiUrl, attempt, subscriptionOf(attempt), asEvents)),
};

export const wayNames = Object.keys(ways) as Way[];

const PATIENCE_MS = 20_000;
/** For a version that never was, the map is sent at once. */
const subscriptionOf = ({ eventId }: Attempt) => ({
  query: seatMapChangedQuery,
  variables: { eventId, sinceVersion: 1_000_000 },
});

function outcomeOf(text: string): Outcome {
  const { data, errors }: Json = firstResult(text) ?? JSON.parse(text);
  if (errors) return errors[0].extensions.code;
  if (data.createBooking) return data.createBooking.code ?? 'accepted';
  return data.seatMap || data.seatMapChanged ? 'accepted' : JSON.stringify(data);
}

const connections = new KeptConnections({ connections: 64, timeoutMs: PATIENCE_MS });

/** The part of the body that shows the result of the request: for an event stream the first event. */
async function overHttp(
  apiUrl: string,
  { authorization, admission }: Attempt,
  operation: Operation,
  accept: { readonly accept: string } = { accept: 'application/json' },
): Promise<string> {
  const headers = {
    ...accept,
    ...(authorization !== undefined && { authorization }),
    ...(admission !== undefined && { 'frontrow-admission': admission }),
  };
  return (await connections.send(apiUrl, operation, headers, hasResult)).text;
}

/** A socket of its own, because the admission is sent with its first message. */
async function overWebSocket(apiUrl: string, attempt: Attempt): Promise<Outcome> {
  const { authorization, admission } = attempt;
  const outcome = Promise.withResolvers<Outcome>();
  const socket = openConversation(apiUrl, {
    init: { authorization, admission },
    operations: () => [subscriptionOf(attempt)],
    onMessage: ({ type, payload }) => {
      if (type === 'next') outcome.resolve(outcomeOf(JSON.stringify(payload)));
      else if (type === 'error') outcome.resolve(payload[0].extensions.code);
    },
  });
  socket.on('error', outcome.reject).on('close', (code) => outcome.resolve(`closed ${code}`));
  const late = () => {
    throw new Error('Nothing was answered.');
  };
  return await withDeadline(outcome.promise, PATIENCE_MS, late).finally(() => socket.close());
}
