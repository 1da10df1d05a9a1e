import { readdir, readFile, readlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');
const starter = resolve(root, 'src/processes/dev/main.ts');

/** Returns the url of a database of the `npm start` that runs on this data folder; undefined when none runs. */
export async function runningDatabaseUrl(folder: string, name = 'frontrow_booking'): Promise<string | undefined> {
  const read = (file: string) => readFile(join(folder, file), 'utf8').catch(() => undefined);
  const [pidFile, secrets] = await Promise.all([read('postgres/postmaster.pid'), read('secrets.json')]);
  // The fourth line is the port. The file exists while the server runs.
  const port = pidFile?.split('\n')[3]?.trim();
  if (!port || !secrets) return undefined;
  const { postgresPassword } = JSON.parse(secrets) as { postgresPassword: string };
  return `postgres://postgres:${encodeURIComponent(postgresPassword)}@127.0.0.1:${port}/${name}`;
}

/** A running system: the environment of its `npm start`, and its data folder. */
export type RunningSystem = { readonly folder: string; readonly env: Readonly<Record<string, string>> };

/**
 * Returns every `npm start` of this clone that this user may inspect, on any data folder. On Linux only; elsewhere [].
 */
export async function findRunningSystems(): Promise<RunningSystem[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => readSystem(pid).catch(() => undefined)));
  return found.filter((system) => system !== undefined);
}

async function readSystem(pid: string): Promise<RunningSystem | undefined> {
  const [, file] = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').filter((word) => !word.startsWith('-'));
  if (!file?.endsWith('main.ts') || resolve(await readlink(`/proc/${pid}/cwd`), file) !== starter) return undefined;
  const lines = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
  const env = Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2)));
  return { folder: resolve(root, env.FRONTROW_DATA || '.frontrow'), env };
}

export type Database = { readonly variable: 'DATABASE_URL' | 'PAYMENTS_DATABASE_URL'; readonly name: string };
export const bookingDatabase: Database = { variable: 'DATABASE_URL', name: 'frontrow_booking' };
export const paymentsDatabase: Database = { variable: 'PAYMENTS_DATABASE_URL', name: 'frontrow_payments' };

/**
 * Returns the url of the database for a command: the one in its environment, or that of the `npm start` on
 * FRONTROW_DATA, or else of the `npm start` that runs from this clone.
 *
 * @throws Error with the remedy when no such system runs, or more than one
 */
export async function findDatabaseUrl({ variable, name }: Database, env: NodeJS.ProcessEnv): Promise<string> {
  const given = env[variable];
  if (given) return given;
  const systems = await findRunningSystems();
  const folder = resolve(root, env.FRONTROW_DATA || '.frontrow');
  const own =
    systems.find((system) => system.folder === folder)?.env[variable] || (await runningDatabaseUrl(folder, name));
  if (own) return own;
  if (env.FRONTROW_DATA)
    throw new Error(
      `No Frontrow runs on ${folder}: start it with FRONTROW_DATA=${env.FRONTROW_DATA} npm start, or set ${variable}.`,
    );
  const [only, ...others] = systems;
  if (!only) throw new Error(`There is no database: run \`npm start\` in this clone first, or set ${variable}.`);
  if (others.length > 0)
    throw new Error(
      `Several systems run from this clone. Choose one, for example FRONTROW_DATA=${only.folder}:\n${systems.map((system) => `  ${system.folder}`).join('\n')}`,
    );
  const url = only.env[variable] || (await runningDatabaseUrl(only.folder, name));
  if (!url) throw new Error(`The system on ${only.folder} is starting. Run the command again when it is ready.`);
  return url;
}
