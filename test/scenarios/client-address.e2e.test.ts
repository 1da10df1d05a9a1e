import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { asEvents } from '#test/fans/event-stream.ts';
import { post, send } from '#test/fans/graphql-http.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

/** Two trusted proxies; the client made up the entries before them in the header. */
let system: System;
let db: Db;
let event: SeededEvent;
beforeAll(async () => {
  system = await startSystem({ processes: ['api'], env: { TRUST_PROXY: '127.0.0.0/8,10.0.0.0/8' } });
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  event = await seedEvent(db, { seats: 4 });
});
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

/** Addresses of one household, in many notations, each with a made-up entry before it. */
const oneOf = (household: string, at: number): string => {
  const address = `2001:db8:${household}:1:${at.toString(16)}::${at.toString(16)}`;
  const written = [address, `[${address}]:${40_000 + at}`, address.toUpperCase()][at % 3];
  return `198.51.100.${at % 256}, ${written}, 10.0.0.1:${40_000 + at}`;
};
const asked = (household: string, at: number) => ({ 'x-forwarded-for': oneOf(household, at) });

test('HTTP counts a household as one address, with any header that it sends', async () => {
  const signUp = (at: number) =>
    post(
      system.apiUrl,
      {
        query: `mutation { signUp(input: { email: "fan-${at}@example.org", password: "x", displayName: "Fan" }) {
          ... on Refusal { code } } }`,
      },
      asked('a', at),
    );
  const codes: string[] = [];
  for (let at = 0; at < 22; at++) codes.push((await signUp(at)).data.signUp.code);
  expect(codes.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 'INVALID_INPUT'));
  expect(codes.slice(20)).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
});

test('server-sent events count it in the same way', async () => {
  const query = `subscription { eventChanged(eventId: "Event_${event.eventId}") { id } }`;
  const open = (household: string, at: number) =>
    send(system.apiUrl, { query }, { headers: { ...asEvents, ...asked(household, at) } });
  const streams = await Promise.all(Array.from({ length: 100 }, (_, at) => open('b', at)));
  expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]));
  expect((await open('b', 100)).status).toBe(503);
  const other = await open('c', 0);
  expect(other.status).toBe(200);
  await Promise.all([...streams, other].map(({ body }) => body?.cancel()));
});

test('WebSocket counts it in the same way', async () => {
  const open = (household: string, at: number) => {
    const headers = asked(household, at);
    const socket = new WebSocket(`${system.apiUrl.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
    return new Promise<{ socket: WebSocket; status: number }>((resolve) => {
      socket.on('open', () => resolve({ socket, status: 101 }));
      socket.on('error', ({ message }) => resolve({ socket, status: Number(/\d{3}/.exec(message)?.[0]) }));
    });
  };
  const opened = await Promise.all(Array.from({ length: 200 }, (_, at) => open('d', at)));
  expect(new Set(opened.map(({ status }) => status))).toEqual(new Set([101]));
  expect((await open('d', 200)).status).toBe(429);
  const other = await open('e', 0);
  expect(other.status).toBe(101);
  for (const { socket } of [...opened, other]) socket.terminate();
});
