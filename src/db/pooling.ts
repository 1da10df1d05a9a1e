import postgres from 'postgres';

/**
 * What lies between a client and its server. `session`: nothing, or a pooler that gives a client one server for as long
 * as it stays. `transaction`: a pooler that gives it one for each transaction, so that no setting, prepared statement,
 * advisory lock or LISTEN outlives one.
 */
export type Pooling = 'session' | 'transaction';

const ROUNDS = 5;

/**
 * Finds it out with two sessions that are open at once: behind a pooler in transaction mode they meet in one server
 * process, or one of them changes its own.
 *
 * @throws what the driver throws when no connection can be had
 */
export async function findPooling(url: string, name: string): Promise<Pooling> {
  const options = {
    max: 1,
    prepare: false,
    fetch_types: false,
    connect_timeout: 5,
    onnotice: () => {},
    connection: { application_name: `${name}-pooling` },
  };
  const sessions = [postgres(url, options), postgres(url, options)];
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
