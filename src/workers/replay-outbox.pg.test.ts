import { execFile } from 'node:child_process';
import { randomUUIDv7 } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBookingDatabase, createPaymentsDatabase } from '#test/support/databases/databases.ts';
import { relaySlot } from './relay-outbox.ts';
import { notePosition, parseReplayStart, replayOutbox } from './replay-outbox.ts';

const [booking, payments] = await Promise.all([createBookingDatabase(), createPaymentsDatabase()]);
const bookingSql = postgres(booking.url, { max: 1, onnotice: () => {} });
const paymentsSql = postgres(payments.url, { max: 1, onnotice: () => {} });
afterAll(async () => {
  await Promise.all([bookingSql.end(), paymentsSql.end()]);
  await Promise.all([booking.drop(), payments.drop()]);
});

const slot = relaySlot(payments.url);
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
const key = randomUUIDv7();
/** Over three days, oldest first; within a day by version. */
const messages: { id: string; day: number; version: number }[] = [];
beforeAll(async () => {
  for (const [day, version] of [
    [6, 1],
    [3, 2],
    [3, 3],
    [0.001, 4],
  ] as const) {
    messages.push({ id: randomUUIDv7(), day, version });
  }
  const rows = messages.map(({ id, day, version }) => ({
    id,
    aggregatetype: 'payment',
    aggregateid: key,
    type: 'PaymentFailed',
    event_id: key,
    payload: { version } as never,
    created_at: daysAgo(day),
  }));
  await paymentsSql`insert into outbox ${paymentsSql(rows.toReversed())}`;
});

/** The command as it is run, on an empty log. */
async function replay(
  args: readonly string[],
  env: object = {},
): Promise<{ code: number; out: string; ids: string[] }> {
  await bookingSql`truncate event_log.messages`;
  const answer = await new Promise<{ code: number; out: string }>((resolve) => {
    execFile(
      process.execPath,
      ['src/processes/relay.ts', ...args],
      { env: { ...process.env, DATABASE_URL: booking.url, PAYMENTS_DATABASE_URL: payments.url, ...env } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, out: stdout + stderr }),
    );
  });
  const rows = await bookingSql<{ id: string }[]>`select id from event_log.messages order by "offset"`;
  return { ...answer, ids: rows.map(({ id }) => id) };
}
const from = (version: number) => messages.filter((one) => one.version >= version).map(({ id }) => id);

test('replays from a time on, in commit order, and reports how many messages', async () => {
  const some = await replay(['--replay-from', daysAgo(4).toISOString()]);
  expect(some).toMatchObject({ code: 0, ids: from(2) });
  expect(some.out).toContain('booking: 0 messages appended again');
  expect(some.out).toContain('payments: 3 messages appended again');
  const all = await replay(['--replay-from', '2026-01-01', '--outbox', 'payments']);
  expect(all).toMatchObject({ code: 0, ids: from(1) });
  expect(all.out).toContain(`The outbox begins at ${daysAgo(6).toISOString().slice(0, 10)}`);
  expect(all.out).not.toContain('booking');
});

/** Runs in this process: the messages of an outbox from a place on. */
async function replayed(place: string): Promise<string[] | undefined> {
  const ids: string[] = [];
  const append = async (some: readonly { id: string }[]) => void ids.push(...some.map(({ id }) => id));
  const relay = { url: payments.url, slot, log: { append }, signal: new AbortController().signal };
  return (await replayOutbox(relay, parseReplayStart(place, new Date()))) && ids;
}

test('replays from a message on, with those of the same time', async () => {
  expect(await replayed(messages[1]?.id ?? '')).toEqual(from(2));
  expect(await replayed(messages[3]?.id ?? '')).toEqual(from(4));
  expect(await replayed(randomUUIDv7())).toBeUndefined();
});

test('replays from a position in the WAL on, as far back as positions are known', async () => {
  await expect(replayed('0/1')).rejects.toThrow(`No position of ${slot} is known: give an instant instead.`);
  await notePosition(payments.url, slot);
  await notePosition(payments.url, slot);
  const noted = await paymentsSql<{ lsn: string }[]>`select lsn::text as lsn from relay_positions where slot = ${slot}`;
  expect(noted).toHaveLength(1);
  const lsn = noted[0]?.lsn ?? '';
  // A row that commits after the position may have been inserted minutes before.
  expect(await replayed(lsn)).toEqual(from(4));
  await expect(replayed('0/1')).rejects.toThrow(`the first position that is known, ${lsn}`);
  await expect(replayed('FFFF/0')).rejects.toThrow('FFFF/0 is ahead of the server');
});

test.each([
  ['something else', 'yesterday', '"yesterday" is not a place to replay from'],
  ['a time without its zone', '2026-07-01T12:00:00', 'is not a place to replay from'],
  ['a day that does not exist', '2026-02-31T99:00:00Z', 'is not a place to replay from'],
  ['a time to come', '2999-01-01', 'is in the future'],
])('%s is refused', (_name, place, reason) => {
  expect(() => parseReplayStart(place, new Date())).toThrow(reason);
});

test('the command refuses what it does not understand, and shows its usage', async () => {
  const usage = await replay(['--replay', '2026-01-01']);
  expect(usage).toEqual({ code: 1, out: expect.stringContaining('usage:'), ids: [] });
  const which = await replay(['--replay-from', '0/1']);
  expect(which).toEqual({ code: 1, out: expect.stringContaining('choose its outbox with --outbox'), ids: [] });
});

test('the command reports plainly when the database is away', async () => {
  const away = await replay(['--replay-from', '2026-01-01'], {
    PAYMENTS_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  });
  expect(away).toMatchObject({ code: 1, out: expect.stringContaining('A database does not answer') });
});
