import type postgres from 'postgres';

/**
 * A process that is frozen (stopped, swapped out, cut off) keeps its connections, and the locks of an open transaction
 * with them. So a transaction that others wait for is ended by the server when nothing is heard in it for so long.
 */
export function endIfFrozen(tx: postgres.TransactionSql, afterMs: number): void {
  // Nobody waits for the answer: it goes with the next statement, and should it fail so does that one.
  tx`select set_config('idle_in_transaction_session_timeout', ${String(afterMs)}, true)`.catch(() => {});
}

const ALIVE_EVERY_MS = 2000;

/** For work outside of the database that may take longer than the server's patience: says meanwhile that we live. */
export async function sayingAlive<T>(tx: postgres.TransactionSql, work: () => Promise<T>): Promise<T> {
  const alive = setInterval(() => void tx`select 1`.catch(() => {}), ALIVE_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(alive);
  }
}

/** Long enough for a slow machine, short enough for whoever waits for a message. */
export const FROZEN_CONSUMER_MS = 10_000;
