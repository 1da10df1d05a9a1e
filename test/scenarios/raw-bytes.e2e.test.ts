import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { post } from '#test/fans/graphql-http.ts';
import { listen } from '#test/fans/transports.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { bombardSockets } from '#test/support/http/raw-frames.ts';
import { bombard } from '#test/support/http/raw-requests.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

let system: System;
let eventId: string;
beforeAll(async () => {
  system = await startSystem({ processes: ['api'] });
  const db = openDb({ url: system.bookingUrl, poolMax: 1, name: 'test' });
  eventId = `Event_${(await seedEvent(db, { seats: 4 })).eventId}`;
  await closeDb(db);
});
afterAll(() => system.stop());

const port = () => Number(new URL(system.apiUrl).port);

/** What no client may cause with any bytes. */
function expectQuietLog(): void {
  const linesWith = (part: string) =>
    system.lines.filter((line) => line.includes(part)).map((line) => line.slice(0, 500));
  expect(linesWith('INTERNAL')).toEqual([]);
  expect(linesWith('"level":60')).toEqual([]);
  expect(linesWith('request failed')).toEqual([]);
  expect(system.lines.filter((line) => Buffer.byteLength(line) > 4_096)).toEqual([]);
}

test('ten thousand raw requests of a seed cause no 500, no crash, no long line in the log', async () => {
  const { statuses, heard } = await bombard(port(), { count: 10_000, seed: 10 });
  expect(statuses.filter((status) => status >= 500)).toEqual([]);
  for (const status of [200, 400, 404, 405, 415]) expect(statuses, `some ${status}`).toContain(status);
  expect(heard.filter((answer) => answer.includes('INTERNAL'))).toEqual([]);
  expectQuietLog();
  expect((await post(system.apiUrl, { query: '{ __typename }' })).data).toEqual({ __typename: 'Query' });
});

test('ten thousand raw frames of a seed on open sockets cause no internal error, no crash, no long line in the log', async () => {
  const heard = await bombardSockets(port(), { count: 10_000, seed: 11, eventId });
  const all = heard.join('\n');
  for (const part of ['"type":"next"', '"type":"error"', '"type":"pong"', 'BAD_REQUEST', 'Invalid message'])
    expect(all.includes(part), part).toBe(true);
  const ended = heard.filter((answer) => answer.includes('"id":"last"')).length;
  expect(ended, 'sockets on which every frame was read').toBeGreaterThan(100);
  expect(heard.filter((answer) => answer.includes('INTERNAL')).map((answer) => answer.slice(-500))).toEqual([]);
  expectQuietLog();
  let told = '';
  const operations = [
    { query: 'subscription ($id: ID!) { eventChanged(eventId: $id) { title } }', variables: { id: eventId } },
  ];
  const listener = listen(system.apiUrl, { operations }, () => {
    told = listener.heard();
  });
  await expect.poll(() => told).toContain('"type":"next"');
  await listener.close();
});
