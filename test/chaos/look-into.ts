import postgres from 'postgres';
import { withDeadline } from '#shared/deadline.ts';

const WITHIN_MS = 5_000;
const ENDS_WITHIN_MS = 1_000;

/**
 * A look straight into a database, on a connection of its own. Rejects when the database is away: a server that crashes during
 * the look may never answer it.
 */
export async function lookInto<T>(url: string, look: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => undefined });
  const looking = look(sql);
  looking.catch(() => undefined);
  try {
    return await withDeadline(looking, WITHIN_MS, () => {
      throw new Error('The database does not answer.');
    });
  } finally {
    const ending = sql.end({ timeout: ENDS_WITHIN_MS / 1000 }).catch(() => undefined);
    await withDeadline(ending, 2 * ENDS_WITHIN_MS, () => undefined);
  }
}
