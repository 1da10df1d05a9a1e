import { type ChildProcess, fork } from 'node:child_process';
import { randomUUIDv7 } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { afterAll, afterEach, expect, test } from 'vitest';
import { createBookingDatabase, createPaymentsDatabase } from '#test/support/databases/databases.ts';
import { holdUpLog } from '#test/support/databases/hold-up-log.ts';
import { openFaultProxy } from '#test/support/network/fault-proxy.ts';
import { relaySlot } from '#workers/relay-outbox.ts';

const [booking, payments] = await Promise.all([createBookingDatabase(), createPaymentsDatabase()]);
const sql = postgres(booking.url, { max: 2, onnotice: () => {} });
const paymentsSql = postgres(payments.url, { max: 2, onnotice: () => {} });
const slot = relaySlot(payments.url);
/** Both databases are on one server. */
const proxy = await openFaultProxy(booking.url);
const running = new Set<ChildProcess>();
const stopWriting = new Set<() => Promise<void>>();
// The leftovers of a failed test must not affect another test.
afterEach(async () => {
  for (const stop of stopWriting) await stop();
  for (const child of running) child.kill('SIGKILL');
  proxy.set({ kind: 'pass' });
  await sql`truncate event_log.messages`;
});
afterAll(async () => {
  await proxy.close();
  await Promise.all([sql.end(), paymentsSql.end()]);
  await Promise.all([booking.drop(), payments.drop()]);
});

async function startRelay(way = (url: string) => url): Promise<ChildProcess> {
  const child = fork(new URL('./relay.ts', import.meta.url), {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: way(booking.url),
      PAYMENTS_DATABASE_URL: way(payments.url),
      LOG_LEVEL: 'error',
    },
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  await once(child, 'message');
  return child;
}

async function stop(child: ChildProcess): Promise<unknown> {
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  return code;
}

/** Writes rows of a few keys, one after another, until it is stopped. */
function startWriting() {
  const keys = Array.from({ length: 4 }, () => randomUUIDv7());
  let written = 0;
  let stopped = false;
  const writing = (async () => {
    while (!stopped) {
      const key = keys[written % keys.length] ?? '';
      await paymentsSql`insert into outbox (id, aggregatetype, aggregateid, type, event_id, payload)
        values (${randomUUIDv7()}, 'payment', ${key}, 'PaymentFailed', ${key}, ${paymentsSql.json({ number: written })})`;
      written += 1;
    }
  })();
  const stop = async () => {
    stopped = true;
    await writing;
    stopWriting.delete(stop);
  };
  stopWriting.add(stop);
  return { keys, written: () => written, stop };
}

type Blow = { name: string; strike: (relay: ChildProcess) => void; undo: (relay: ChildProcess) => void };
const blows: Blow[] = [
  { name: 'is frozen', strike: (relay) => relay.kill('SIGSTOP'), undo: (relay) => relay.kill('SIGCONT') },
  {
    name: 'does not reach PostgreSQL any more, which is not told,',
    strike: () => proxy.set({ kind: 'black-hole' }),
    undo: () => proxy.set({ kind: 'pass' }),
  },
];

/** In the middle of an append, where the relay holds the locks that every append needs. */
async function strikeWhileAppending({ strike, undo }: Blow, relay: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    strike(relay);
    await sleep(20);
    const appending = await sql`select from pg_stat_activity where datname = current_database()
      and application_name = 'frontrow-relay-log' and state = 'idle in transaction'`;
    if (appending.length > 0) return;
    undo(relay);
    await sleep(attempt % 17);
  }
  throw new Error('The relay was never met in an append.');
}

/** The number of the newest message in the log. */
const known = async () =>
  Number((await sql`select max((event ->> 'number')::int) as number from event_log.messages`)[0]?.number ?? -1);
const reader = async () =>
  (await sql<{ pid: number | null }[]>`select active_pid as pid from pg_replication_slots where slot_name = ${slot}`)[0]
    ?.pid;

test.each(blows)(
  'a relay that $name in the middle of an append is followed by its standby, and does no harm when it is back',
  async (blow) => {
    const active = await startRelay(proxy.through);
    const standby = await startRelay();
    const writer = startWriting();
    const first = await reader();
    await strikeWhileAppending(blow, active);
    const struckAtMs = performance.now();
    const before = writer.written();
    await expect.poll(known, { interval: 20 }).toBeGreaterThan(before);
    console.log(
      `the standby appended ${Math.round(performance.now() - struckAtMs)} ms after the active relay was away`,
    );
    expect(await reader()).not.toBe(first);
    blow.undo(active);
    const undone = writer.written();
    await expect.poll(known).toBeGreaterThan(undone + 100);
    await writer.stop();
    await expect.poll(known).toBe(writer.written() - 1);
    for (const key of writer.keys) {
      const rows = await sql<{ number: number }[]>`
        select (event ->> 'number')::int as number from event_log.messages where key = ${key} order by "offset"`;
      const expected = Array.from({ length: writer.written() }, (_, n) => n).filter((n) => writer.keys[n % 4] === key);
      expect(rows.map(({ number }) => number)).toEqual(expected);
    }
    expect(await Promise.all([stop(active), stop(standby)])).toEqual([0, 0]);
  },
  90_000,
);

/** Returns those of these messages that the slot would send again. */
async function findUnacknowledged(ids: readonly string[]): Promise<string[]> {
  const changes = await paymentsSql<{ data: Buffer }[]>`
    select data from pg_logical_slot_peek_binary_changes(${slot}, null, null,
      'proto_version', '1', 'publication_names', 'frontrow_outbox')`;
  return ids.filter((id) => changes.some(({ data }) => data.includes(id)));
}

async function writeOne(): Promise<string> {
  const id = randomUUIDv7();
  await paymentsSql`insert into outbox (id, aggregatetype, aggregateid, type, event_id, payload)
    values (${id}, 'payment', ${id}, 'PaymentFailed', ${id}, '{}')`;
  return id;
}

const logged = async () =>
  (await sql<{ id: string }[]>`select id from event_log.messages order by created_at, id`).map(({ id }) => id);

test('a relay that gets SIGTERM during an append finishes and acknowledges it, and leaves the rest to the next relay', async () => {
  const relay = await startRelay();
  const letThrough = await holdUpLog(sql);
  const begun = await writeOne();
  await expect
    .poll(
      () => sql`select from pg_stat_activity where datname = current_database()
        and application_name = 'frontrow-relay-log' and wait_event_type = 'Lock'`,
    )
    .toHaveLength(1);
  const waiting = await writeOne();
  const ended = stop(relay);
  await letThrough();
  expect(await ended).toBe(0);
  // The second message as well, if the signal came late.
  const appended = await logged();
  expect(appended).toContain(begun);
  expect(await findUnacknowledged([begun, waiting])).toEqual([begun, waiting].filter((id) => !appended.includes(id)));
  const next = await startRelay();
  await expect.poll(logged).toEqual([begun, waiting]);
  expect(await stop(next)).toBe(0);
});
