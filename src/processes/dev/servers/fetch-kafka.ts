import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, findOnPath, ServerUnavailable } from './fetch-servers.ts';
import type { Log } from './server-process.ts';

const run = promisify(execFile);

const pom = join(import.meta.dirname, 'kafka-jars.xml');
const name = 'kafka-4.3.1-debezium-3.6.1';
/** The SHA-256 of the lines `<sha256> <file name>` of all jars, in the order of their names. */
const jarsSha256 = 'ff7caca3051edeced21653b5d69e5897ff188c0947b7f30f0043457aedacd20c';
const oldestJava = 17;
const otherwise = 'Or set KAFKA_BROKERS to your own brokers.';

export interface KafkaRuntime {
  java: string;
  /** A folder of jars: Kafka's broker and Connect, and Debezium's PostgreSQL connector. */
  jars: string;
}

export interface KafkaRequest {
  log: Log;
  /** Whether missing Java and Maven may be installed with apt-get when this process runs as root. */
  mayInstall?: boolean;
}

/**
 * Returns Java 17 or later of this machine, and the jars of Kafka 4.3.1 and Debezium 3.6.1 in the user's cache. The
 * jars are fetched once with Maven (59 MB) and checked by SHA-256.
 *
 * @throws ServerUnavailable with what to install, or which setting to give instead
 */
export async function fetchKafka({ log, mayInstall = false }: KafkaRequest): Promise<KafkaRuntime> {
  const jars = join(cacheFolder(), name);
  const cached = await exists(jars);
  if (mayInstall) await installMissing(cached, log);
  const java = await findJava();
  if (!cached) await fetchJars(jars, log);
  return { java, jars };
}

async function findJava(): Promise<string> {
  const home = process.env.JAVA_HOME;
  const java = home ? join(home, 'bin', 'java') : await findOnPath('java');
  const version = java === undefined ? 0 : await javaVersion(java);
  if (java !== undefined && version >= oldestJava) return java;
  const found = version === 0 ? 'Java is not installed' : `this is Java ${version}`;
  throw new ServerUnavailable(
    `Kafka needs Java ${oldestJava} or later, and ${found} (Debian, Ubuntu: apt-get install default-jre-headless maven). ${otherwise}`,
  );
}

async function javaVersion(java: string): Promise<number> {
  const { stderr } = await run(java, ['-version']).catch(() => ({ stderr: '' }));
  return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0);
}

/**
 * Made in a scratch folder and renamed, like all cached files, so that a copy that starts meanwhile sees all jars or
 * none.
 */
async function fetchJars(jars: string, log: Log): Promise<void> {
  const maven = await findOnPath('mvn');
  if (maven === undefined) {
    throw new ServerUnavailable(
      `Fetching Kafka's jars needs Maven, which is not installed (Debian, Ubuntu: apt-get install maven). ${otherwise}`,
    );
  }
  log(`Fetching Apache Kafka 4.3.1 and Debezium 3.6.1 (59 MB), once, into ${cacheFolder()} ...`);
  await mkdir(cacheFolder(), { recursive: true });
  const scratch = await mkdtemp(join(cacheFolder(), `.${name}-`));
  try {
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${scratch}`];
    await run(maven, ['-q', '-B', '-f', pom, ...goal], { maxBuffer: 16 * 1024 * 1024 }).catch((error) => {
      const { stdout } = error as { stdout?: string };
      const reason = (stdout || String(error)).trim().split('\n').slice(0, 3).join('\n');
      throw new ServerUnavailable(`Fetching Kafka's jars with Maven failed:\n${reason}\n${otherwise}`);
    });
    const digest = await digestOf(scratch);
    if (digest !== jarsSha256) {
      throw new ServerUnavailable(`The fetched jars of Kafka have SHA-256 ${digest}, not ${jarsSha256}.`);
    }
    await chmod(scratch, 0o755);
    await rename(scratch, jars).catch(async (error) => {
      if (!(await exists(jars))) throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function digestOf(folder: string): Promise<string> {
  const all = createHash('sha256');
  for (const file of (await readdir(folder)).sort()) {
    const content = await readFile(join(folder, file));
    all.update(`${createHash('sha256').update(content).digest('hex')} ${file}\n`);
  }
  return all.digest('hex');
}

async function installMissing(cached: boolean, log: Log): Promise<void> {
  const missing = [
    ...((await findOnPath('java')) === undefined && !process.env.JAVA_HOME ? ['default-jre-headless'] : []),
    ...(!cached && (await findOnPath('mvn')) === undefined ? ['maven'] : []),
  ];
  const root = process.getuid?.() === 0 && (await findOnPath('apt-get')) !== undefined;
  if (missing.length === 0 || !root) return;
  log(`Installing ${missing.join(' and ')} with apt-get, for Kafka ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-q'], { env }).catch(() => undefined);
  // When a package could not be installed, the code that needs it reports it.
  await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing], { env }).catch(() => undefined);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
