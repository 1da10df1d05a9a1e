import { type ChildProcess, fork } from 'node:child_process';
import { randomUUIDv7 } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { createBookingDatabase, createPaymentsDatabase } from '#test/support/databases.ts';

const [booking, payments] = await Promise.all([createBookingDatabase(), createPaymentsDatabase()]);
const sql = postgres(booking.url, { max: 2, onnotice: () => {} });
const paymentsSql = postgres(payments.url, { max: 2, onnotice: () => {} });
const running = new Set<ChildProcess>();
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await Promise.all([sql.end(), paymentsSql.end()]);
  await Promise.all([booking.drop(), payments.drop()]);
});

async function startRelay(): Promise<ChildProcess> {
  const child = fork(new URL('./relay.ts', import.meta.url), {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: booking.url,
      PAYMENTS_DATABASE_URL: payments.url,
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

/** Rows of a few keys, one after the other, until it is stopped. */
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
  return {
    keys,
    written: () => written,
    stop: async () => {
      stopped = true;
      await writing;
    },
  };
}

/** Stops the process in the middle of an append, where it holds the locks that every append needs. */
async function freezeWhileAppending(child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    child.kill('SIGSTOP');
    await sleep(20);
    const appending = await sql`select from pg_stat_activity where datname = current_database()
      and application_name = 'frontrow-relay-log' and state = 'idle in transaction'`;
    if (appending.length > 0) return;
    child.kill('SIGCONT');
    await sleep(attempt % 17);
  }
  throw new Error('The relay was never met in an append.');
}

test('a relay that is frozen in the middle of an append is followed by its standby, and does no harm when it thaws', async () => {
  const active = await startRelay();
  const standby = await startRelay();
  const writer = startWriting();
  await freezeWhileAppending(active);
  const frozenAtMs = performance.now();
  const before = writer.written();
  const known = async () =>
    Number((await sql`select max((event ->> 'number')::int) as number from event_log.messages`)[0]?.number ?? -1);
  await expect.poll(known, { timeout: 25_000, interval: 20 }).toBeGreaterThan(before);
  console.log(
    `the standby appended ${Math.round(performance.now() - frozenAtMs)} ms after the active relay was frozen`,
  );
  active.kill('SIGCONT');
  const thawed = writer.written();
  await expect.poll(known, { timeout: 25_000 }).toBeGreaterThan(thawed + 100);
  await writer.stop();
  await expect.poll(known, { timeout: 25_000 }).toBe(writer.written() - 1);
  for (const key of writer.keys) {
    const rows = await sql<{ number: number }[]>`
      select (event ->> 'number')::int as number from event_log.messages where key = ${key} order by "offset"`;
    const expected = Array.from({ length: writer.written() }, (_, n) => n).filter((n) => writer.keys[n % 4] === key);
    expect(rows.map(({ number }) => number)).toEqual(expected);
  }
  expect(await Promise.all([stop(active), stop(standby)])).toEqual([0, 0]);
}, 90_000);
