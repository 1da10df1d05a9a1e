import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin } from '@platformatic/kafka';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { afterAll, expect, test, vi } from 'vitest';
import { testKafka } from '#test/support/kafka/kafka.ts';
import { startKafka } from './kafka.ts';
import { ensureDatabase, startPostgres } from './postgres.ts';
import { isAlive, launch, type RunningServer } from './server-process.ts';
import { startTypesense } from './typesense.ts';
import { startValkey } from './valkey.ts';

const folder = await mkdtemp(join(tmpdir(), 'frontrow-servers-'));
const running = new Set<RunningServer>();
const log = () => undefined;
const password = 'p/w @%';
afterAll(async () => {
  await Promise.all([...running].map((server) => server.stop()));
  await rm(folder, { recursive: true });
});

async function track(starting: Promise<RunningServer>): Promise<RunningServer> {
  const server = await starting;
  running.add(server);
  return server;
}

/** Starts the server in a process that then kills itself, and returns the server's process id. */
async function startAndDie(file: string, start: string): Promise<number> {
  const source = `const { ${start.split('(')[0]} } = await import(${JSON.stringify(new URL(file, import.meta.url).href)});
    const server = await ${start};
    process.stdout.write(String(server.pid), () => process.kill(process.pid, 'SIGKILL'));`;
  return new Promise((resolve) => {
    execFile(process.execPath, ['--input-type=module', '-e', source], (_error, stdout) => resolve(Number(stdout)));
  });
}

test('keeps the output of a server from before its starter listens', async () => {
  const server = await launch({
    name: 'sh',
    command: '/bin/sh',
    args: ['-c', 'echo ready; exec sleep 60'],
    dataDir: folder,
  });
  await sleep(300);
  const said = await new Promise<string>((resolve) => server.onOutput(resolve));
  expect(said).toBe('ready\n');
  await server.stop();
});

test('PostgreSQL keeps its data across a stop, decodes logically, and sorts by code point', async () => {
  const dataDir = join(folder, 'postgres');
  const first = await track(startPostgres({ dataDir, password, log }));
  const sql = postgres(await ensureDatabase(first.url, 'kept'), { max: 1 });
  await sql`create table kept (word text)`;
  await sql`insert into kept values ('b'), ('A'), ('ä')`;
  expect((await sql`show wal_level`)[0]).toEqual({ wal_level: 'logical' });
  await sql.end();
  await first.stop();
  expect(isAlive(first.pid)).toBe(false);
  const second = await track(startPostgres({ dataDir, password, log }));
  const again = postgres(await ensureDatabase(second.url, 'kept'), { max: 1 });
  expect(await again`select string_agg(word, '' order by word) as words, upper('ä') as upper from kept`).toEqual([
    { words: 'Abä', upper: 'Ä' },
  ]);
  await again.end();
  await second.stop();
});

test('a PostgreSQL whose parent was killed ends, and its data folder can be opened at once', async () => {
  const dataDir = join(folder, 'orphaned');
  const orphan = await startAndDie(
    './postgres.ts',
    `startPostgres({ dataDir: ${JSON.stringify(dataDir)}, password: 'x', log() {} })`,
  );
  expect(orphan).toBeGreaterThan(0);
  const server = await track(startPostgres({ dataDir, password: 'x', log }));
  expect(isAlive(orphan)).toBe(false);
  const sql = postgres(server.url, { max: 1 });
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  await sql.end();
  await server.stop();
});

test('PostgreSQL starts in spite of a stale postmaster.pid with the id of an unrelated running process', async () => {
  const dataDir = join(folder, 'stale');
  const first = await track(startPostgres({ dataDir, password, log }));
  const pidFile = await readFile(join(dataDir, 'postmaster.pid'), 'utf8');
  await first.stop();
  await writeFile(join(dataDir, 'postmaster.pid'), pidFile.replace(String(first.pid), String(process.pid)));
  const second = await track(startPostgres({ dataDir, password, log }));
  expect(second.pid).not.toBe(process.pid);
  await second.stop();
});

test('Valkey keeps its data across a stop, and ends with its parent', async () => {
  const dataDir = join(folder, 'valkey');
  const first = await track(startValkey({ dataDir, log }));
  const redis = new Redis(first.url);
  await redis.set('key', 'kept');
  redis.disconnect();
  await first.stop();
  expect(isAlive(first.pid)).toBe(false);
  const orphan = await startAndDie('./valkey.ts', `startValkey({ dataDir: ${JSON.stringify(dataDir)}, log() {} })`);
  await vi.waitFor(() => expect(isAlive(orphan)).toBe(false), { timeout: 25_000 });
  const second = await track(startValkey({ dataDir, log }));
  const again = new Redis(second.url);
  expect(await again.get('key')).toBe('kept');
  again.disconnect();
  await second.stop();
});

test('Typesense accepts writes once it is ready, and keeps them across a stop', { timeout: 60_000 }, async () => {
  const dataDir = join(folder, 'typesense');
  const headers = { 'x-typesense-api-key': 'key', 'content-type': 'application/json' };
  const first = await track(startTypesense({ dataDir, apiKey: 'key', log }));
  const body = JSON.stringify({ name: 'kept', fields: [{ name: 'title', type: 'string' }] });
  expect((await fetch(`${first.url}/collections`, { method: 'POST', headers, body })).status).toBe(201);
  await first.stop();
  expect(isAlive(first.pid)).toBe(false);
  const second = await track(startTypesense({ dataDir, apiKey: 'key', log }));
  expect((await fetch(`${second.url}/collections/kept`, { headers })).status).toBe(200);
  await second.stop();
});

const kafkaHere = (await testKafka()) !== undefined;
test.runIf(kafkaHere)('Kafka keeps its data across a stop, and ends with its parent', { timeout: 90_000 }, async () => {
  const dataDir = join(folder, 'kafka');
  const orphan = await startAndDie('./kafka.ts', `startKafka({ dataDir: ${JSON.stringify(dataDir)}, log() {} })`);
  await vi.waitFor(() => expect(isAlive(orphan)).toBe(false), { timeout: 25_000 });
  const server = await track(startKafka({ dataDir, log }));
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [server.url], retries: 10 });
  await admin.createTopics({ topics: ['kept'], partitions: 1 });
  await server.stop();
  const again = await track(startKafka({ dataDir, port: server.port, log }));
  expect(await admin.listTopics()).toContain('kept');
  await admin.close();
  await again.stop();
});
