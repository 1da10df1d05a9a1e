import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Programs of Debian that tests use unchanged, by their package. */
const packages = {
  pgbouncer: 'pgbouncer',
  nginx: 'nginx-light',
  haproxy: 'haproxy',
  openssl: 'openssl',
  'systemd-analyze': 'systemd',
} as const;
export type SystemProgram = keyof typeof packages;

/**
 * The paths of programs of the system. As root on Debian it installs missing ones, once; elsewhere it returns
 * undefined, and the run says which tests are skipped and why.
 */
export async function systemPrograms<Name extends SystemProgram>(
  ...names: Name[]
): Promise<Record<Name, string> | undefined> {
  const missing = names.filter((name) => find(name) === undefined);
  if (missing.length > 0) await install(missing.map((name) => packages[name]));
  const found = names.map((name) => [name, find(name)] as const);
  const absent = found.filter(([, path]) => path === undefined).map(([name]) => packages[name]);
  if (absent.length === 0) return Object.fromEntries(found) as Record<Name, string>;
  console.error(
    `\nTests are SKIPPED: install ${absent.join(' and ')} (as root on Debian the tests do it themselves).\n`,
  );
  return undefined;
}

function find(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find(existsSync);
}

async function install(names: string[]): Promise<void> {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  console.error(`Installing ${names.join(', ')} with apt-get ...`);
  // Another test file may be installing at the moment. `RUNLEVEL=1`: the services of the packages are not started.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const wait = ['-q', '-o', 'DPkg::Lock::Timeout=120'];
  try {
    await run('apt-get', ['update', ...wait], { env });
    await run('apt-get', ['install', '-y', '--no-install-recommends', ...wait, ...names], { env });
  } catch (error) {
    console.error(`apt-get failed: ${error instanceof Error ? error.message.slice(-500) : error}`);
  }
}
