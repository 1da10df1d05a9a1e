import { findPooling, type Pooling } from '#db/pooling.ts';
import { BARE_SESSION, openRawClient } from '#shared/postgres.ts';
import type { StoreCheck } from './check-stores.ts';

const NEEDS_A_SESSION =
  'it leads through a pooler in transaction mode, but LISTEN, advisory locks and replication need a session: set it to the server itself, or to a pool in session mode. Only the api can use a pool in transaction mode: DATABASE_POOLED_URL.';

/** For processes that need sessions, because they listen, hold advisory locks or replicate. */
export function sessionCheck(address: string, url: string | undefined, name: string): StoreCheck[] {
  if (url === undefined) return [];
  return [
    {
      settings: { address },
      check: async () => ((await findPooling(url, name)) === 'transaction' ? NEEDS_A_SESSION : undefined),
    },
  ];
}

/** For the api, which can do without sessions; `found` gets the mode that it has. */
export function anyPoolingCheck(url: string, name: string, found: (pooling: Pooling) => unknown): StoreCheck {
  return {
    settings: { address: 'DATABASE_URL' },
    check: async () => {
      found(await findPooling(url, name));
      return undefined;
    },
  };
}

/**
 * A process cannot set a limit in a pool in transaction mode, because it has no session there: the pool must set it.
 */
export function pooledCheck(address: string, url: string | undefined, name: string): StoreCheck[] {
  if (url === undefined) return [];
  return [
    {
      settings: { address },
      check: async () =>
        (await statementTimeout(url, name)) === '0'
          ? "its sessions have no statement_timeout: set it for the role (alter role ... set statement_timeout = '5s'), or as connect_query of the pooler (deploy/pgbouncer/pgbouncer.ini)."
          : undefined,
    },
  ];
}

async function statementTimeout(url: string, name: string): Promise<string | undefined> {
  const sql = openRawClient({ url, name: `${name}-pooling` }, BARE_SESSION);
  try {
    const [row] = await sql<{ timeout: string }[]>`select current_setting('statement_timeout') as timeout`;
    return row?.timeout;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
