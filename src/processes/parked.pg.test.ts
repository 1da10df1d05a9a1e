import { execFile } from 'node:child_process';
import { randomUUIDv7 } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { Message, NewMessage } from '#events/log/log.ts';
import { listParked } from '#events/log/parked-administration.ts';
import { openPostgresLog } from '#events/log/postgres-log.ts';
import { createBookingDatabase } from '#test/support/databases/databases.ts';

const database = await createBookingDatabase();
const sql = postgres(database.url, { max: 2 });
const log = openPostgresLog({ url: database.url, name: 'parked-test' });
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await sql`truncate event_log.parked, event_log.parked_keys, event_log.parked_history`;
});
afterAll(async () => {
  await Promise.all([log.close(), sql.end()]);
  await database.drop();
});

/** The command as it is run. */
const parked = (args: readonly string[], env: object = { DATABASE_URL: database.url }) =>
  new Promise<{ code: number; out: string }>((resolve) => {
    execFile(
      process.execPath,
      ['src/processes/parked.ts', ...args],
      { env: { ...process.env, USER: 'operator', ...env } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, out: stdout + stderr }),
    );
  });

const someMessages = (key: string, count: number): NewMessage[] =>
  Array.from({ length: count }, (_, number) => ({
    id: randomUUIDv7(),
    topic: 'payment' as const,
    key,
    event: { type: 'PaymentFailed', aggregateId: `booking-${number}`, userId: 'someone@example.org', number },
    createdAt: new Date(),
  }));

function startGroup(group: string, handle: (message: Message) => void): () => Promise<void> {
  const ending = new AbortController();
  const running = log.consume({
    group,
    topics: ['payment'],
    signal: ending.signal,
    handle: async (message) => handle(message),
    onTrouble: () => {},
  });
  const stop = async () => {
    ending.abort();
    await running;
  };
  stops.push(stop);
  return stop;
}

/** A group that has parked `count` messages of one event, the first because of a defect that can be removed. */
async function parkSome(count: number) {
  const messages = someMessages(randomUUIDv7(), count);
  const ids = messages.map(({ id }) => id);
  const [first = ''] = ids;
  const group = `group-${first}`;
  const broken = new Set([first]);
  const handled: string[] = [];
  const stop = startGroup(group, ({ id }) => {
    if (broken.has(id)) throw new Error('a defect');
    if (ids.includes(id)) handled.push(id);
  });
  await log.append(messages);
  await expect.poll(async () => (await listParked(sql, { group }))[0]?.messages).toBe(count);
  return { group, key: messages[0]?.key ?? '', ids, first, handled, stop, mend: () => broken.clear() };
}

test('list and show print the parked messages, since when and why, and no content of the events', async () => {
  expect(await parked(['list'])).toEqual({ code: 0, out: 'Nothing is parked.\n' });
  const { group, key, first, ids } = await parkSome(3);
  const listed = await parked(['list', '--group', group]);
  expect(listed.code).toBe(0);
  expect(listed.out).toContain(`${group}  event ${key}  since 20`);
  expect(listed.out).toContain(`PaymentFailed ${first} and 2 behind it, failed 1 time: a defect`);
  expect(listed.out).toContain('3 messages of 1 key.');
  const shown = await parked(['show', ids[1] ?? '']);
  expect(shown.code).toBe(0);
  expect(shown.out).toMatch(/before +1\n/);
  expect(shown.out).toMatch(/aggregateId +booking-1\n/);
  expect(`${listed.out}${shown.out}`).not.toContain('example.org');
});

test('replay waits until the messages are handled, or parked again with the reason', async () => {
  const { group, key, ids, first, handled, mend } = await parkSome(3);
  const again = await parked(['replay', ids[2] ?? '']);
  expect(again.code).toBe(3);
  expect(again.out).toContain(`replay of 3 messages from ${first} on was requested.`);
  expect(again.out).toContain('parked again.');
  expect(again.out).toContain('failed 2 times: a defect');
  mend();
  expect(await parked(['replay', '--group', group, '--by', 'ann'])).toEqual({
    code: 0,
    out: expect.stringContaining(`${group}  event ${key}: all handled.`),
  });
  expect(handled).toEqual(ids);
  expect((await parked(['show', first])).out).toMatch(/REPLAYED by ann\n.*is not parked\./s);
  expect((await parked(['replay', '--all'])).out).toContain('nothing to replay');
});

test('replay waits in the database when no process of the group runs', async () => {
  const { stop, key, group, ids, handled, mend } = await parkSome(2);
  await stop();
  const { code, out } = await parked(['replay', '--key', key, '--wait', '0.5']);
  expect(out).toContain(`Is a process of ${group} running?`);
  expect(code).toBe(3);
  mend();
  startGroup(group, ({ id }) => void handled.push(id));
  await expect.poll(() => handled).toEqual(ids);
});

test('drop removes one message, records who did it and why, and keeps the messages behind it parked', async () => {
  const { group, key, first, ids, handled } = await parkSome(2);
  expect((await parked(['drop', first])).out).toContain('usage:');
  const dropped = await parked(['drop', first, '--reason', 'told by phone']);
  expect(dropped).toEqual({ code: 0, out: expect.stringContaining(`${first} was dropped for ${group}. 1 message`) });
  expect(dropped.out).toContain(`frontrow parked replay --key ${key} --group ${group}`);
  expect(handled).toEqual([]);
  expect((await parked(['replay', '--key', key, '--group', group])).code).toBe(0);
  expect(handled).toEqual(ids.slice(1));
  expect((await parked(['show', first])).out).toContain('DROPPED by operator: told by phone');
  expect(await parked(['drop', first, '--reason', 'again'])).toEqual({ code: 1, out: `${first} is not parked.\n` });
});

test.each([
  ['nothing', []],
  ['an unknown command', ['empty']],
  ['show without an id', ['show']],
  ['replay of nothing in particular', ['replay']],
  ['replay of too much', ['replay', '--all', '--key', 'x']],
  ['an unknown option', ['list', '--everything']],
])('prints the usage for %s', async (_name, args) => {
  const { code, out } = await parked(args);
  expect(out).toContain('usage: frontrow parked');
  expect(code).toBe(1);
});

test('prints one sentence for a bad id, a bad time and an unreachable database', async () => {
  expect(await parked(['show', '7'])).toEqual({ code: 1, out: '"7" is not the id of a message. An id is a UUID.\n' });
  expect((await parked(['replay', '--all', '--wait', 'long'])).out).toBe('--wait long: give a number of seconds.\n');
  const gone = await parked(['list'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
  expect(gone).toEqual({
    code: 1,
    out: 'The database does not answer. No server listens at 127.0.0.1:1. Is it running? See DATABASE_URL.\n',
  });
});
