import postgres from 'postgres';

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';
const LOCK_NOT_AVAILABLE = '55P03';

/** Drizzle wraps the driver's errors; the SQLSTATE is on the innermost cause, or on the error itself when COMMIT failed. */
export function postgresError(error: unknown): postgres.PostgresError | undefined {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    if (e instanceof postgres.PostgresError) return e;
  }
  return undefined;
}

/** PostgreSQL asks for the transaction to be run again from its start. */
export function isRetryable(error: unknown): boolean {
  const code = postgresError(error)?.code;
  return code === SERIALIZATION_FAILURE || code === DEADLOCK_DETECTED;
}

export function isLockTimeout(error: unknown): boolean {
  return postgresError(error)?.code === LOCK_NOT_AVAILABLE;
}

const CONNECTION_CODES = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'TOO_MANY_WAITING',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
]);

/** Too many connections; and a write to a server that is no primary any more, or not yet. */
const NOT_NOW = new Set(['53300', '25006']);

/** The server is away, starting or stopping: the statement may be tried again later. A commit may or may not have happened. */
export function isConnectionFailure(error: unknown): boolean {
  const pg = postgresError(error)?.code;
  if (pg !== undefined) return pg.startsWith('57P') || pg.startsWith('08') || NOT_NOW.has(pg);
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    if ('code' in e && typeof e.code === 'string' && CONNECTION_CODES.has(e.code)) return true;
  }
  return false;
}
