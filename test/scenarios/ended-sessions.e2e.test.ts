import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { newCredentials, type OpenedSession, openSession, signUp } from '#test/fans/accounts.ts';
import { asEvents } from '#test/fans/event-stream.ts';
import { post, send } from '#test/fans/graphql-http.ts';
import { type Listener, listen } from '#test/fans/transports.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

let system: System;
let db: Db;
let event: SeededEvent;
beforeAll(async () => {
  system = await startSystem({ processes: ['api', 'api-2'] });
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  event = await seedEvent(db, { seats: 4 });
});
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

const query = 'subscription ($id: ID!) { eventChanged(eventId: $id) { title } }';
const refresh = `mutation ($token: String!) { refreshSession(input: { refreshToken: $token }) {
  __typename ... on RefreshSessionSuccess { session { refreshToken } } } }`;
const refreshed = async (token: string): Promise<string> =>
  (await post(system.apiUrl, { query: refresh, variables: { token } })).data.refreshSession.session?.refreshToken;
const setRole = (userId: string, role: string) => db.$client`update users set role = ${role} where id = ${userId}`;

/** Whether the token still makes a viewer at this process. */
const isViewer = async (apiUrl: string, token: string) => {
  const { data } = await post(apiUrl, { query: '{ viewer { id } }' }, { authorization: `Bearer ${token}` });
  return data?.viewer != null;
};

type Stream = { begun: Promise<unknown>; hasEnded(): boolean; heard(): string };
/** A subscription over server-sent events that stays open. */
function stream(apiUrl: string, token: string): Stream {
  let ended = false;
  let heard = '';
  const operation = { query, variables: { id: `Event_${event.eventId}` } };
  const headers = { ...asEvents, authorization: `Bearer ${token}` };
  const begun = send(apiUrl, operation, { headers }).then((response) => {
    if (response.status !== 200) throw new Error(`no stream: ${response.status}`);
    void response
      .text()
      .catch(() => '')
      .then((text) => {
        heard = text;
        ended = true;
      });
  });
  return { begun, hasEnded: () => ended, heard: () => heard };
}

const openSocket = (apiUrl: string, token: string): Listener =>
  listen(apiUrl, { token, operations: [{ query, variables: { id: `Event_${event.eventId}` } }] });

const causes: Record<string, (session: OpenedSession) => Promise<unknown>> = {
  'signing out': ({ accessToken }) =>
    post(system.apiUrl, { query: 'mutation { signOut }' }, { authorization: `Bearer ${accessToken}` }),
  'a refresh token that was stolen': async ({ refreshToken }) => {
    await refreshed(await refreshed(refreshToken));
    expect(await refreshed(refreshToken)).toBeUndefined();
  },
  'a demotion': ({ userId }) => setRole(userId, 'ORGANIZER'),
  'a removed role': ({ userId }) => setRole(userId, 'FAN'),
};

test.each(Object.entries(causes))('%s ends sockets, streams and access tokens at every process', async (_name, end) => {
  const credentials = await signUp(system.apiUrl, newCredentials());
  await db.$client`update users set role = 'ADMIN' where email = ${credentials.email}`;
  const session = await openSession(system.apiUrl, credentials);
  const other = await openSession(system.apiUrl, await signUp(system.apiUrl));
  const urls = [system.apiUrl, system.secondApiUrl];
  const sockets = urls.map((url) => openSocket(url, session.accessToken));
  const bystanders = urls.map((url) => openSocket(url, other.accessToken));
  const streams = urls.map((url) => stream(url, session.accessToken));
  const otherStream = stream(system.secondApiUrl, other.accessToken);
  await Promise.all([...streams, otherStream].map(({ begun }) => begun));
  for (const socket of [...sockets, ...bystanders]) await expect.poll(() => socket.heard()).toContain('connection_ack');
  for (const url of urls) expect(await isViewer(url, session.accessToken)).toBe(true);

  await end(session);

  for (const socket of sockets) await expect.poll(() => socket.heard()).toContain('closed 4403 The session has ended');
  for (const { hasEnded, heard } of streams) {
    await expect.poll(hasEnded).toBe(true);
    expect(heard()).toMatch(/The session has ended.*"code":"UNAUTHENTICATED".*\n\nevent: complete/);
  }
  for (const url of urls) expect(await isViewer(url, session.accessToken)).toBe(false);
  expect(await refreshed(session.refreshToken)).toBeUndefined();

  for (const socket of bystanders) expect(socket.heard()).not.toContain('closed');
  expect(otherStream.hasEnded()).toBe(false);
  expect(await isViewer(system.secondApiUrl, other.accessToken)).toBe(true);
  await Promise.all(bystanders.map((socket) => socket.close()));
});

test('a higher role ends no session', async () => {
  const session = await openSession(system.apiUrl, await signUp(system.apiUrl));
  await setRole(session.userId, 'ORGANIZER');
  expect(await refreshed(session.refreshToken)).toBeDefined();
});
