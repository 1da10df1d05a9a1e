import type postgres from 'postgres';
import { BARE_SESSION, openRawClient } from '#shared/postgres.ts';

/**
 * What is between a client and its server. `session`: nothing, or a pooler that gives a client one server for its
 * whole connection. `transaction`: a pooler that gives it a server per transaction, so that no setting, prepared
 * statement, advisory lock or LISTEN outlives a transaction.
 */
export type Pooling = 'session' | 'transaction';

const ROUNDS = 5;

/**
 * Detects the pooling with two sessions that are open at once: behind a pooler in transaction mode they meet in one
 * server process, or one of them changes its server process.
 *
 * @throws the driver's error when no connection is possible
 */
export async function findPooling(url: string, name: string): Promise<Pooling> {
  const open = () => openRawClient({ url, name: `${name}-pooling` }, BARE_SESSION);
  const sessions = [open(), open()];
  try {
    const seen = sessions.map(() => new Set<number>());
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, session] of sessions.entries()) seen[index]?.add(await backendOf(session));
    }
    const isShared = seen.some((pids) => pids.size > 1) || new Set(seen.flatMap((pids) => [...pids])).size < 2;
    return isShared ? 'transaction' : 'session';
  } finally {
    await Promise.all(sessions.map((session) => session.end({ timeout: 1 })));
  }
}

async function backendOf(session: postgres.Sql): Promise<number> {
  const [row] = await session<{ pid: number }[]>`select pg_backend_pid() as pid`;
  return row?.pid ?? 0;
}
