import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { afterAll, expect, test, vi } from 'vitest';
import { connectionOf } from '#test/support/servers/connection.ts';
import { openDataFolder } from './data-folder.ts';
import { openStores } from './stores.ts';

const parent = await mkdtemp(join(tmpdir(), 'frontrow-stores-'));
const stops: (() => Promise<void>)[] = [];
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()));
  vi.unstubAllEnvs();
  await rm(parent, { recursive: true });
});

async function open(name: string, env: NodeJS.ProcessEnv) {
  const stores = openStores(env, await openDataFolder(join(parent, name)));
  stops.push(() => stores.stop());
  return stores;
}

const elsewhere = {
  REDIS_URL: 'redis://redis.example:6379',
  TYPESENSE_URL: 'http://search.example:8108',
  TYPESENSE_API_KEY: 'key',
};

test('uses the servers that the environment names, and creates a missing database there', async () => {
  const { adminUrl } = await connectionOf('postgres');
  const named = (name: string) => Object.assign(new URL(adminUrl), { pathname: `/${name}` }).href;
  const DATABASE_URL = named(`given_booking_${process.pid}`);
  const PAYMENTS_DATABASE_URL = named(`given_payments_${process.pid}`);
  const stores = await open('given', { ...elsewhere, DATABASE_URL, PAYMENTS_DATABASE_URL });
  expect(await stores.databases).toEqual({ DATABASE_URL, PAYMENTS_DATABASE_URL });
  expect(await stores.redis).toEqual({ REDIS_URL: elsewhere.REDIS_URL });
  expect(await stores.search).toMatchObject({ TYPESENSE_URL: elsewhere.TYPESENSE_URL });
  const sql = postgres(PAYMENTS_DATABASE_URL, { max: 1 });
  expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  await sql.end();
  const admin = postgres(adminUrl, { max: 1 });
  for (const name of ['booking', 'payments']) await admin.unsafe(`drop database given_${name}_${process.pid}`);
  await admin.end();
});

test('refuses one database without the other, and names the missing setting', async () => {
  const stores = await open('half', { ...elsewhere, DATABASE_URL: 'postgres://localhost/booking' });
  await expect(stores.databases).rejects.toThrow('set PAYMENTS_DATABASE_URL as well, or set neither');
});

test('starts without Typesense, and prints that search is degraded', async () => {
  const said = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  vi.stubEnv('XDG_CACHE_HOME', join(parent, 'empty-cache'));
  vi.stubEnv('PATH', '');
  const { adminUrl } = await connectionOf('postgres');
  const stores = await open('no-typesense', {
    REDIS_URL: elsewhere.REDIS_URL,
    DATABASE_URL: adminUrl,
    PAYMENTS_DATABASE_URL: adminUrl,
  });
  expect(await stores.search).toEqual({});
  const lines = said.mock.calls.flat().join('\n');
  expect(lines).toContain('Search runs without Typesense');
  expect(lines).toContain('TYPESENSE_URL and TYPESENSE_API_KEY');
  said.mockRestore();
  vi.unstubAllEnvs();
});

test('restarts an embedded server that dies, at the same address with its data', { timeout: 60_000 }, async () => {
  const { adminUrl } = await connectionOf('postgres');
  const stores = await open('dies', {
    ...elsewhere,
    REDIS_URL: '',
    DATABASE_URL: adminUrl,
    PAYMENTS_DATABASE_URL: adminUrl,
  });
  const { REDIS_URL } = await stores.redis;
  const redis = new Redis(REDIS_URL);
  redis.on('error', () => undefined);
  await redis.set('key', 'kept');
  const pid = Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1]);
  process.kill(pid, 'SIGTERM');
  await vi.waitFor(async () => {
    expect(await redis.get('key')).toBe('kept');
    expect(await redis.info('server')).not.toContain(`process_id:${pid}\r`);
  }, 60_000);
  redis.disconnect();
});
