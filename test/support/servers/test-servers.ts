import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '#db/migrate.ts';
import { ServerUnavailable } from '#processes/dev/servers/fetch-servers.ts';
import { startKafka } from '#processes/dev/servers/kafka.ts';
import { ensureDatabase, startPostgres } from '#processes/dev/servers/postgres.ts';
import { isAlive, type RunningServer } from '#processes/dev/servers/server-process.ts';
import { startTypesense } from '#processes/dev/servers/typesense.ts';
import { startValkey } from '#processes/dev/servers/valkey.ts';

export const testServerNames = ['postgres', 'redis', 'typesense', 'kafka'] as const;
export type TestServerName = (typeof testServerNames)[number];

export interface PostgresConnection {
  /** A superuser's url, of the database `postgres`. */
  adminUrl: string;
  templates: { booking: string; payments: string };
}
export interface RedisConnection {
  url: string;
}
export interface TypesenseConnection {
  url: string;
  apiKey: string;
}
/** `brokers` in the form of KAFKA_BROKERS; undefined if there is no Kafka, and `missing` says why. */
export type KafkaConnection = { brokers: string; missing?: never } | { brokers?: never; missing: string };
export type TestConnection = PostgresConnection | RedisConnection | TypesenseConnection | KafkaConnection;

const prefix = 'frontrow-test-';

/**
 * One set of servers in a fresh folder. `TEST_DATABASE_URL`, `TEST_REDIS_URL`, `TEST_TYPESENSE_URL` with
 * `TEST_TYPESENSE_API_KEY` and `TEST_KAFKA_BROKERS` name servers to use instead. `close` stops the started servers
 * and removes the folder.
 */
export async function openTestServers() {
  await removeLeftovers();
  const running: RunningServer[] = [];
  const started = new Map<TestServerName, Promise<TestConnection>>();
  let folder: Promise<string> | undefined;
  const dataDir = async (name: string) => {
    folder ??= mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
    return { disposableDir: await folder, dataDir: join(await folder, name), durable: false, log: console.error };
  };
  const keep = (server: RunningServer) => {
    running.push(server);
    return server;
  };

  const starters: Record<TestServerName, () => Promise<TestConnection>> = {
    postgres: async () => {
      const password = randomBytes(12).toString('hex');
      const given = process.env.TEST_DATABASE_URL;
      const adminUrl = given ?? keep(await startPostgres({ ...(await dataDir('postgres')), password })).url;
      return { adminUrl, templates: await createTemplates(adminUrl) };
    },
    redis: async () => {
      const given = process.env.TEST_REDIS_URL;
      return { url: given ?? keep(await startValkey({ ...(await dataDir('valkey')), databases: 1024 })).url };
    },
    typesense: async () => {
      const apiKey = process.env.TEST_TYPESENSE_API_KEY ?? randomBytes(16).toString('hex');
      const given = process.env.TEST_TYPESENSE_URL;
      return { apiKey, url: given ?? keep(await startTypesense({ ...(await dataDir('typesense')), apiKey })).url };
    },
    kafka: async () => {
      const given = process.env.TEST_KAFKA_BROKERS;
      if (given) return { brokers: given };
      try {
        return { brokers: keep(await startKafka(await dataDir('kafka'))).url };
      } catch (error) {
        if (!(error instanceof ServerUnavailable)) throw error;
        console.error(`\nThe tests on Kafka are SKIPPED. ${error.message} Tests use those of TEST_KAFKA_BROKERS.\n`);
        return { missing: error.message };
      }
    },
  };

  return {
    start(name: TestServerName): Promise<TestConnection> {
      const starting = started.get(name) ?? starters[name]();
      started.set(name, starting);
      return starting;
    },
    async close(): Promise<void> {
      await Promise.allSettled(started.values());
      await Promise.all(running.map((server) => server.stop()));
      if (folder) await rm(await folder, { recursive: true, force: true });
    },
  };
}

/** Migrates each database once; test files clone them. A shared server gets templates of this run's own. */
async function createTemplates(adminUrl: string): Promise<PostgresConnection['templates']> {
  const templates = { booking: `template_booking_${process.pid}`, payments: `template_payments_${process.pid}` };
  for (const folder of ['booking', 'payments'] as const) {
    await migrate({ url: await ensureDatabase(adminUrl, templates[folder]), folder });
  }
  return templates;
}

/** The guards remove the folder of a run that was killed; this removes folders whose guard was killed as well. */
async function removeLeftovers(): Promise<void> {
  for (const entry of await readdir(tmpdir())) {
    const pid = Number(entry.startsWith(prefix) && entry.slice(prefix.length).split('-')[0]);
    if (pid > 0 && !isAlive(pid)) await rm(join(tmpdir(), entry), { recursive: true, force: true }).catch(() => {});
  }
}
