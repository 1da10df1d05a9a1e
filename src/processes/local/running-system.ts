import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/**
 * The file from which commands learn how to reach the `npm start` that runs in this clone. It exists while that runs.
 */
const FILE = 'running.json';

export type RunningSystem = Readonly<
  Partial<
    Record<
      'PUBLIC_URL' | 'DATABASE_URL' | 'PAYMENTS_DATABASE_URL' | 'GATEWAY_URL' | 'GATEWAY_API_KEY' | 'EVENT_LOG',
      string | undefined
    >
  >
>;
const NAMES = [
  'PUBLIC_URL',
  'DATABASE_URL',
  'PAYMENTS_DATABASE_URL',
  'GATEWAY_URL',
  'GATEWAY_API_KEY',
  'EVENT_LOG',
] as const;

/** Returns the system that runs on this data folder, else on that of FRONTROW_DATA; empty when none runs. */
export async function runningSystem(folder = dataFolder()): Promise<RunningSystem> {
  const text = await readFile(join(folder, FILE), 'utf8').catch(() => '{}');
  return JSON.parse(text) as RunningSystem;
}

/** Writes the file, which has passwords, so only its owner may read it. Returns a function that removes it. */
export async function noteRunningSystem(folder: string, env: NodeJS.ProcessEnv): Promise<() => Promise<void>> {
  const file = join(folder, FILE);
  const known = Object.fromEntries(NAMES.map((name) => [name, env[name]]));
  await writeFile(`${file}.new`, `${JSON.stringify(known, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return () => rm(file, { force: true });
}

function dataFolder(): string {
  return resolve(import.meta.dirname, '../../..', process.env.FRONTROW_DATA || '.frontrow');
}
