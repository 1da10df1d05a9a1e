import type { ApiConfig } from '#config/api.ts';
import type { Pooling } from '#db/pooling.ts';
import type { Log } from '#observability/log.ts';
import { checkStores } from './check-stores.ts';
import { anyPoolingCheck, pooledCheck } from './database-checks.ts';
import { redisCheck, searchCheck } from './store-checks.ts';

const NAME = 'frontrow-api';

/**
 * Checks the stores of the api and returns how its database is reached. Behind a pooler in transaction mode nothing is
 * prepared, which costs the writer a round trip for each statement; the log says so.
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
      'DATABASE_URL leads through a pooler in transaction mode: no statement is prepared, so holds take longer. Name the server itself or a pool in session mode, and this one in DATABASE_POOLED_URL.';
    log.warn({ pooling }, warning);
  }
  return { ...config.postgres, pooling };
}
