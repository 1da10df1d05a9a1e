import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A database of the `npm start` that runs on this data folder; undefined when none does. */
export async function runningDatabaseUrl(folder: string, name = 'frontrow_booking'): Promise<string | undefined> {
  const read = (file: string) => readFile(join(folder, file), 'utf8').catch(() => undefined);
  const [pidFile, secrets] = await Promise.all([read('postgres/postmaster.pid'), read('secrets.json')]);
  // Its fourth line is the port; the file is there while the server runs.
  const port = pidFile?.split('\n')[3]?.trim();
  if (!port || !secrets) return undefined;
  const { postgresPassword } = JSON.parse(secrets) as { postgresPassword: string };
  return `postgres://postgres:${encodeURIComponent(postgresPassword)}@127.0.0.1:${port}/${name}`;
}
