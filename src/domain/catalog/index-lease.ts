import type { Db } from '#db/client.ts';

/** Orders the writes to the index: only the process that holds this lock may write. */
const WRITER_LEASE = 7_203_421;
/** Two rebuilds would replace each other's collection. */
const REBUILD_LEASE = 7_203_422;

/**
 * Runs `work` while no other process writes to the index. The engine has no conditional write, and of parallel
 * upserts of one document the wrong one may win. The lease ends with its connection, so a process that dies frees it.
 */
export async function asIndexWriter<T>(db: Db, work: () => Promise<T>): Promise<T> {
  const connection = await db.$client.reserve();
  try {
    await connection`select pg_advisory_lock(${WRITER_LEASE})`;
    try {
      return await work();
    } finally {
      await connection`select pg_advisory_unlock(${WRITER_LEASE})`;
    }
  } finally {
    connection.release();
  }
}

/** Undefined when another process rebuilds. */
export async function asOnlyRebuild<T>(db: Db, work: () => Promise<T>): Promise<T | undefined> {
  const connection = await db.$client.reserve();
  try {
    const [row] = await connection<{ free: boolean }[]>`select pg_try_advisory_lock(${REBUILD_LEASE}) as free`;
    if (!row?.free) return undefined;
    try {
      return await work();
    } finally {
      await connection`select pg_advisory_unlock(${REBUILD_LEASE})`;
    }
  } finally {
    connection.release();
  }
}
