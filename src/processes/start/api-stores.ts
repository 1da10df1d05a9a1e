import type { ApiConfig } from '#config/api.ts';
import type { Pooling } from '#db/pooling.ts';
import type { Log } from '#observability/log.ts';
import { checkStores } from './check-stores.ts';
import { anyPoolingCheck, pooledCheck } from './database-checks.ts';
import { redisCheck, searchCheck } from './store-checks.ts';

const NAME = 'frontrow-api';

/**
 * Checks the stores of the api and returns how the api reaches its database. Behind a pooler in transaction mode no
 * statement is prepared, which costs the writer a round trip for each statement; the log warns of it.
 */
export async function checkApiStores(
  config: ApiConfig,
  log: Log,
): Promise<ApiConfig['postgres'] & { readonly pooling: Pooling }> {
  const seen: Pooling[] = [];
  await checkStores([
    anyPoolingCheck(config.postgres.url, NAME, (pooling) => seen.push(pooling)),
    ...pooledCheck('DATABASE_POOLED_URL', config.pooled?.url, NAME),
    redisCheck(config.redis),
    ...searchCheck(config.search),
  ]);
  const pooling = seen[0] ?? 'session';
  if (pooling === 'transaction') {
    const warning =
      'DATABASE_URL leads through a pooler in transaction mode: no statement is prepared, so holds take longer. Set it to the server itself or to a pool in session mode, and set DATABASE_POOLED_URL to this pooler.';
    log.warn({ pooling }, warning);
  }
  return { ...config.postgres, pooling };
}
