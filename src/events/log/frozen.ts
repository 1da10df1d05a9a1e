import type postgres from 'postgres';

/**
 * A process that is frozen (stopped, swapped out, cut off) keeps its connections, and with them the locks of an open
 * transaction. So the server ends a transaction that others wait for when it receives nothing in it for so long.
 */
export function endIfFrozen(tx: postgres.TransactionSql, afterMs: number): void {
  // Not awaited: it is sent with the next statement, and if it fails, that statement fails as well.
  tx`select set_config('idle_in_transaction_session_timeout', ${String(afterMs)}, true)`.catch(() => {});
}

const ALIVE_EVERY_MS = 2000;

/**
 * For work outside of the database that may take longer than the server waits: keeps the transaction alive meanwhile.
 */
export async function sayingAlive<T>(tx: postgres.TransactionSql, work: () => Promise<T>): Promise<T> {
  const alive = setInterval(() => void tx`select 1`.catch(() => {}), ALIVE_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(alive);
  }
}

/** Long enough for a slow machine, short enough for those that wait for a message. */
export const FROZEN_CONSUMER_MS = 10_000;
