import postgres from 'postgres';

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';
const LOCK_NOT_AVAILABLE = '55P03';
const UNIQUE_VIOLATION = '23505';

/**
 * Drizzle wraps the driver's errors; the SQLSTATE is on the innermost cause, or on the error itself when COMMIT
 * failed.
 */
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

/** Whether the error is a violation of this unique constraint or index. */
export function isUniqueViolation(error: unknown, name: string): boolean {
  const pg = postgresError(error);
  return pg?.code === UNIQUE_VIOLATION && pg.constraint_name === name;
}

/** The reason why PostgreSQL cannot run statements. */
export type PostgresOutage =
  | 'credentials'
  | 'permission'
  | 'missing-database'
  | 'missing-schema'
  | 'disk-full'
  | 'out-of-memory'
  | 'too-many-connections'
  | 'read-only'
  | 'not-ready'
  | 'unreachable'
  | 'busy'
  | 'storage';

/** By SQLSTATE, the longest beginning first. A code that is not listed concerns the statement itself. */
const OUTAGES: readonly (readonly [string, PostgresOutage])[] = [
  ['08', 'unreachable'],
  ['28', 'credentials'],
  ['3D000', 'missing-database'],
  // Not applied yet, or not on every server: a migration, a grant, the search path.
  ['3F000', 'missing-schema'],
  ['42P01', 'missing-schema'],
  ['42703', 'missing-schema'],
  ['42883', 'missing-schema'],
  ['42704', 'missing-schema'],
  ['42501', 'permission'],
  ['25006', 'read-only'],
  // The server ended a transaction that was left idle.
  ['25P03', 'busy'],
  ['25P04', 'busy'],
  ['40001', 'busy'],
  ['40P01', 'busy'],
  ['40003', 'unreachable'],
  ['53100', 'disk-full'],
  ['53200', 'out-of-memory'],
  ['53300', 'too-many-connections'],
  ['53', 'busy'],
  ['55P03', 'busy'],
  ['55006', 'busy'],
  ['57014', 'busy'],
  ['57', 'not-ready'],
  ['58', 'storage'],
  ['XX001', 'storage'],
  ['XX002', 'storage'],
];

/** Undefined for errors that the statement or its values cause, and for errors of other stores. */
export function postgresOutage(error: unknown): PostgresOutage | undefined {
  const code = postgresError(error)?.code;
  return code === undefined ? undefined : OUTAGES.find(([beginning]) => code.startsWith(beginning))?.[1];
}

/** The statement's values are at fault: a data type or a constraint refuses them. */
export function isRefusedValue(error: unknown): boolean {
  return /^2[23]/.test(postgresError(error)?.code ?? '');
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
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

const CUT_OFF_CODES = new Set(['CONNECTION_CLOSED', 'CONNECTION_DESTROYED', 'ECONNRESET', 'EPIPE', '57P01', '57P02']);

/** A connection that existed has ended under the statement. A server that cannot be reached, or that is full, is not this. */
export const isCutOff = (error: unknown): boolean => hasCodeOf(error, CUT_OFF_CODES);

/** The error or one of its causes. */
function hasCodeOf(error: unknown, codes: ReadonlySet<string>): boolean {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    if ('code' in e && typeof e.code === 'string' && codes.has(e.code)) return true;
  }
  return false;
}

const AWAY: ReadonlySet<PostgresOutage | undefined> = new Set([
  'unreachable',
  'not-ready',
  'too-many-connections',
  'read-only',
]);

/**
 * The server is away, starting or stopping: the statement may be tried again later. A commit may or may not have
 * happened.
 */
export function isConnectionFailure(error: unknown): boolean {
  const pg = postgresError(error)?.code;
  if (pg !== undefined) return pg !== '57014' && AWAY.has(postgresOutage(error));
  return hasCodeOf(error, CONNECTION_CODES);
}
