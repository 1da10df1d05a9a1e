import type postgres from 'postgres';

/** Blocks appends to the event log in this booking database until the returned function is called. */
export async function holdUpLog(sql: postgres.Sql): Promise<() => Promise<void>> {
  const locked = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const locking = sql.begin(async (tx) => {
    await tx`select from event_log.partitions for update`;
    locked.resolve();
    await gate.promise;
  });
  await Promise.race([locked.promise, locking]);
  return async () => {
    gate.resolve();
    await locking;
  };
}
