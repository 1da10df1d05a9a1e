import type { SQL } from 'drizzle-orm';
import type { Db } from './client.ts';

/** How many rows one statement of `deleteInBatches` should delete at most. */
export const DELETE_BATCH = 5000;

/**
 * Runs each statement until it deletes less than a batch, so that transactions are short and locks are held briefly.
 */
export async function deleteInBatches(db: Db, statements: readonly SQL[], signal: AbortSignal): Promise<void> {
  for (const statement of statements) {
    while (!signal.aborted && (await db.execute(statement)).count === DELETE_BATCH);
  }
}
