import { execFile, spawn } from 'node:child_process';
import { hash, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv, promisify } from 'node:util';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { fetchValkey } from '#processes/dev/servers/fetch-servers.ts';
import { ensureDatabase, startPostgres } from '#processes/dev/servers/postgres.ts';
import { freePorts, type RunningServer } from '#processes/dev/servers/server-process.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { testSearch } from '#test/support/search/search.ts';
import { composeRunner, readCompose } from '#test/support/system/compose.ts';

/**
 * The compose file in the production profile, as processes on this test's own servers: its commands, with its
 * environment.
 */
const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'frontrow-compose-'));
const closers: (() => unknown)[] = [];
let env: Record<string, string | undefined>;
let compose: ReturnType<typeof composeRunner>;
let server: RunningServer;
let apiUrl: string;
let redisUrl: string;
let app: Db;
let event: SeededEvent;

const urlAs = (role: string, password: string | undefined, database: 'booking' | 'payments') =>
  `postgres://${role}:${password}@127.0.0.1:${server.port}/frontrow_${database}`;

beforeAll(async () => {
  const file = join(folder, 'env');
  await promisify(execFile)(process.execPath, [join(root, 'scripts/make-env.mjs'), file]);
  // As the image does.
  await promisify(execFile)(process.execPath, [join(root, 'scripts/web/build.ts')]);
  const search = await testSearch();
  env = {
    ...parseEnv(readFileSync(file, 'utf8')),
    FRONTROW_PROFILE: 'production',
    FRONTROW_REHEARSAL: 'sandbox-gateway',
    TRUSTED_DOCUMENTS: 'deploy/trusted-documents/journey.json',
    TRUST_PROXY: 'false',
    TYPESENSE_API_KEY: search.apiKey,
    TYPESENSE_PREFIX: search.prefix,
  };
  const [apiPort = 0, paymentsPort = 0, gatewayPort = 0, redisPort = 0] = await freePorts(4);
  const services = readCompose(env);
  server = await startDatabases(services['booking-db']?.command ?? []);
  await startRedis(services.redis ?? {}, redisPort);
  redisUrl = `redis://127.0.0.1:${redisPort}`;
  apiUrl = `http://127.0.0.1:${apiPort}`;
  for (const [name, port] of [
    ['api', apiPort],
    ['payments', paymentsPort],
    ['gateway-sandbox', gatewayPort],
  ] as const) {
    const environment = services[name]?.environment ?? {};
    for (const key of ['PORT', 'PAYMENTS_PORT', 'GATEWAY_PORT']) if (environment[key]) environment[key] = String(port);
  }
  compose = composeRunner(services, [
    ['booking-db:5432', `127.0.0.1:${server.port}`],
    ['payments-db:5432', `127.0.0.1:${server.port}`],
    ['redis:6379', `127.0.0.1:${redisPort}`],
    ['http://typesense:8108', search.url],
    ['payments:4001', `127.0.0.1:${paymentsPort}`],
    ['gateway-sandbox:4002', `127.0.0.1:${gatewayPort}`],
    ['localhost:4002', `127.0.0.1:${gatewayPort}`],
    ['/app/web/dist', join(root, 'web/dist')],
    ['/data/gateway', join(folder, 'gateway')],
    ['9464', '0'],
    ['0.0.0.0', '127.0.0.1'],
  ]);
});
afterAll(async () => {
  await compose?.stopAll();
  for (const close of closers.reverse()) await close();
  await rm(folder, { recursive: true, force: true });
});

/** With the settings of the compose file, and its superuser. */
async function startDatabases(command: readonly string[]): Promise<RunningServer> {
  const settings = Object.fromEntries(command.filter((part) => part.includes('=')).map((part) => part.split('=', 2)));
  expect(settings).toMatchObject({ wal_level: 'logical' });
  const password = 'of-the-first-superuser';
  const dataDir = join(folder, 'postgres');
  const started = await startPostgres({
    dataDir,
    password,
    durable: false,
    settings,
    log: () => {},
    disposableDir: folder,
  });
  closers.push(() => started.stop());
  const admin = postgres(started.url, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create role frontrow superuser login password '${env.POSTGRES_PASSWORD}'`);
  await admin.end();
  for (const name of ['frontrow_booking', 'frontrow_payments']) await ensureDatabase(started.url, name);
  return started;
}

/** With the exact command of the compose file, and the access list where the file mounts it. */
async function startRedis(
  { command = [], environment = {} }: ReturnType<typeof readCompose>[string],
  port: number,
): Promise<void> {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  symlinkSync(await fetchValkey(() => {}), join(bin, 'valkey-server'));
  const script = (command.at(-1) ?? '')
    .replace('/etc/frontrow/users.acl', join(root, 'deploy/redis/users.acl'))
    .replaceAll('/tmp/users.acl', join(folder, 'users.acl'));
  expect(command.slice(0, 2)).toEqual(['sh', '-c']);
  const child = spawn('sh', ['-c', `${script} --port ${port} --bind 127.0.0.1 --dir ${folder} --save ''`], {
    env: { ...environment, PATH: `${bin}:${process.env.PATH}` },
    stdio: 'ignore',
  });
  closers.push(() => child.kill('SIGTERM'));
}

const documents = JSON.parse(readFileSync(join(root, 'deploy/trusted-documents/journey.json'), 'utf8')) as Record<
  string,
  string
>;
const idOf = (name: string) => Object.keys(documents).find((id) => documents[id]?.includes(` ${name}(`)) ?? name;
async function post(body: object, token?: string) {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const response = await fetch(`${apiUrl}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) });
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
  return (await response.json()) as any;
}
const ask = (name: string, variables: object, token?: string) =>
  post({ variables, extensions: { persistedQuery: { version: 1, sha256Hash: idOf(name) } } }, token);

test('the one-shot services end in order, and production imports no demo data', async () => {
  expect(await compose.run('roles')).toEqual({ code: 0, out: expect.stringContaining('frontrow_owner, frontrow_app') });
  const migrated = await compose.run('migrate');
  expect(migrated).toEqual({ code: 0, out: expect.stringContaining('booking: granted the roles their rights') });
  expect(await compose.run('migrate')).toEqual({ code: 0, out: expect.stringContaining('0 migrations applied') });
  expect(await compose.run('import')).toEqual({
    code: 0,
    out: expect.stringContaining('does not import the demo data'),
  });
  app = openDb({ url: urlAs('frontrow_app', env.DATABASE_APP_PASSWORD, 'booking'), poolMax: 2, name: 'compose-test' });
  closers.push(() => closeDb(app));
  event = await seedEvent(app, { seats: 20, title: 'Rehearsal of a premiere' });
});

test('every process is ready, and reports that this is a rehearsal', async () => {
  const names = ['gateway-sandbox', 'payments', 'relay', 'worker', 'api'];
  const started = await Promise.all(names.map((name) => compose.start(name)));
  for (const [index, { metricsUrl }] of started.entries()) {
    if (names[index] === 'gateway-sandbox') continue;
    await vi.waitFor(async () => expect((await fetch(`${metricsUrl}/ready`)).status, names[index]).toBe(200), {
      timeout: 25_000,
    });
  }
  for (const name of names)
    expect(
      compose.lines.filter((line) => line.startsWith(`${name}: `) && line.includes('REHEARSAL')),
      name,
    ).toHaveLength(1);
});

test('a fan finds, holds, pays and gets tickets with trusted documents; another document is refused', async () => {
  const searched = await vi.waitFor(
    async () => {
      const { data } = await ask('FindEvents', { text: 'rehearsal premiere', first: 5 });
      expect(data.searchEvents).toMatchObject({ totalCount: 1, degraded: false });
      return data.searchEvents.edges[0].node;
    },
    { timeout: 30_000, interval: 300 },
  );
  const { data: guest } = await ask('SignInAsGuest', { input: { email: 'fan@example.org' } });
  const token = guest.signInAsGuest.session.accessToken;
  const { data: free } = await ask('FreeSeats', { eventId: searched.id, first: 2 }, token);
  const seatIds = free.seatMap.seats.nodes.map(({ seat }: { seat: { id: string } }) => seat.id);
  const { data: held } = await ask(
    'CreateBooking',
    { input: { eventId: searched.id, seatIds, idempotencyKey: randomUUID() } },
    token,
  );
  expect(held.createBooking.__typename).toBe('CreateBookingSuccess');
  const { id } = held.createBooking.booking;
  const booking = async () => (await ask('Booking', { id }, token)).data.booking;
  const url = await vi.waitFor(
    async () => {
      const { payment } = await booking();
      expect(payment?.url).toMatch(/^http/);
      return payment.url as string;
    },
    { timeout: 25_000 },
  );
  await fetch(url, { method: 'POST', body: new URLSearchParams({ outcome: 'pay' }), redirect: 'manual' });
  await vi.waitFor(async () => expect(await booking()).toMatchObject({ status: 'CONFIRMED', tickets: [{}, {}] }), {
    timeout: 25_000,
  });
  expect(await post({ query: '{ __typename }' })).toMatchObject({ errors: [{}] });
  expect(await post({ query: '{ __schema { types { name } } }' })).toMatchObject({ errors: [{}] });
});

test('the commands of the runbooks run in the service tools', async () => {
  expect(await compose.run('tools', 'invariants')).toEqual({
    code: 0,
    out: expect.stringMatching(/holds {2}I01[\s\S]*holds {2}I08/),
  });
  expect(await compose.run('tools', 'parked', 'list')).toEqual({ code: 0, out: 'Nothing is parked.\n' });
  expect(
    await compose.run('tools', 'account', '--role', 'organizer', '--email', 'ann@example.org', '--all-events'),
  ).toEqual({
    code: 0,
    out: expect.stringContaining('organizes 1 event'),
  });
  expect(await compose.run('tools', 'reindex')).toEqual({ code: 0, out: expect.stringContaining('1 events in') });
});

describe('roles', () => {
  const roles = ['app', 'payments', 'relay'] as const;
  const passwordOf = (role: (typeof roles)[number]) => env[`DATABASE_${role.toUpperCase()}_PASSWORD`];
  const as = async (role: (typeof roles)[number], database: 'booking' | 'payments', statement: string) => {
    const sql = postgres(urlAs(`frontrow_${role}`, passwordOf(role), database), { max: 1, onnotice: () => {} });
    try {
      await sql.begin(async (tx) => {
        await tx.unsafe(statement);
        await tx.unsafe('select 1 / 0');
      });
      return 'committed';
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      return code === '22012' ? 'allowed' : `${code} ${message}`;
    } finally {
      await sql.end({ timeout: 1 });
    }
  };

  test('no process owns a table; the owner of the migrations owns all tables', async () => {
    for (const database of ['booking', 'payments'] as const) {
      const sql = postgres(urlAs('frontrow', env.POSTGRES_PASSWORD, database), { max: 1 });
      const owned = await sql`select 1 from pg_shdepend where deptype = 'o' and refobjid in
        ('frontrow_app'::regrole, 'frontrow_payments'::regrole, 'frontrow_relay'::regrole)`;
      expect(owned).toHaveLength(0);
      const owners = await sql`select distinct relowner::regrole::text as owner from pg_class
        where relnamespace in ('public'::regnamespace, 'event_log'::regnamespace) and relkind in ('r', 'p', 'S')`;
      expect(owners).toEqual([{ owner: 'frontrow_owner' }]);
      await sql.end();
    }
  });

  test.each([
    'alter table bookings add column x int',
    'drop table bookings',
    'truncate bookings',
    'create table mine (id int)',
    'create schema mine',
    'create temporary table mine (id int)',
    'create index on bookings (id)',
    'alter table outbox disable trigger all',
    'drop publication frontrow_outbox',
    'update schema_migrations set checksum = null',
    'delete from relay_slots',
    "copy bookings to program 'cat'",
  ])('app may not: %s', async (statement) => {
    expect(await as('app', 'booking', statement)).toMatch(/^42501 |must be owner/);
  });

  test.each([
    ['app', 'booking', 'delete from bookings', 'allowed'],
    ['app', 'payments', 'select 1', /permission denied for database/],
    ['payments', 'booking', 'select from event_log.messages', 'allowed'],
    ['payments', 'booking', 'delete from event_log.messages', /^42501/],
    ['payments', 'booking', 'select from public.bookings', /^42501/],
    ['payments', 'booking', 'select from public.users', /^42501/],
    ['payments', 'booking', 'insert into public.outbox default values', /^42501/],
    ['payments', 'payments', 'delete from payments', 'allowed'],
    ['payments', 'payments', 'drop table payments', /must be owner/],
    ['relay', 'booking', 'select from outbox', 'allowed'],
    ['relay', 'booking', 'delete from outbox', /^42501/],
    ['relay', 'booking', 'select from public.bookings', /^42501/],
    ['relay', 'booking', 'select from public.users', /^42501/],
    ['relay', 'payments', 'select from payments', /^42501/],
    ['app', 'booking', "select pg_create_logical_replication_slot('mine', 'pgoutput')", /^42501/],
    ['payments', 'payments', "select pg_create_logical_replication_slot('mine', 'pgoutput')", /^42501/],
  ] as const)('%s in the %s database: %s', async (role, database, statement, expected) => {
    expect(await as(role, database, statement)).toMatch(expected);
  });
});

test('Redis requires a password, and no user may administer it', async () => {
  const client = new Redis(redisUrl, { username: 'frontrow', password: env.REDIS_PASSWORD ?? '', lazyConnect: true });
  await client.connect();
  for (const command of [
    'FLUSHALL',
    'FLUSHDB',
    'KEYS *',
    'CONFIG GET dir',
    'CONFIG SET maxmemory 1',
    'SHUTDOWN',
    'MONITOR',
    'ACL LIST',
    'SAVE',
    'REPLICAOF NO ONE',
  ]) {
    const [name = '', ...args] = command.split(' ');
    await expect(client.call(name, ...args), command).rejects.toThrow(/NOPERM/);
  }
  expect(await client.ping()).toBe('PONG');
  client.disconnect();
  const stranger = new Redis(redisUrl, { lazyConnect: true, retryStrategy: () => null });
  stranger.on('error', () => {});
  await expect(stranger.connect().then(() => stranger.set('a', 'b'))).rejects.toThrow(/NOAUTH|closed/);
  stranger.disconnect();
});

test('no process was refused anything meanwhile, and all end in order', async () => {
  expect(event.seatCount).toBe(20);
  expect(compose.lines.filter((line) => /NOPERM|NOAUTH|permission denied|must be owner|42501/.test(line))).toEqual([]);
  expect(hash('sha256', documents[idOf('Booking')] ?? '')).toBe(idOf('Booking'));
});
