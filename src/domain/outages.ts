import { isConnectionFailure, isLockTimeout, postgresError } from '#db/pg-errors.ts';

const QUERY_CANCELED = '57014';
const REDIS_IS_AWAY =
  /^(Command timed out|Connection is closed\.|Reached the max retries per request limit|Stream isn't writeable|Too many commands wait for Redis|LOADING |READONLY |MASTERDOWN |CLUSTERDOWN )/;

/**
 * A store is away, starting, or too slow to answer in time: the request may be tried again later, unchanged. Anything
 * else that is thrown is a bug.
 */
export function isOutage(error: unknown): boolean {
  if (isConnectionFailure(error) || isLockTimeout(error)) return true;
  if (postgresError(error)?.code === QUERY_CANCELED) return true;
  return error instanceof Error && REDIS_IS_AWAY.test(error.message);
}
