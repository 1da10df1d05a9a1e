import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { migrate } from '#db/migrate.ts';
import { ensureDatabase, startPostgres } from '#processes/dev/servers/postgres.ts';
import { relayOutbox, relaySlot } from './relay-outbox.ts';

/** A server whose log the test reads. */
const folder = await mkdtemp(join(tmpdir(), 'frontrow-quiet-'));
const server = await startPostgres({
  dataDir: join(folder, 'data'),
  password: randomBytes(12).toString('hex'),
  durable: false,
  disposableDir: folder,
  log: console.error,
});
let written = '';
server.onOutput((text) => {
  written += text;
});
const url = await ensureDatabase(server.url, 'payments');
await migrate({ url, folder: 'payments' });
const slot = relaySlot(url);
const sql = postgres(url, { max: 1, onnotice: () => {} });
afterAll(async () => {
  await sql.end();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

function start() {
  const ending = new AbortController();
  const states: string[] = [];
  const running = relayOutbox({
    url,
    slot,
    log: { append: async () => undefined },
    signal: ending.signal,
    onState: (state) => states.push(state),
  });
  return {
    states,
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}

const complaints = () => written.split('\n').filter((line) => /\b(ERROR|FATAL|PANIC):/.test(line));

test('a standby waits for its slot, and a relay stops, without an error in the log of the server', async () => {
  const first = start();
  await expect.poll(() => first.states, { timeout: 30_000 }).toContain('streaming');
  const second = start();
  const looks = () => second.states.filter((state) => state === 'standby').length;
  await expect.poll(looks, { timeout: 30_000 }).toBeGreaterThan(3);
  await first.stop();
  await expect.poll(() => second.states, { timeout: 30_000 }).toContain('streaming');
  await second.stop();
  await expect.poll(async () => (await sql`select from pg_replication_slots where active`).length).toBe(0);
  expect(complaints()).toEqual([]);
  // Proof that this log is the one that is read: our own error is in it.
  await expect(sql.unsafe('select from no_such_table')).rejects.toThrow();
  await expect.poll(complaints).toHaveLength(1);
});
