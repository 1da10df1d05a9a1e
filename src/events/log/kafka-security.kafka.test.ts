import { execFile } from 'node:child_process';
import { randomBytes, randomUUIDv7 } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { inspect, promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseWorkerConfig } from '#config/worker.ts';
import { fetchKafka } from '#processes/dev/servers/fetch-kafka.ts';
import { ServerUnavailable } from '#processes/dev/servers/fetch-servers.ts';
import { startKafka } from '#processes/dev/servers/kafka.ts';
import { freePort, type RunningServer } from '#processes/dev/servers/server-process.ts';
import { createBookingDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { newPrefix, testKafka } from '#test/support/kafka/kafka.ts';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { openEventLog } from './open-log.ts';

const run = promisify(execFile);

/** With external brokers in the tests there may be no Java to run a broker with our certificate. */
async function findJava(): Promise<string | undefined> {
  if ((await testKafka()) === undefined) return undefined;
  try {
    return (await fetchKafka({ log: console.error })).java;
  } catch (error) {
    if (!(error instanceof ServerUnavailable)) throw error;
    console.error(`The tests of TLS and passwords on Kafka are SKIPPED. ${error.message}`);
    return undefined;
  }
}
const java = await findJava();

describe.runIf(java)('a broker with TLS and passwords', { timeout: 60_000 }, () => {
  const user = { name: 'frontrow', password: randomBytes(12).toString('hex') };
  const trusted = getCACertificates('default');
  let database: TestDatabase;
  let folder: string;
  let broker: RunningServer;
  let port: number;
  let certificate: string;

  beforeAll(async () => {
    database = await createBookingDatabase();
    folder = await mkdtemp(join(tmpdir(), 'frontrow-kafka-tls-'));
    const keystore = join(folder, 'broker.p12');
    const password = randomBytes(12).toString('hex');
    const keytool = join(dirname(await realpath(java ?? '')), 'keytool');
    const store = ['-keystore', keystore, '-storepass', password, '-alias', 'broker'];
    const names = ['-dname', 'CN=localhost', '-ext', 'san=dns:localhost'];
    await run(keytool, ['-genkeypair', ...store, '-storetype', 'PKCS12', '-keyalg', 'EC', '-validity', '2', ...names]);
    certificate = (await run(keytool, ['-exportcert', '-rfc', ...store])).stdout;
    port = await freePort();
    const secured = { port, keystore, password, user };
    const dataDir = join(folder, 'kafka');
    broker = await startKafka({ dataDir, log: () => undefined, durable: false, disposableDir: folder, secured });
  }, 60_000);
  afterAll(async () => {
    setDefaultCACertificates(trusted);
    await broker?.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  /** The log that this environment names. */
  const open = (env: Record<string, string>) => {
    const common = { DATABASE_URL: database.url, REDIS_URL: 'redis://localhost', TICKET_PRIVATE_KEY: newPrivateKey() };
    const kafka = { EVENT_LOG: 'kafka', KAFKA_BROKERS: `localhost:${port}`, KAFKA_TOPIC_PREFIX: newPrefix() };
    const sasl = { KAFKA_SASL_USERNAME: user.name, KAFKA_SASL_PASSWORD: user.password };
    return openEventLog(parseWorkerConfig({ ...common, ...kafka, ...sasl, ...env }).eventLog, 'test');
  };
  const messageOf = (id: string) => ({ id, topic: 'payment', key: id, event: { id }, createdAt: new Date() }) as const;

  test.each(['PLAIN', 'SCRAM-SHA-512'])('appends and delivers messages with %s', async (mechanism) => {
    setDefaultCACertificates([...trusted, certificate]);
    const log = await open({ KAFKA_TLS: 'on', KAFKA_SASL_MECHANISM: mechanism });
    const id = randomUUIDv7();
    await log.append([messageOf(id)]);
    const ending = new AbortController();
    const heard: string[] = [];
    const consuming = log.consume({
      group: 'listener',
      topics: ['payment'],
      handle: async (message) => void heard.push(message.id),
      signal: ending.signal,
      onTrouble: () => undefined,
    });
    await expect.poll(() => heard, { timeout: 30_000 }).toEqual([id]);
    expect(await log.lag?.()).toContainEqual({ group: 'listener', topic: 'payment', unread: expect.any(Number) });
    ending.abort();
    await consuming;
    await log.close();
  });

  /** Why the append failed, down to the first causes. */
  async function refusal(env: Record<string, string>): Promise<string> {
    const log = await open(env);
    const error = await log.append([messageOf(randomUUIDv7())]).catch((failure: unknown) => failure);
    await log.close();
    return inspect(error, { depth: 10 });
  }

  test('refuses another password', async () => {
    setDefaultCACertificates([...trusted, certificate]);
    const env = { KAFKA_TLS: 'on', KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_SASL_PASSWORD: 'wrong' };
    expect(await refusal(env)).toContain('Invalid username or password');
  });

  test('refuses a connection without TLS', async () => {
    setDefaultCACertificates([...trusted, certificate]);
    expect(await refusal({ KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512' })).toContain('Connection closed');
  });

  test('the client refuses a certificate that no known CA has signed', async () => {
    setDefaultCACertificates(trusted);
    expect(await refusal({ KAFKA_TLS: 'on', KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512' })).toContain(
      'DEPTH_ZERO_SELF_SIGNED_CERT',
    );
  });
});
