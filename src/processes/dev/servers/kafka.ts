import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fetchKafka, type KafkaRuntime } from './fetch-kafka.ts';
import { freePort, type Log, launch, type RunningServer, stopOrphan } from './server-process.ts';

const run = promisify(execFile);

export interface KafkaServerRequest {
  dataDir: string;
  port?: number | undefined;
  log: Log;
  /** False in tests, where the stop may lose data. */
  durable?: boolean;
  disposableDir?: string;
  /** Whether missing Java and Maven may be installed. */
  mayInstall?: boolean;
  /** A second listener, at which clients need TLS and a password. */
  secured?: SecuredDoor;
}

/** `keystore`: a PKCS #12 file with a key and a certificate for `localhost`, encrypted with `password`. */
export type SecuredDoor = {
  port: number;
  keystore: string;
  password: string;
  user: { name: string; password: string };
};

/**
 * Starts one Kafka broker on loopback, which is its own controller (KRaft), in one JVM with a heap of 256 MB at most.
 * `url` is the value for KAFKA_BROKERS: `127.0.0.1:<port>`.
 *
 * @throws ServerUnavailable when Kafka is not available on this machine
 */
export async function startKafka(request: KafkaServerRequest): Promise<RunningServer> {
  const runtime = await fetchKafka(request);
  const dataDir = resolve(request.dataDir);
  await mkdir(dataDir, { recursive: true });
  const durable = request.durable ?? true;
  if (await stopOrphan(dataDir)) request.log('Stopped the Kafka that an earlier run left behind.');
  const port = request.port ?? (await freePort());
  const config = join(dataDir, 'server.properties');
  const { secured } = request;
  const door = secured ? securedDoor(secured) : { listener: '', advertised: '', protocol: '', settings: {} };
  await writeFile(config, properties({ dataDir, port, controllerPort: await freePort(), door }));
  await format(runtime, { dataDir, config, users: secured ? [secured.user] : [] });
  const server = await launch({
    name: 'Kafka',
    command: runtime.java,
    args: [...jvm(runtime, 256), 'kafka.Kafka', config],
    dataDir,
    stopSignal: durable ? 'SIGTERM' : 'SIGKILL',
    disposableDir: request.disposableDir,
  });
  let ended: string | undefined;
  void server.exited.then((outcome) => {
    ended = outcome;
  });
  while (!(await listens(port))) {
    if (ended !== undefined) throw new Error(ended);
    await delay(50);
  }
  return { url: `127.0.0.1:${port}`, port, pid: server.pid, exited: server.exited, stop: server.stop };
}

/** The settings of each JVM of Kafka: a small heap, a quick start, and warnings on stderr. */
export function jvm({ jars }: KafkaRuntime, heapMb: number): string[] {
  const memory = [`-Xmx${heapMb}m`, '-Xss512k', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  return [...memory, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', `${jars}/*`];
}

/** Gives a new log folder its cluster id, without which the broker does not start. */
async function format(
  runtime: KafkaRuntime,
  { dataDir, config, users }: { dataDir: string; config: string; users: readonly SecuredDoor['user'][] },
): Promise<void> {
  const formatted = await access(join(dataDir, 'log', 'meta.properties')).then(
    () => true,
    () => false,
  );
  if (formatted) return;
  // One id in 64 begins with a hyphen, so it is given as `--cluster-id=` and not as a separate argument.
  const clusterId = randomBytes(16).toString('base64url');
  const scram = users.flatMap(({ name, password }) => [
    '--add-scram',
    `SCRAM-SHA-512=[name=${name},password=${password}]`,
  ]);
  const tool = [
    ...jvm(runtime, 64),
    'kafka.tools.StorageTool',
    'format',
    `--cluster-id=${clusterId}`,
    '-c',
    config,
    ...scram,
  ];
  await run(runtime.java, tool);
}

type Door = { listener: string; advertised: string; protocol: string; settings: Record<string, string> };

function securedDoor({ port, keystore, password, user }: SecuredDoor): Door {
  const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required';
  return {
    listener: `,SECURED://127.0.0.1:${port}`,
    advertised: `,SECURED://localhost:${port}`,
    protocol: ',SECURED:SASL_SSL',
    settings: {
      'listener.name.secured.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512',
      'listener.name.secured.plain.sasl.jaas.config': `${plain} user_${user.name}="${user.password}";`,
      'listener.name.secured.scram-sha-512.sasl.jaas.config': `${scram};`,
      'listener.name.secured.ssl.keystore.type': 'PKCS12',
      'listener.name.secured.ssl.keystore.location': keystore,
      'listener.name.secured.ssl.keystore.password': password,
      'listener.name.secured.ssl.key.password': password,
    },
  };
}

/** One node, loopback only, small files, few threads. The broker does not create topics, so a misspelt name fails. */
function properties(at: { dataDir: string; port: number; controllerPort: number; door: Door }): string {
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${at.controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${at.port},CONTROLLER://127.0.0.1:${at.controllerPort}${at.door.listener}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${at.port}${at.door.advertised}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': `CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT${at.door.protocol}`,
    'log.dirs': join(at.dataDir, 'log'),
    'auto.create.topics.enable': false,
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    // The group has one member only, so the broker need not wait for others.
    'group.initial.rebalance.delay.ms': 0,
    'log.segment.bytes': 64 * 1024 * 1024,
    'log.index.size.max.bytes': 1024 * 1024,
    'log.cleaner.dedupe.buffer.size': 8 * 1024 * 1024,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'background.threads': 2,
    'num.recovery.threads.per.data.dir': 2,
    'broker.session.timeout.ms': 2000,
    'broker.heartbeat.interval.ms': 500,
    ...at.door.settings,
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

function listens(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (answer: boolean) => {
      socket.destroy();
      done(answer);
    };
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}
