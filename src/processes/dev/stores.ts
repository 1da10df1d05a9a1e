import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openRawClient } from '#shared/postgres.ts';
import type { DataFolder } from './data-folder.ts';
import type { KeptPorts } from './kept-ports.ts';
import { say, withProgress } from './pretty-log.ts';
import { ServerUnavailable } from './servers/fetch-servers.ts';
import { startKafka } from './servers/kafka.ts';
import { ensureDatabase, startPostgres } from './servers/postgres.ts';
import { freePort, type RunningServer } from './servers/server-process.ts';
import { startTypesense } from './servers/typesense.ts';
import { startValkey } from './servers/valkey.ts';

export interface StoreUrls {
  DATABASE_URL: string;
  PAYMENTS_DATABASE_URL: string;
}
type EventLogSettings = { EVENT_LOG?: 'kafka'; KAFKA_BROKERS?: string };
type SearchUrls = { TYPESENSE_URL?: string; TYPESENSE_API_KEY?: string };

export interface Stores {
  databases: Promise<StoreUrls>;
  redis: Promise<{ REDIS_URL: string }>;
  /** Empty when Typesense is not available on this machine: then PostgreSQL does the searches. */
  search: Promise<SearchUrls>;
  /** Empty when the event log is in the booking database. */
  eventLog: Promise<EventLogSettings>;
  stop(): Promise<void>;
}

const log = (line: string) => say('frontrow', line);

/** Uses the servers that the environment names, and starts an embedded server for each other one; Kafka on request. */
export function openStores(
  env: NodeJS.ProcessEnv,
  folder: DataFolder,
  { withKafka = env.EVENT_LOG === 'kafka', ports }: { withKafka?: boolean; ports?: KeptPorts } = {},
): Stores {
  const embedded: Promise<EmbeddedServer>[] = [];
  const embed = async (title: string, start: (port?: number) => Promise<RunningServer>) => {
    const starting = withProgress(`Starting ${title}`, async () => keepServer(title, start, await ports?.take(title)));
    embedded.push(starting);
    return (await starting).url;
  };
  const { secrets } = folder;
  const dataDir = (name: string) => join(folder.path, name);

  const databases = async () => {
    const given = givenDatabases(env);
    if (given) return given;
    const password = secrets.postgresPassword;
    const url = await embed('PostgreSQL', (port) =>
      startPostgres({ dataDir: dataDir('postgres'), password, port, log }),
    );
    return {
      DATABASE_URL: withDatabase(url, 'frontrow_booking'),
      PAYMENTS_DATABASE_URL: withDatabase(url, 'frontrow_payments'),
    };
  };
  const redis = async () => {
    const given = env.REDIS_URL;
    if (given) return { REDIS_URL: given };
    try {
      return { REDIS_URL: await embed('Valkey', (port) => startValkey({ dataDir: dataDir('valkey'), port, log })) };
    } catch (error) {
      if (!(error instanceof ServerUnavailable)) throw error;
      log(
        `There is no Redis: PostgreSQL alone decides about holds, and live maps are updated every few seconds. ${error.message}`,
      );
      // No server listens there, so each process goes on without Redis.
      return { REDIS_URL: `redis://127.0.0.1:${await freePort()}` };
    }
  };
  const search = async (): Promise<SearchUrls> => {
    const { TYPESENSE_URL, TYPESENSE_API_KEY } = env;
    if (TYPESENSE_URL) return { TYPESENSE_URL, TYPESENSE_API_KEY: TYPESENSE_API_KEY ?? '' };
    const apiKey = secrets.typesenseApiKey;
    try {
      const start = (port?: number) => startTypesense({ dataDir: dataDir('typesense'), apiKey, port, log });
      return { TYPESENSE_URL: await embed('Typesense', start), TYPESENSE_API_KEY: apiKey };
    } catch (error) {
      log(
        `Search runs without Typesense: PostgreSQL does the searches, marked "degraded". ${(error as Error).message}`,
      );
      return {};
    }
  };
  const eventLog = async (): Promise<EventLogSettings> => {
    if (!withKafka) return {};
    const start = (port?: number) => startKafka({ dataDir: dataDir('kafka'), port, log, mayInstall: true });
    return { EVENT_LOG: 'kafka', KAFKA_BROKERS: env.KAFKA_BROKERS || (await embed('Kafka', start)) };
  };
  return {
    databases: databases().then(ensureBoth),
    redis: redis(),
    search: search(),
    eventLog: eventLog(),
    async stop() {
      const servers = await Promise.allSettled(embedded);
      await Promise.all(servers.map((server) => (server.status === 'fulfilled' ? server.value.stop() : undefined)));
    },
  };
}

interface EmbeddedServer {
  url: string;
  stop(): Promise<void>;
}

/** Starts a server. When it dies, starts it again on the same port, so that its url stays valid. */
async function keepServer(
  title: string,
  start: (port?: number) => Promise<RunningServer>,
  wanted?: number,
): Promise<EmbeddedServer> {
  let server = await start(wanted);
  const { url, port } = server;
  const stopping = new AbortController();
  const watch = async () => {
    while (!stopping.signal.aborted) {
      const outcome = await server.exited;
      if (stopping.signal.aborted) return;
      const [how, ...tail] = outcome.split('\n');
      log([how, ...tail.slice(-3), `Starting ${title} again ...`].join('\n  '));
      await delay(500, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      await start(port).then(
        (next) => {
          server = next;
        },
        (error: Error) => log(error.message),
      );
    }
  };
  const watching = watch();
  return {
    url,
    async stop() {
      stopping.abort();
      await server.stop();
      await watching;
      // The server was being started again when the stop was requested.
      await server.stop();
    },
  };
}

function givenDatabases(env: NodeJS.ProcessEnv): StoreUrls | undefined {
  const { DATABASE_URL, PAYMENTS_DATABASE_URL } = env;
  if (DATABASE_URL && PAYMENTS_DATABASE_URL) return { DATABASE_URL, PAYMENTS_DATABASE_URL };
  if (!DATABASE_URL && !PAYMENTS_DATABASE_URL) return undefined;
  const missing = DATABASE_URL ? 'PAYMENTS_DATABASE_URL' : 'DATABASE_URL';
  throw new ServerUnavailable(`Booking and payments have a database each: set ${missing} as well, or set neither.`);
}

async function ensureBoth(urls: StoreUrls): Promise<StoreUrls> {
  await ensureExists('DATABASE_URL', urls.DATABASE_URL);
  await ensureExists('PAYMENTS_DATABASE_URL', urls.PAYMENTS_DATABASE_URL);
  return urls;
}

async function ensureExists(setting: string, url: string): Promise<void> {
  const sql = openRawClient({ url, name: 'frontrow-dev' }, { connect_timeout: 10 });
  try {
    await sql`select 1`;
  } catch (error) {
    const missing = (error as { code?: string }).code === '3D000';
    if (!missing) throw new Error(`${setting} cannot be used: ${(error as Error).message}`);
    await ensureDatabase(withDatabase(url, 'postgres'), new URL(url).pathname.slice(1));
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function withDatabase(url: string, name: string): string {
  const target = new URL(url);
  target.pathname = `/${name}`;
  return target.href;
}
