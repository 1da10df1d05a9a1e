import type { SQL } from 'drizzle-orm';
import type { Db } from './client.ts';

/** Rows that one statement of `deleteInBatches` should delete at the most. */
export const DELETE_BATCH = 5000;

/** Runs each statement until it deletes less than a batch, so that no transaction is long and no lock is held for long. */
export async function deleteInBatches(db: Db, statements: readonly SQL[], signal: AbortSignal): Promise<void> {
  for (const statement of statements) {
    while (!signal.aborted && (await db.execute(statement)).count === DELETE_BATCH);
  }
}
