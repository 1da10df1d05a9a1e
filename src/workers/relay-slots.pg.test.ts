import { randomBytes, randomUUIDv7 } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, afterEach, expect, test } from 'vitest';
import { migrate } from '#db/migrate.ts';
import type { NewMessage } from '#events/log/log.ts';
import { ensureDatabase, startPostgres } from '#processes/dev/servers/postgres.ts';
import { relayOutbox, relaySlot } from './relay-outbox.ts';

// A server of its own: other databases of a shared server would move its slots, and one test removes its WAL.
const folder = await mkdtemp(join(tmpdir(), 'frontrow-relay-'));
const server = await startPostgres({
  dataDir: join(folder, 'postgres'),
  disposableDir: folder,
  password: randomBytes(12).toString('hex'),
  durable: false,
  log: console.error,
});
const admin = postgres(server.url, { max: 2, onnotice: () => {} });
const databases: postgres.Sql[] = [];
const ending: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
});
afterAll(async () => {
  await Promise.all([admin, ...databases].map((sql) => sql.end()));
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function paymentsDatabase(name: string) {
  const url = await ensureDatabase(server.url, name);
  await migrate({ url, folder: 'payments' });
  const sql = postgres(url, { max: 4, onnotice: () => {} });
  databases.push(sql);
  const slot = relaySlot(url);
  return {
    url,
    sql,
    slot,
    async write(): Promise<string> {
      const id = randomUUIDv7();
      await sql`insert into outbox (id, aggregatetype, aggregateid, type, event_id, payload)
        values (${id}, 'payment', ${id}, 'PaymentFailed', ${id}, ${sql.json({ version: 1 })})`;
      return id;
    },
    position: async () =>
      (
        await admin`select confirmed_flush_lsn::text as confirmed, restart_lsn::text as restart, failover, active, wal_status
          from pg_replication_slots where slot_name = ${slot}`
      )[0],
    isPast: async (lsn: string, column: 'confirmed_flush_lsn' | 'restart_lsn') =>
      (
        await admin`select ${admin(column)} >= ${lsn}::pg_lsn as past from pg_replication_slots where slot_name = ${slot}`
      )[0]?.past === true,
  };
}

function startRelay(of: { url: string; slot: string }, append = async (_messages: readonly NewMessage[]) => {}) {
  const stopping = new AbortController();
  const appended: string[] = [];
  const states: string[] = [];
  const running = relayOutbox({
    url: of.url,
    slot: of.slot,
    signal: stopping.signal,
    log: {
      append: async (messages) => {
        await append(messages);
        appended.push(...messages.map(({ id }) => id));
      },
    },
    onState: (state, detail) => {
      const { reason } = (detail ?? {}) as { reason?: string };
      states.push(reason ? `${state} ${reason}` : state);
    },
  });
  const stop = async () => {
    stopping.abort();
    await running;
  };
  ending.push(stop);
  const until = (state: string) => expect.poll(() => states).toContain(state);
  return { appended, states, until, stop };
}

const written = async () => String((await admin`select pg_current_wal_insert_lsn()::text as lsn`)[0]?.lsn);

test('waits for a slot that the server is still making for a relay that died: rows that commit meanwhile are not lost', async () => {
  const { url, slot, write } = await paymentsDatabase('orphaned');
  const connect = () => {
    const sql = postgres(url, { max: 1, onnotice: () => {} });
    ending.push(() => sql.end({ timeout: 1 }));
    return sql;
  };
  const open = connect();
  await open.unsafe('begin');
  await open`select pg_current_xact_id()`;
  // This is how it continues in the server when the process that asked for it is gone: it waits for the open
  // transaction.
  const orphan = connect();
  const made = orphan`select pg_create_logical_replication_slot(${slot}, 'pgoutput', failover => true)`;
  made.catch(() => {});
  const isListed = async () => (await admin`select from pg_replication_slots where slot_name = ${slot}`).length === 1;
  await expect.poll(isListed).toBe(true);
  const before = await write();
  const relay = startRelay({ url, slot });
  await relay.until('standby');
  const meanwhile = await write();
  expect(relay.appended).toEqual([]);
  await open.unsafe('commit');
  await made;
  await relay.until('streaming');
  const after = await write();
  await expect.poll(() => relay.appended).toEqual([before, meanwhile, after]);
  expect(relay.states).toContain('replayed UNFINISHED');
});

test('the slot of a quiet database moves on with the WAL of a busy one, so that the WAL can be deleted', async () => {
  const quiet = await paymentsDatabase('quiet');
  const busy = await paymentsDatabase('busy');
  const relay = startRelay(quiet);
  await relay.until('streaming');
  const before = await quiet.position();
  for (let i = 0; i < 20; i++) await busy.write();
  const lsn = await written();
  await expect.poll(() => quiet.isPast(lsn, 'confirmed_flush_lsn')).toBe(true);
  // The start of decoding moves with the server's snapshots of running transactions, which it makes every 15 s.
  await expect
    .poll(async () => {
      await admin`select pg_log_standby_snapshot()`;
      return quiet.isPast(lsn, 'restart_lsn');
    })
    .toBe(true);
  expect(await quiet.position()).not.toMatchObject({ restart: before?.restart });
  expect(relay.appended).toEqual([]);
});

test('the slot moves on while other tables of the same database are written', async () => {
  const database = await paymentsDatabase('other_tables');
  const relay = startRelay(database);
  await relay.until('streaming');
  await database.sql`create table filling (text text)`;
  for (let i = 0; i < 20; i++)
    await database.sql`insert into filling select repeat('x', 1000) from generate_series(1, 100)`;
  const lsn = await written();
  await expect.poll(() => database.isPast(lsn, 'confirmed_flush_lsn')).toBe(true);
});

test('does not acknowledge what the log has not stored, even while much else is written', async () => {
  const database = await paymentsDatabase('log_away');
  let away = true;
  const relay = startRelay(database, async () => {
    if (away) throw new Error('the log is away');
  });
  await relay.until('streaming');
  const id = await database.write();
  await database.sql`create table filling as select repeat('x', 1000) from generate_series(1, 1000)`;
  const after = await written();
  await relay.until('lost');
  expect(await database.isPast(after, 'confirmed_flush_lsn')).toBe(false);
  away = false;
  await expect.poll(() => relay.appended).toEqual([id]);
  await expect.poll(() => database.isPast(after, 'confirmed_flush_lsn')).toBe(true);
});

test('standbys get a copy of the slot, also of one that was made before they could', async () => {
  const made = await paymentsDatabase('made');
  await startRelay(made).until('streaming');
  expect(await made.position()).toMatchObject({ failover: true });
  const old = await paymentsDatabase('old');
  await old.sql`select pg_create_logical_replication_slot(${old.slot}, 'pgoutput')`;
  await old.sql`insert into relay_slots (slot, reason, replayed) values (${old.slot}, 'NO_SLOT', 0)`;
  expect(await old.position()).toMatchObject({ failover: false });
  await startRelay(old).until('streaming');
  expect(await old.position()).toMatchObject({ failover: true });
});

test('no relay reads from a new slot before all of the outbox is in the log; a relay that dies meanwhile leaves it to the next', async () => {
  const database = await paymentsDatabase('half_way');
  const first = await database.write();
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const one = startRelay(database, async () => {
    begun.resolve();
    await gate.promise;
    throw new Error('dies over it');
  });
  await begun.promise;
  const two = startRelay(database);
  await two.until('standby');
  const second = await database.write();
  expect(two.appended).toEqual([]);
  const stopping = one.stop();
  gate.resolve();
  await stopping;
  await expect.poll(() => two.appended.slice(0, 2)).toEqual([first, second]);
  await two.until('replayed UNFINISHED');
});

test('detects a slot whose WAL the server has deleted, makes it again, and appends the outbox again', async () => {
  const database = await paymentsDatabase('lost');
  const relay = startRelay(database);
  await relay.until('streaming');
  const first = await database.write();
  await expect.poll(() => relay.appended).toContain(first);
  await relay.stop();
  const second = await database.write();
  await admin`alter system set max_slot_wal_keep_size = '1MB'`;
  await admin`select pg_reload_conf()`;
  await expect
    .poll(async () => {
      await database.sql`select pg_logical_emit_message(true, 'fill', repeat('x', 100000))`;
      await admin`select pg_switch_wal()`;
      await admin`checkpoint`;
      return (await database.position())?.wal_status;
    })
    .toBe('lost');
  const next = startRelay(database);
  await next.until('streaming');
  expect(next.states).toContain('replayed SLOT_LOST');
  expect(next.appended.slice(0, 2)).toEqual([first, second]);
  await admin`alter system reset max_slot_wal_keep_size`;
  await admin`select pg_reload_conf()`;
  const third = await database.write();
  await expect.poll(() => next.appended.at(-1)).toBe(third);
});
