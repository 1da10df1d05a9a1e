import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import connect from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '#db/migrate.ts';
import { ensureDatabase, startPostgres } from '#processes/dev/servers/postgres.ts';
import { freePorts, isPortFree, launch, type RunningServer } from '#processes/dev/servers/server-process.ts';
import { post } from '#test/fans/graphql-http.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { testSearch } from '#test/support/search/search.ts';
import { type Authority, createAuthority } from '#test/support/servers/authority.ts';
import { connectionOf } from '#test/support/servers/connection.ts';
import { systemPrograms } from '#test/support/servers/system-programs.ts';
import { unprivileged } from '#test/support/servers/unprivileged.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

const programs = await systemPrograms('openssl', 'haproxy');

/** PostgreSQL speaks TLS itself. HAProxy adds it to Redis and Typesense, because the tests have builds without TLS. */
describe.runIf(programs)('stores that are reached by TLS', { timeout: 240_000 }, () => {
  let folder: string;
  let ours: Authority;
  let others: Authority;
  let postgres: RunningServer;
  let terminator: { stop(): Promise<void> };
  let system: System;
  let urls: Record<'booking' | 'payments' | 'redis' | 'search', string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'frontrow-tls-'));
    await chmod(folder, 0o755);
    ours = await createAuthority(programs?.openssl ?? '', folder, 'ours');
    others = await createAuthority(programs?.openssl ?? '', folder, 'others');
    postgres = await startSecurePostgres();
    const [redis, search] = [await testRedisUrl(), await testSearch()];
    const ports = await freePorts(2);
    terminator = await startTerminator(ports, [redis, search.url]);
    const databases = { booking: '', payments: '' };
    for (const name of ['booking', 'payments'] as const) {
      databases[name] = await ensureDatabase(postgres.url, name);
      await migrate({ url: databases[name], folder: name });
    }
    const secured = (url: string) => `${url.replace('127.0.0.1', 'localhost')}?sslmode=verify-full`;
    urls = {
      booking: secured(databases.booking),
      payments: secured(databases.payments),
      redis: `rediss://localhost:${ports[0]}${new URL(redis).pathname}`,
      search: `https://localhost:${ports[1]}`,
    };
    system = await startSystem({
      databases: {
        booking: { url: databases.booking, drop: async () => undefined },
        payments: { url: databases.payments, drop: async () => undefined },
      },
      env: {
        DATABASE_URL: urls.booking,
        PAYMENTS_DATABASE_URL: urls.payments,
        REDIS_URL: urls.redis,
        TYPESENSE_URL: urls.search,
        TYPESENSE_API_KEY: search.apiKey,
        TYPESENSE_PREFIX: search.prefix,
        NODE_EXTRA_CA_CERTS: ours.ca,
        LOG_LEVEL: 'warn',
      },
    });
  });
  afterAll(async () => {
    await system?.stop();
    await Promise.all([terminator?.stop(), postgres?.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  async function startSecurePostgres(): Promise<RunningServer> {
    const files = join(folder, 'of-postgres');
    await mkdir(files);
    await copyFile(ours.certificate, join(files, 'cert.pem'));
    await copyFile(ours.key, join(files, 'key.pem'));
    await chmod(join(files, 'key.pem'), 0o600);
    await unprivileged(files, 'postgres');
    return await startPostgres({
      dataDir: join(folder, 'postgres'),
      password: 'secret',
      log: console.error,
      durable: false,
      disposableDir: folder,
      settings: { ssl: 'on', ssl_cert_file: join(files, 'cert.pem'), ssl_key_file: join(files, 'key.pem') },
    });
  }

  async function startTerminator(ports: readonly number[], plain: readonly string[]) {
    const file = join(folder, 'haproxy.cfg');
    const ways = ports.map(
      (port, i) =>
        `listen way${i}\n  bind 127.0.0.1:${port} ssl crt ${ours.both}\n  server s ${new URL(plain[i] ?? '').host}\n`,
    );
    await writeFile(
      file,
      `defaults\n  mode tcp\n  timeout connect 2s\n  timeout client 60s\n  timeout server 60s\n${ways.join('')}`,
    );
    const server = await launch({
      name: 'HAProxy',
      command: programs?.haproxy ?? '',
      args: ['-db', '-f', file],
      dataDir: folder,
    });
    while (await isPortFree(ports[0] ?? 0)) await sleep(20);
    return server;
  }

  test('all processes are ready, and PostgreSQL reports that their connections are encrypted', async () => {
    const ready = async () => (await fetch(`${system.apiUrl}/ready`)).status;
    await expect.poll(ready, { timeout: 30_000 }).toBe(200);
    const sql = connect(postgres.url, { max: 1 });
    const rows = await sql`select count(*) filter (where ssl.ssl)::int as encrypted, count(*)::int as "all"
      from pg_stat_activity join pg_stat_ssl ssl using (pid) where application_name like 'frontrow-%'`;
    await sql.end();
    expect(rows[0]?.encrypted).toBeGreaterThan(5);
    expect(rows[0]?.encrypted).toBe(rows[0]?.all);
    const search = async () => {
      const { data } = await post(system.apiUrl, { query: '{ searchEvents(first: 1) { degraded } }' });
      return data?.searchEvents?.degraded;
    };
    await expect.poll(search, { timeout: 30_000 }).toBe(false);
  });

  /** What a process prints that does not start. */
  async function refusal(process_: string, env: Record<string, string>): Promise<string> {
    const child = spawn(process.execPath, [`src/processes/${process_}.ts`], {
      env: { ...system.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        said += text;
      });
    const [code] = await once(child, 'close');
    expect(code).toBe(1);
    return said;
  }

  test('an untrusted CA is refused at the start, for every store in one message', async () => {
    const said = await refusal('worker', { NODE_EXTRA_CA_CERTS: others.ca });
    for (const variable of ['DATABASE_URL', 'REDIS_URL', 'TYPESENSE_URL'])
      expect(said).toContain(`The TLS connection to the server of ${variable} fails`);
    expect(said).toContain('NODE_EXTRA_CA_CERTS');
  });

  test('a server without TLS is refused at the start', async () => {
    const { adminUrl } = await connectionOf('postgres');
    const said = await refusal('relay', { DATABASE_URL: `${adminUrl}?sslmode=verify-full` });
    expect(said).toContain('The TLS connection to the server of DATABASE_URL fails (ERR_TLS_NOT_OFFERED');
  });

  test('a certificate is compared with the configured address', async () => {
    // The same server, by an address that its certificate does not have.
    const said = await refusal('payments', { PAYMENTS_DATABASE_URL: urls.payments.replace('localhost', '127.0.0.1') });
    expect(said).toContain('The TLS connection to the server of PAYMENTS_DATABASE_URL fails');
    expect(said).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
  });
});
