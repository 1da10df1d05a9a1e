import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { migrate } from '#db/migrate.ts';
import { recordGateway } from '#domain/pricing/payment-gateway.ts';
import { openRawClient } from '#shared/postgres.ts';
import { noteRunningSystem } from '../local/running-system.ts';
import { sentenceOf } from '../sentence.ts';
import { type DataFolder, openDataFolder } from './data-folder.ts';
import { checkDiskSpace, isDiskFull } from './disk-space.ts';
import { type KeptPorts, openKeptPorts } from './kept-ports.ts';
import { mailEnvironment } from './mails.ts';
import { keptPartsOf, reserveServicePorts, type ServicePorts } from './ports.ts';
import { say, withProgress } from './pretty-log.ts';
import { openStores } from './stores.ts';
import { runOnce, type Supervisor, supervise } from './supervisor.ts';
import { offerTheatre } from './theatre/offer-theatre.ts';
import { prepareWebClient } from './web-client.ts';

const root = resolve(import.meta.dirname, '../../..');
const services = ['payments', 'relay', 'worker', 'gateway-sandbox', 'api'] as const;
const processFile = (name: string) => resolve(root, `src/processes/${name}.ts`);
/** One Ctrl-C arrives twice: from the terminal and from the process that started this one. */
const oneKeyPressMs = 1000;

/** Payments reports a name that it does not know. */
const gateway = process.env.PAYMENT_GATEWAY === 'stripe' ? 'stripe' : 'sandbox';
const dataFolder = resolve(root, process.env.FRONTROW_DATA || '.frontrow');
const stopping = new AbortController();
const stoppingSteps: (() => Promise<void>)[] = [];
let exitCode = 0;

if (process.argv.includes('--help')) {
  console.log(`usage: npm start [-- --kafka]

Starts PostgreSQL, Valkey, Typesense and all processes of Frontrow, with their data in .frontrow/; Ctrl-C stops everything.
--kafka        the event log is on a Kafka, which is started too (Java 17)
PORT           of the API: PORT=4100 npm start
FRONTROW_DATA  the folder of the data: FRONTROW_DATA=/path npm start
Servers of your own instead: docs/reference/config.md#npm-start`);
  process.exit();
}
listenForStop();
try {
  await start();
  await new Promise<void>((done) => stopping.signal.addEventListener('abort', () => done()));
} catch (error) {
  if (!stopping.signal.aborted) {
    exitCode = 1;
    say('frontrow', `Frontrow did not start. ${await reasonOf(error)}`);
  }
}
await withProgress('Stopping', stopInOrder);
process.exit(exitCode);

async function reasonOf(error: unknown): Promise<string> {
  const message = error instanceof Error ? error.message : String(error);
  // The message of our own error says more than its cause.
  const isRaw = error instanceof Error && ('code' in error || message === 'fetch failed');
  return (await isDiskFull(dataFolder)) ?? (isRaw ? sentenceOf(error) : undefined) ?? message;
}

async function start(): Promise<void> {
  // The time includes the installation of packages.
  const startedAt = Number(process.env.FRONTROW_STARTED_AT_MS) || Date.now();
  const folder = await openDataFolder(dataFolder);
  stoppingSteps.unshift(() => folder.release());
  const warning = await checkDiskSpace(folder.path, folder.isNew);
  if (warning) say('frontrow', warning);
  const kept = await openKeptPorts(folder.path);
  const ports = await reserveServicePorts(process.env.PORT, kept.last);
  kept.remember(keptPartsOf(ports));
  if (ports.notice) say('frontrow', ports.notice);
  const [stores, web] = await Promise.all([
    prepareStores(folder, ports, kept),
    prepareWebClient(root, stopping.signal),
  ]);
  const env = { ...stores, ...web };
  stopping.signal.throwIfAborted();
  await ports.release();
  const supervisor = supervise(
    services.map((name) => ({ name, command: [processFile(name)], env: { ...env, ...metricsOf(name, ports) } })),
  );
  stoppingSteps.unshift(() => supervisor.stop());
  await withProgress('Starting the services', () => untilReady(supervisor, env));
  stoppingSteps.unshift(await noteRunningSystem(folder.path, env));
  const organizer = await offerTheatre(`http://127.0.0.1:${env.PORT}`, folder.secrets.theatrePassword, stopping.signal);
  stopping.signal.throwIfAborted();
  printTable(env, { folder, ports, organizer }, Date.now() - startedAt);
}

/** Starts, migrates and fills the databases, starts Redis and search, and returns the environment of the services. */
async function prepareStores(folder: DataFolder, ports: ServicePorts, kept: KeptPorts): Promise<NodeJS.ProcessEnv> {
  const stores = openStores(process.env, folder, { withKafka: wantsKafka(), ports: kept });
  stoppingSteps.unshift(() => stores.stop());
  const log = (line: string) => say('migrate', line);
  const filled = stores.databases.then(async (urls) => {
    stopping.signal.throwIfAborted();
    await migrate({ url: urls.DATABASE_URL, folder: 'booking', log });
    await migrate({ url: urls.PAYMENTS_DATABASE_URL, folder: 'payments', log });
    stopping.signal.throwIfAborted();
    const env = { ...process.env, ...urls, PAYMENT_GATEWAY: gateway };
    await noteGateway(urls.DATABASE_URL);
    const importing = { name: 'import', command: [processFile('import')], env };
    await withProgress('Importing the venues and events of data/', () => runOnce(importing, stopping.signal));
    return urls;
  });
  const [databases, redis, search, eventLog] = await Promise.all([
    filled,
    stores.redis,
    stores.search,
    stores.eventLog,
  ]);
  return { ...process.env, ...serviceEnvironment(folder, ports), ...databases, ...redis, ...search, ...eventLog };
}

/** Prices are checked by the rules of this gateway from now on. */
async function noteGateway(url: string): Promise<void> {
  const sql = openRawClient({ url, poolMax: 1, name: 'frontrow-start' });
  await recordGateway(sql, gateway).finally(() => sql.end({ timeout: 5 }));
}

/** @throws Error for an unknown argument */
function wantsKafka(): boolean {
  const unknown = process.argv.slice(2).filter((argument) => argument !== '--kafka');
  if (unknown.length > 0)
    throw new Error(`npm start has no option ${unknown.join(' ')}. Its only option is: npm start -- --kafka`);
  return process.argv.includes('--kafka') || process.env.EVENT_LOG === 'kafka';
}

function serviceEnvironment({ path, secrets }: DataFolder, ports: ServicePorts): NodeJS.ProcessEnv {
  const given = process.env;
  const webhookSecrets = given.GATEWAY_WEBHOOK_SECRETS || secrets.gatewayWebhookSecret;
  const apiUrl = given.PUBLIC_URL || `http://localhost:${ports.api}`;
  return {
    PORT: String(ports.api),
    PUBLIC_URL: apiUrl,
    PAYMENTS_PORT: String(ports.payments),
    GATEWAY_PORT: String(ports.gateway),
    GATEWAY_URL: given.GATEWAY_URL || `http://localhost:${ports.gateway}`,
    GATEWAY_WEBHOOK_URL: `http://localhost:${ports.payments}/webhooks/gateway`,
    GATEWAY_DATA: resolve(path, 'gateway'),
    TOKEN_PRIVATE_KEY: given.TOKEN_PRIVATE_KEY || secrets.tokenPrivateKey,
    TICKET_PRIVATE_KEY: given.TICKET_PRIVATE_KEY || secrets.ticketPrivateKey,
    ADMISSION_KEYS: given.ADMISSION_KEYS || secrets.admissionKeys,
    PAYMENTS_URL: `http://localhost:${ports.payments}`,
    BOOKS_TOKEN: given.BOOKS_TOKEN || secrets.booksToken,
    GATEWAY_API_KEY: given.GATEWAY_API_KEY || secrets.gatewayApiKey,
    GATEWAY_WEBHOOK_SECRETS: webhookSecrets,
    GATEWAY_WEBHOOK_SECRET: webhookSecrets.split(',')[0],
    ...mailEnvironment(given, { ports, apiUrl, apiKey: given.GATEWAY_API_KEY || secrets.gatewayApiKey }),
    PAYMENT_RETURN_URL: given.PAYMENT_RETURN_URL || `${apiUrl}/paid`,
  };
}

function metricsOf(name: (typeof services)[number], { metrics }: ServicePorts): NodeJS.ProcessEnv {
  return name === 'gateway-sandbox' ? {} : { METRICS_PORT: String(metrics[name]) };
}

async function untilReady(supervisor: Supervisor, env: NodeJS.ProcessEnv): Promise<void> {
  const aborted = new Promise<never>((_, reject) => {
    stopping.signal.addEventListener('abort', () => reject(stopping.signal.reason));
  });
  await Promise.race([supervisor.ready, aborted]);
  for (const port of [env.PORT, env.PAYMENTS_PORT]) {
    while (!(await answersReady(`http://127.0.0.1:${port}/ready`))) {
      stopping.signal.throwIfAborted();
      await delay(50);
    }
  }
}

async function answersReady(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(5000) }).then(
    (response) => response.ok,
    () => false,
  );
}

function printTable(
  env: NodeJS.ProcessEnv,
  { folder, ports, organizer }: { folder: DataFolder; ports: ServicePorts; organizer: string },
  tookMs: number,
): void {
  const rows = [
    ...(env.WEB_CLIENT ? [['Frontrow', env.PUBLIC_URL]] : []),
    ['GraphQL and GraphiQL', `${env.PUBLIC_URL}/graphql`],
    ['Health, readiness', `${env.PUBLIC_URL}/health  ${env.PUBLIC_URL}/ready`],
    ['Metrics', metricsTable(ports)],
    ['Payments', `http://localhost:${env.PAYMENTS_PORT}`],
    ['Sandbox gateway', env.GATEWAY_URL],
    ['Mails', env.MAIL_URL?.startsWith('http') ? `http://localhost:${ports.gateway}/mails` : 'sent by SMTP'],
    ['Booking database', env.DATABASE_URL],
    ['Payments database', env.PAYMENTS_DATABASE_URL],
    ['Redis', env.REDIS_URL],
    [
      'Search',
      env.TYPESENSE_URL ? `${env.TYPESENSE_URL} (Typesense)` : 'PostgreSQL, degraded, because there is no Typesense',
    ],
    ['Event log', env.EVENT_LOG === 'kafka' ? `${env.KAFKA_BROKERS} (Kafka)` : 'in the booking database'],
    ['Data folder', folder.path],
    ['Teatro Municipal', organizer],
  ];
  console.log(`\n${rows.map(([what, where]) => `  ${what?.padEnd(22)}${where}`).join('\n')}\n`);
  console.log(
    `${folder.isNew ? 'The first start took' : 'Started in'} ${(tookMs / 1000).toFixed(1)} s. Ctrl-C stops everything.`,
  );
  console.log(`Frontrow is ready: ${env.PUBLIC_URL}${env.WEB_CLIENT ? '' : '/graphql'}`);
}

function metricsTable({ metrics }: ServicePorts): string {
  return Object.entries(metrics)
    .map(([name, port]) => `http://localhost:${port}/metrics (${name})`)
    .join('  ');
}

function listenForStop(): void {
  let firstAt = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!stopping.signal.aborted) {
        firstAt = Date.now();
        say('frontrow', `Stopping (${signal}). A second one kills all processes at once.`);
        stopping.abort(new Error('stopped'));
      } else if (Date.now() - firstAt > oneKeyPressMs) {
        // The guards end the remaining processes as soon as this process is gone.
        process.exit(130);
      }
    });
  }
  // The parent process was killed, so it could not pass the signal on.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent && !stopping.signal.aborted) stopping.abort(new Error('stopped'));
  }, 1000).unref();
}

/** Stops in reverse order of the start: services, then servers, then the lock of the data folder. */
async function stopInOrder(): Promise<void> {
  for (const step of stoppingSteps) {
    await step().catch((error: unknown) => {
      exitCode = 1;
      say('frontrow', `A part did not stop properly: ${String(error)}`);
    });
  }
  if (stopping.signal.aborted) say('frontrow', 'Stopped.');
}
