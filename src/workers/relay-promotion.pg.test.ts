import { randomUUIDv7 } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { migrate } from '#db/migrate.ts';
import { openPostgresLog } from '#events/log/postgres-log.ts';
import { ensureDatabase } from '#processes/dev/servers/postgres.ts';
import { createBookingDatabase } from '#test/support/databases/databases.ts';
import { holdUpLog } from '#test/support/databases/hold-up-log.ts';
import { openReplicatedPostgres } from '#test/support/databases/replicated-postgres.ts';
import { relayOutbox, relaySlot } from './relay-outbox.ts';

// The outbox is on a server with a standby. The log is on another server, which stays.
const dir = await mkdtemp(join(tmpdir(), 'frontrow-promotion-'));
const server = await openReplicatedPostgres({ dir, durable: false });
const url = await ensureDatabase(server.url, 'frontrow_payments');
await migrate({ url, folder: 'payments' });
const sql = postgres(url, { max: 1, onnotice: () => {} });
const logDatabase = await createBookingDatabase();
const logSql = postgres(logDatabase.url, { max: 2, onnotice: () => {} });
const log = openPostgresLog({ url: logDatabase.url, name: 'test' });
const slot = relaySlot(url);
const ending = new AbortController();
let relaying: Promise<void> | undefined;
afterAll(async () => {
  ending.abort();
  await relaying;
  await log.close();
  await Promise.all([sql, logSql].map((own) => own.end()));
  await server.close();
  await logDatabase.drop();
  await rm(dir, { recursive: true, force: true });
});

const key = randomUUIDv7();
async function write(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUIDv7());
  for (const id of ids) {
    await sql`insert into outbox (id, aggregatetype, aggregateid, type, event_id, payload)
      values (${id}, 'payment', ${id}, 'PaymentFailed', ${key}, '{}')`;
  }
  return ids;
}
const logged = async () =>
  (await logSql<{ id: string }[]>`select id from event_log.messages order by "offset"`).map(({ id }) => id);

test("after a promotion the relay continues from the standby's copy of its slot, and every message is in the log once, in order", async () => {
  const states: string[] = [];
  let appended = 0;
  relaying = relayOutbox({
    url,
    slot,
    signal: ending.signal,
    log: {
      append: async (messages) => {
        await log.append(messages);
        appended += messages.length;
      },
    },
    onState: (state) => states.push(state),
  });
  await expect.poll(() => states).toContain('streaming');
  await server.addStandby();
  const ids = await write(20);
  const [written] = await sql<{ lsn: string }[]>`select pg_current_wal_lsn()::text as lsn`;
  const copy = `select synced, temporary, confirmed_flush_lsn >= '${written?.lsn}' as has_all
    from pg_replication_slots where slot_name = '${slot}'`;
  await expect
    .poll(
      async () => {
        // The WAL that a slot needs moves on with these snapshots, which the server otherwise writes every 15 s.
        await server.ask('select pg_log_standby_snapshot()');
        return server.askStandby(copy);
      },
      { timeout: 40_000, interval: 200 },
    )
    .toEqual([{ synced: true, temporary: false, has_all: true }]);

  ids.push(...(await write(20)));
  await expect.poll(logged).toEqual(ids);
  const letThrough = await holdUpLog(logSql);
  ids.push(...(await write(20)));
  const before = states.length;
  await server.failOver();
  ids.push(...(await write(20)));
  await letThrough();
  await expect.poll(logged).toEqual(ids);
  await expect.poll(() => states.slice(before)).toContain('streaming');
  expect(states.filter((state) => state === 'replayed')).toHaveLength(1);
  // Messages that were acknowledged after the standby last looked come again, and the log leaves them out.
  console.log(`${appended - ids.length} of ${ids.length} messages came twice`);
  expect(await server.ask(`select failover, active from pg_replication_slots where slot_name = '${slot}'`)).toEqual([
    { failover: true, active: true },
  ]);
});
