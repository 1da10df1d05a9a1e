import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '#processes/dev/servers/server-process.ts';
import { type FaultProxy, openFaultProxy } from '#test/support/network/fault-proxy.ts';
import { merchantCall, sandboxKeys } from '#test/support/payments/sandbox-gateway.ts';
import { newAdmissionKeys, newPrivateKey } from '#test/support/system/keys.ts';
import { type ChaosBroker, openChaosBroker } from './broker.ts';
import { type ProcessName, processNames, type WayName } from './parts.ts';
import { openPaymentsAccess, type PaymentsTrouble } from './payments-access.ts';
import { type ChaosProcesses, openProcesses } from './processes.ts';
import { type ChaosSearch, openChaosSearch } from './search-server.ts';
import { type ChaosPostgres, type ChaosRedis, openChaosPostgres, openChaosRedis } from './stores.ts';

export type WorldOptions = {
  readonly log: 'postgres' | 'kafka';
  readonly holdTtlSeconds: number;
  /** Reaches every process of the product. */
  readonly env?: Readonly<Record<string, string>>;
};

/** The whole product on its own servers; every part can be killed and comes back on its port. */
export type World = {
  /** Logs, history, databases: everything that the run leaves behind. */
  readonly folder: string;
  readonly postgres: ChaosPostgres;
  readonly redis: ChaosRedis;
  readonly search: ChaosSearch;
  /** With the event log on Kafka. */
  readonly broker: ChaosBroker | undefined;
  readonly processes: ChaosProcesses;
  readonly ways: Readonly<Record<WayName, FaultProxy>>;
  readonly paymentsTrouble: PaymentsTrouble;
  /** To the databases and Redis through the proxies like the processes, and directly without faults. */
  readonly urls: { readonly faulty: StoreUrls; readonly direct: StoreUrls };
  readonly apiPorts: readonly number[];
  readonly gatewayUrl: string;
  readonly tokenPrivateKey: string;
  readonly holdTtlSeconds: number;
  /** The configuration of the processes. */
  readonly environment: Readonly<Record<string, string>>;
  /** Makes the gateway fail in all the ways that are on, and again after it was killed. Returns what ends it. */
  gatewayTrouble(switches: Readonly<Record<string, number>>): Promise<() => Promise<void>>;
  startProcess(name: ProcessName): Promise<void>;
  close(): Promise<void>;
};

export type StoreUrls = { readonly booking: string; readonly payments: string; readonly redis: string };

/** The replay of a lost slot is not a warning. */
const RELAYS_TELL = { LOG_LEVEL: 'info' };

export async function openWorld(options: WorldOptions): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-chaos-'));
  const closers: (() => Promise<unknown>)[] = [];
  const opened = <T>(value: T, close: (value: T) => Promise<unknown>): T => {
    closers.push(() => close(value));
    return value;
  };
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return await build(options, { folder, opened, close });
  } catch (error) {
    await close();
    throw error;
  }
}

type Building = {
  folder: string;
  opened: <T>(value: T, close: (value: T) => Promise<unknown>) => T;
  close: () => Promise<void>;
};

async function build(options: WorldOptions, { folder, opened, close }: Building): Promise<World> {
  await mkdir(join(folder, 'logs'));
  await mkdir(join(folder, 'history'));
  const [postgresPort = 0, redisPort = 0, ...ports] = await freePorts(9);
  const [api = 0, api2 = 0, payments = 0, payments2 = 0, gateway = 0, brokerPort = 0, searchPort = 0] = ports;
  const postgres = opened(await openChaosPostgres(folder, postgresPort), (server) => server.stop());
  const redis = opened(await openChaosRedis(folder, redisPort), (server) => server.stop());
  const broker =
    options.log === 'kafka' ? opened(await openChaosBroker(folder, brokerPort), (server) => server.stop()) : undefined;
  const search = opened(await openChaosSearch(folder, searchPort), (server) => server.stop());
  const gatewayUrl = `http://127.0.0.1:${gateway}`;
  const closeWay = (way: FaultProxy) => way.close();
  const ways = {
    postgres: opened(await openFaultProxy(postgres.bookingUrl), closeWay),
    redis: opened(await openFaultProxy(redis.url), closeWay),
    gateway: opened(await openFaultProxy(gatewayUrl), closeWay),
    search: opened(await openFaultProxy(search.url), closeWay),
  };
  const access = opened(
    await openPaymentsAccess({
      folder,
      directUrl: postgres.paymentsUrl,
      disk: postgres.paymentsDisk,
      way: ways.postgres,
    }),
    (opening) => opening.close(),
  );
  /** Like a load balancer in front of both payments processes: sends to one that is there. */
  const webhooks = opened(await openFaultProxy(`http://127.0.0.1:${payments}`), closeWay);
  const urls = {
    direct: { booking: postgres.bookingUrl, payments: postgres.paymentsUrl, redis: redis.url },
    faulty: {
      booking: ways.postgres.through(postgres.bookingUrl),
      payments: access.url,
      redis: ways.redis.through(redis.url),
    },
  };
  const tokenPrivateKey = newPrivateKey();
  const env = {
    ...sharedEnvironment(options, { urls: urls.faulty, tokenPrivateKey, folder }),
    ...access.env,
    ...(broker && { EVENT_LOG: 'kafka', KAFKA_BROKERS: broker.brokers.join(), KAFKA_TOPIC_PREFIX: broker.prefix }),
    TYPESENSE_URL: ways.search.through(search.url).replace(/\/$/, ''),
    TYPESENSE_API_KEY: search.apiKey,
    GATEWAY_URL: ways.gateway.through(gatewayUrl).replace(/\/$/, ''),
    GATEWAY_PUBLIC_URL: gatewayUrl,
    GATEWAY_PORT: String(gateway),
    GATEWAY_WEBHOOK_URL: `http://127.0.0.1:${webhooks.port}/webhooks/gateway`,
    PAYMENTS_URL: `http://127.0.0.1:${webhooks.port}`,
    BOOKS_TOKEN: 'the-books-of-these-tests-and-no-others',
  };
  const portsOf: Partial<Record<ProcessName, Record<string, string>>> = {
    api: { PORT: String(api) },
    'api-2': { PORT: String(api2) },
    payments: { PAYMENTS_PORT: String(payments) },
    'payments-2': { PAYMENTS_PORT: String(payments2) },
    relay: RELAYS_TELL,
    'relay-2': RELAYS_TELL,
  };
  const processes = opened(
    openProcesses({ logFolder: join(folder, 'logs'), envOf: (name) => ({ ...env, ...portsOf[name] }) }),
    (running) => running.stop(),
  );
  const trouble = openTrouble(gatewayUrl);
  const startProcess = async (name: ProcessName): Promise<void> => {
    await processes.start(name);
    if (name === 'gateway-sandbox') await trouble.apply();
    if (name === 'payments') webhooks.pointTo(`http://127.0.0.1:${payments}`);
    if (name === 'payments-2') webhooks.pointTo(`http://127.0.0.1:${payments2}`);
  };
  await Promise.all(processNames.map(startProcess));
  return {
    folder,
    postgres,
    redis,
    search,
    broker,
    processes,
    ways,
    paymentsTrouble: access.trouble,
    urls,
    apiPorts: [api, api2],
    gatewayUrl,
    tokenPrivateKey,
    holdTtlSeconds: options.holdTtlSeconds,
    environment: env,
    gatewayTrouble: trouble.add,
    startProcess,
    close,
  };
}

function sharedEnvironment(
  options: WorldOptions,
  { urls, tokenPrivateKey, folder }: { urls: StoreUrls; tokenPrivateKey: string; folder: string },
): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    // A process that restarts again and again need not compile all its modules each time.
    NODE_COMPILE_CACHE: join(folder, 'compiled'),
    DATABASE_URL: urls.booking,
    PAYMENTS_DATABASE_URL: urls.payments,
    REDIS_URL: urls.redis,
    TOKEN_PRIVATE_KEY: tokenPrivateKey,
    TICKET_PRIVATE_KEY: newPrivateKey(),
    ADMISSION_KEYS: newAdmissionKeys(),
    RATE_LIMITS: 'off',
    LOG_LEVEL: 'warn',
    HOLD_TTL_SECONDS: String(options.holdTtlSeconds),
    GATEWAY_DATA: folder,
    GATEWAY_API_KEY: sandboxKeys.apiKey,
    GATEWAY_WEBHOOK_SECRET: sandboxKeys.webhookSecret,
    GATEWAY_WEBHOOK_SECRETS: sandboxKeys.webhookSecret,
    ...options.env,
  };
}

/** Each failure has switches of its own; those that are on at the same time are sent together. */
function openTrouble(gatewayUrl: string) {
  const call = merchantCall(gatewayUrl);
  const active = new Set<Readonly<Record<string, number>>>();
  const apply = async (): Promise<void> => {
    const { status, text } = await call('PUT', '/v1/trouble', Object.assign({}, ...active));
    if (status !== 200) throw new Error(`The gateway takes no trouble: ${text}`);
  };
  return {
    apply,
    async add(switches: Readonly<Record<string, number>>): Promise<() => Promise<void>> {
      active.add(switches);
      await apply();
      return async () => {
        active.delete(switches);
        // While the gateway is away it makes no failures, and none when it is back.
        await apply().catch(() => undefined);
      };
    },
  };
}
