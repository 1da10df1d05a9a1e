import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '#processes/dev/servers/server-process.ts';
import { serverFlags } from '#processes/node-flags.ts';
import { withDeadline } from '#shared/deadline.ts';
import { createBookingDatabase, createPaymentsDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { type TestKafka, testKafka } from '#test/support/kafka/kafka.ts';
import type { Network } from '#test/support/network/network.ts';
import { sandboxKeys } from '#test/support/payments/sandbox-gateway.ts';
import { testRedisUrl } from '#test/support/redis/redis.ts';
import { testSearch } from '#test/support/search/search.ts';
import { newPrivateKey } from './keys.ts';

const ownRoot = resolve(import.meta.dirname, '../../..');
/** On a busy machine the slowest process takes a few seconds. */
const READY_WITHIN_MS = 90_000;
/** One process that is all of them at once. */
const everythingInOne = fileURLToPath(new URL('../../chaos/rush/everything.ts', import.meta.url));

export type ProcessName = 'api' | 'api-2' | 'payments' | 'relay' | 'worker' | 'gateway-sandbox' | 'everything';
const everything: readonly ProcessName[] = ['gateway-sandbox', 'payments', 'relay', 'worker', 'api'];

export type SystemOptions = {
  processes?: readonly ProcessName[];
  /** Reaches every process. */
  env?: Record<string, string>;
  /** False: the processes get the address of a Redis that does not exist. */
  redis?: boolean;
  /** A Typesense of the test run; without it PostgreSQL answers searches. */
  search?: boolean;
  /** Databases of another server than that of the test run. */
  databases?: { booking: TestDatabase; payments: TestDatabase };
  /** Another Redis than that of the test run. */
  redisUrl?: string;
  /** The event log; on Kafka a broker of the test run unless `kafka` names others. Default: the booking database. */
  log?: 'postgres' | 'kafka';
  kafka?: TestKafka;
  /** The processes reach every server through it; the test itself does not. */
  network?: Network;
  /** The folder with the `src` to run; default: this one. */
  root?: string;
};

export type System = {
  apiUrl: string;
  secondApiUrl: string;
  gatewayUrl: string;
  gatewayApiKey: string;
  /** The URL to which the gateway sends its notices. */
  webhookUrl: string;
  bookingUrl: string;
  paymentsUrl: string;
  redisUrl: string;
  kafka: TestKafka | undefined;
  /** The environment of the processes. */
  env: Readonly<Record<string, string>>;
  /** The output of the processes, line by line. */
  lines: readonly string[];
  /** The present metrics of the process. */
  metrics(name: ProcessName): Promise<string>;
  /** The address of its metrics, health and readiness. */
  metricsUrl(name: ProcessName): string;
  /** The id of the running process. */
  pid(name: ProcessName): number;
  /** Resolves when the process reports that it is ready. `env` applies to this start only. */
  start(name: ProcessName, env?: Record<string, string>): Promise<void>;
  /** Resolves when the process is gone, with its exit code; null when a signal ended it. */
  kill(name: ProcessName, signal?: NodeJS.Signals): Promise<number | null>;
  /** Resolves when the process ended by itself, with the signal that ended it. */
  ended(name: ProcessName): Promise<NodeJS.Signals | null>;
  stop(): Promise<void>;
};

/** The whole product as in production, each part a process, on databases of its own. */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const [booking, payments, dataFolder] = await Promise.all([
    options.databases?.booking ?? createBookingDatabase(),
    options.databases?.payments ?? createPaymentsDatabase(),
    mkdtemp(join(tmpdir(), 'frontrow-system-')),
  ]);
  const redisUrl = await redisUrlOf(options);
  const kafka = await kafkaOf(options);
  const ports = {
    api: await freePort(),
    api2: await freePort(),
    payments: await freePort(),
    gateway: await freePort(),
  };
  const env = await systemEnvironment(options, {
    booking: booking.url,
    payments: payments.url,
    redisUrl,
    kafka,
    dataFolder,
    ports,
  });
  const running = new Map<ProcessName, ChildProcess>();
  const lines: string[] = [];
  const metricsPorts = new Map<ProcessName, number>();

  const start: System['start'] = async (name, extra = {}) => {
    const child = startProcess(
      name,
      {
        ...env,
        RUSH_SECOND_PORT: String(ports.api2),
        ...(name === 'api-2' ? { PORT: String(ports.api2) } : {}),
        ...extra,
      },
      { lines, root: options.root ?? ownRoot },
    );
    running.set(name, child);
    const ready = Promise.withResolvers<void>();
    child.on('message', (message) => {
      const { ready: isReady, metricsPort } = message as { ready?: boolean; metricsPort?: number };
      if (metricsPort !== undefined) metricsPorts.set(name, metricsPort);
      if (isReady) ready.resolve();
    });
    const early = once(child, 'exit').then(() => {
      throw new Error(`${name} ended before it was ready:\n${lines.slice(-20).join('\n')}`);
    });
    // The caller has a deadline too, and could not say which process it was.
    await withDeadline(Promise.race([ready.promise, early]), READY_WITHIN_MS, () => {
      throw new Error(`${name} is not ready after ${READY_WITHIN_MS} ms:\n${lines.slice(-20).join('\n')}`);
    });
    early.catch(() => {});
  };
  const metricsUrl = (name: ProcessName) => `http://127.0.0.1:${metricsPorts.get(name)}`;
  const ended: System['ended'] = async (name) => {
    const child = running.get(name);
    if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    running.delete(name);
    return child?.signalCode ?? null;
  };
  const kill: System['kill'] = async (name, signal = 'SIGKILL') => {
    const child = running.get(name);
    child?.kill(signal);
    await ended(name);
    return child?.exitCode ?? null;
  };
  const stop = async () => {
    const asked = [...running];
    await Promise.all(asked.map(([name]) => kill(name, 'SIGTERM')));
    const failed = asked.filter(([, child]) => child.exitCode !== 0).map(([name]) => name);
    await Promise.all([
      options.network?.close(),
      booking.drop(),
      payments.drop(),
      rm(dataFolder, { recursive: true, force: true }),
    ]);
    if (failed.length > 0)
      throw new Error(`Did not end in order: ${failed.join(', ')}\n${lines.slice(-30).join('\n')}`);
  };

  try {
    await Promise.all((options.processes ?? everything).map((name) => start(name)));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    apiUrl: `http://127.0.0.1:${ports.api}`,
    secondApiUrl: `http://127.0.0.1:${ports.api2}`,
    gatewayUrl: `http://127.0.0.1:${ports.gateway}`,
    gatewayApiKey: keys.apiKey,
    webhookUrl: webhookUrl(ports),
    bookingUrl: booking.url,
    paymentsUrl: payments.url,
    redisUrl,
    kafka,
    env,
    lines,
    metrics: async (name) => (await fetch(`${metricsUrl(name)}/metrics`)).text(),
    metricsUrl,
    pid: (name) => running.get(name)?.pid ?? Number.NaN,
    start,
    kill,
    ended,
    stop,
  };
}

async function redisUrlOf(options: SystemOptions): Promise<string> {
  if (options.redisUrl !== undefined) return options.redisUrl;
  return options.redis === false ? `redis://127.0.0.1:${await freePort()}` : testRedisUrl();
}

async function kafkaOf({ log, kafka }: SystemOptions): Promise<TestKafka | undefined> {
  if (log !== 'kafka') return undefined;
  const broker = kafka ?? (await testKafka());
  if (!broker) throw new Error('There is no Kafka on this machine.');
  return broker;
}

const keys = {
  ...sandboxKeys,
  token: newPrivateKey(),
  ticket: newPrivateKey(),
  admission: 'k1:admissions-of-these-tests-and-no-others',
};

const webhookUrl = (ports: { payments: number }) => `http://127.0.0.1:${ports.payments}/webhooks/gateway`;

type Places = {
  booking: string;
  payments: string;
  redisUrl: string;
  kafka: TestKafka | undefined;
  dataFolder: string;
  ports: { api: number; payments: number; gateway: number };
};

async function systemEnvironment(options: SystemOptions, places: Places): Promise<Record<string, string>> {
  const search = options.search ? await testSearch() : undefined;
  const gatewayUrl = `http://127.0.0.1:${places.ports.gateway}`;
  const reach: Network['through'] = async (part, url) => (await options.network?.through(part, url)) ?? url;
  return {
    PATH: process.env.PATH ?? '',
    ...(process.env.NODE_COMPILE_CACHE ? { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE } : {}),
    DATABASE_URL: await reach('booking', places.booking),
    PAYMENTS_DATABASE_URL: await reach('payments', places.payments),
    REDIS_URL: await reach('redis', places.redisUrl),
    ...(search
      ? {
          TYPESENSE_URL: await reach('search', search.url),
          TYPESENSE_API_KEY: search.apiKey,
          TYPESENSE_PREFIX: search.prefix,
        }
      : {}),
    ...(places.kafka
      ? { EVENT_LOG: 'kafka', KAFKA_BROKERS: places.kafka.brokers.join(), KAFKA_TOPIC_PREFIX: places.kafka.prefix }
      : {}),
    TOKEN_PRIVATE_KEY: keys.token,
    ADMISSION_KEYS: keys.admission,
    TICKET_PRIVATE_KEY: keys.ticket,
    METRICS_PORT: '0',
    PORT: String(places.ports.api),
    PAYMENTS_PORT: String(places.ports.payments),
    PAYMENTS_URL: `http://127.0.0.1:${places.ports.payments}`,
    BOOKS_TOKEN: 'the-books-of-these-tests-and-no-others',
    GATEWAY_PORT: String(places.ports.gateway),
    GATEWAY_URL: await reach('gateway', gatewayUrl),
    GATEWAY_PUBLIC_URL: gatewayUrl,
    GATEWAY_DATA: places.dataFolder,
    GATEWAY_API_KEY: keys.apiKey,
    GATEWAY_WEBHOOK_SECRET: keys.webhookSecret,
    GATEWAY_WEBHOOK_SECRETS: keys.webhookSecret,
    GATEWAY_WEBHOOK_URL: webhookUrl(places.ports),
    MAIL_URL: `http://mail:${keys.apiKey}@127.0.0.1:${places.ports.gateway}/mails`,
    MAIL_FROM: 'Frontrow <tickets@frontrow.example>',
    RECOVERY_URL: 'https://tickets.example/recover#{token}',
    // All fans of a test are at one address, which may hold only a few seats unpaid. The tests of that limit set it.
    HOARDING_LIMITS: 'off',
    ...options.env,
  };
}

function startProcess(
  name: ProcessName,
  env: Record<string, string>,
  { lines, root }: { lines: string[]; root: string },
): ChildProcess {
  const isAll = name === 'everything';
  const file = isAll ? everythingInOne : join(root, `src/processes/${name.replace(/-2$/, '')}.ts`);
  const child = spawn(process.execPath, [...serverFlags, file], {
    env: isAll ? { ...env, RUSH_ROOT: root } : env,
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      if (process.env.FRONTROW_TEST_LOG) appendFileSync(process.env.FRONTROW_TEST_LOG, text);
      for (const line of text.split('\n').filter(Boolean)) lines.push(`${name}: ${line}`);
    });
  }
  return child;
}
