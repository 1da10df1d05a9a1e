import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Outcome } from './step.ts';

const run = promisify(execFile);

/** The lockfile must install from any registry that the machine uses, and pin each version exactly. */
export async function checkLockfile(root: string): Promise<Outcome> {
  const lockfile = JSON.parse(await readFile(`${root}/package-lock.json`, 'utf8'));
  const packages = Object.entries<{ resolved?: string }>(lockfile.packages);
  if (packages.length < 100) return { state: 'failed', output: `Only ${packages.length} packages: a broken lockfile.` };
  const hosts = packages.filter(([, { resolved }]) => resolved?.startsWith('http')).map(([path]) => path);
  const { dependencies, devDependencies } = JSON.parse(await readFile(`${root}/package.json`, 'utf8'));
  const loose = Object.entries<string>({ ...dependencies, ...devDependencies })
    .filter(([, version]) => !/^(\d+\.\d+\.\d+(-[\w.]+)?|file:vendor\/[\w-]+)$/.test(version))
    .map(([name, version]) => `${name}@${version}`);
  const problems = [
    ...(await whatNpmCiRefuses(root)),
    ...hosts.map(
      (path) => `package-lock.json names a registry for ${path}: npm config set omit-lockfile-registry-resolved`,
    ),
    ...loose.map((spec) => `package.json has no exact version: ${spec}`),
  ];
  return { state: problems.length === 0 ? 'ok' : 'failed', output: problems.join('\n') };
}

/** The errors with which `npm ci` would fail in a fresh clone. */
async function whatNpmCiRefuses(root: string): Promise<string[]> {
  const args = ['ci', '--dry-run', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  return run('npm', args, { cwd: root, maxBuffer: 16 * 1024 * 1024 }).then(
    () => [],
    ({ stderr }: { stderr?: string }) => [
      `npm ci refuses package-lock.json:\n${stderr?.split('Clean install')[0]?.trim()}`,
    ],
  );
}

/** graphql refuses a schema that another copy of graphql has built. */
export async function checkOneGraphql(root: string): Promise<Outcome> {
  const { stdout } = await run('npm', ['ls', 'graphql', '--parseable', '--all'], { cwd: root });
  const copies = stdout.trim().split('\n');
  return { state: copies.length === 1 ? 'ok' : 'failed', output: copies.length === 1 ? '' : copies.join('\n') };
}
