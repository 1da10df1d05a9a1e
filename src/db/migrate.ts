import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openRawClient } from './client.ts';

const MIGRATION_LOCK = 7_203_411;

type Options = { url: string; folder: 'booking' | 'payments'; log?: (line: string) => void };

/**
 * Brings a database up to date from `drizzle/<folder>/*.sql`, in name order, each file in a transaction of its own.
 * An advisory lock puts processes that start together in line. Refuses when an applied file was edited since, or when a
 * file that is older than an applied one is new: both mean that two databases would differ in silence.
 */
export async function migrate(options: Options): Promise<{ applied: string[] }> {
  const client = openRawClient({ url: options.url, poolMax: 1, name: 'frontrow-migrate' });
  const folder = fileURLToPath(new URL(`../../drizzle/${options.folder}/`, import.meta.url));
  try {
    await client`select pg_advisory_lock(${MIGRATION_LOCK})`;
    await client`create table if not exists schema_migrations (
      name text primary key, checksum text not null, applied_at timestamptz not null default now())`;
    const known = new Map(
      (await client<{ name: string; checksum: string }[]>`select name, checksum from schema_migrations`).map((row) => [
        row.name,
        row.checksum,
      ]),
    );
    const applied: string[] = [];
    for (const name of await migrationNames(folder)) {
      const text = await readFile(folder + name, 'utf8');
      const checksum = createHash('sha256').update(text).digest('hex');
      if (isApplied(known, name, checksum)) continue;
      await client.begin(async (tx) => {
        await tx.unsafe(text);
        await tx`insert into schema_migrations (name, checksum) values (${name}, ${checksum})`;
      });
      options.log?.(`${options.folder}: applied ${name}`);
      applied.push(name);
    }
    return { applied };
  } finally {
    await client.end({ timeout: 5 });
  }
}

async function migrationNames(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
}

function isApplied(known: ReadonlyMap<string, string>, name: string, checksum: string): boolean {
  const before = known.get(name);
  if (before === undefined) {
    const later = [...known.keys()].find((other) => other > name);
    if (later)
      throw new Error(`Migration ${name} is older than ${later}, which is already applied. Give it a new time stamp.`);
    return false;
  }
  if (before !== checksum)
    throw new Error(`Migration ${name} was changed after it was applied. Undo the edit and write a new one.`);
  return true;
}
