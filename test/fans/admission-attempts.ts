import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { WebSocket } from 'ws';
import { SUBPROTOCOL } from '#http/websocket/messages.ts';
import { createBookingMutation } from './fan.ts';
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
    outcomeOf(await overHttp(apiUrl, attempt, subscriptionOf(attempt), 'text/event-stream')),
};

export const wayNames = Object.keys(ways) as Way[];

const PATIENCE_MS = 20_000;
/** For a version that never was, the map is sent at once. */
const subscriptionOf = ({ eventId }: Attempt) => ({
  query: seatMapChangedQuery,
  variables: { eventId, sinceVersion: 1_000_000 },
});

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes
type Json = any;

function outcomeOf(text: string): Outcome {
  const event = /^event: next\ndata: (.*)$/m.exec(text);
  const { data, errors }: Json = JSON.parse(event?.[1] ?? text);
  if (errors) return errors[0].extensions.code;
  if (data.createBooking) return data.createBooking.code ?? 'accepted';
  return data.seatMap || data.seatMapChanged ? 'accepted' : JSON.stringify(data);
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** The part of the body that shows the result of the request: for an event stream the first event. */
function overHttp(
  apiUrl: string,
  { authorization, admission }: Attempt,
  body: object,
  accept = 'application/json',
): Promise<string> {
  const headers = {
    'content-type': 'application/json',
    accept,
    ...(authorization !== undefined && { authorization }),
    ...(admission !== undefined && { 'frontrow-admission': admission }),
  };
  return new Promise((resolve, reject) => {
    const asked = request(`${apiUrl}/graphql`, { method: 'POST', headers, agent, timeout: PATIENCE_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (!/^event: next\ndata: .*\n\n/m.test(text)) return;
        resolve(text);
        response.destroy();
      });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error('Nothing was answered.')));
    asked.on('error', reject);
    asked.end(JSON.stringify(body));
  });
}

/** A socket of its own, because the admission is sent with its first message. */
function overWebSocket(apiUrl: string, attempt: Attempt): Promise<Outcome> {
  const { authorization, admission } = attempt;
  const socket = new WebSocket(`${apiUrl.replace('http', 'ws')}/graphql`, SUBPROTOCOL);
  const send = (message: object) => socket.send(JSON.stringify(message));
  return new Promise((resolve, reject) => {
    const tell = (outcome: Outcome) => {
      resolve(outcome);
      socket.close();
    };
    socket.on('open', () => send({ type: 'connection_init', payload: { authorization, admission } }));
    socket.on('message', (data) => {
      const message: Json = JSON.parse(String(data));
      if (message.type === 'connection_ack') send({ id: '1', type: 'subscribe', payload: subscriptionOf(attempt) });
      else if (message.type === 'next') tell(outcomeOf(JSON.stringify(message.payload)));
      else if (message.type === 'error') tell(message.payload[0].extensions.code);
    });
    socket.on('close', (code) => resolve(`closed ${code}`));
    socket.on('error', reject);
    const timer = setTimeout(() => reject(new Error('Nothing was answered.')), PATIENCE_MS);
    socket.on('close', () => clearTimeout(timer));
  });
}
