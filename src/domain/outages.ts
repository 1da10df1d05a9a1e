import { type PostgresOutage, postgresError, postgresOutage } from '#db/pg-errors.ts';

/** Why something that is needed does not work now, for a reason outside the request. */
export type OutageCause = PostgresOutage | 'name-resolution' | 'tls';

export type Store = 'postgresql' | 'redis' | 'search' | 'kafka';

export type Outage = {
  readonly cause: OutageCause;
  /** The reported code, or the first word of a reply. Contains no secret. */
  readonly detail: string;
  /** The store, when the error names it. */
  readonly of?: Store;
  /** The host that was meant, when the error names it. */
  readonly at?: string;
};

/** Codes of Node, postgres.js, undici and Kafka's client. */
const BY_CODE: Readonly<Record<string, OutageCause>> = {
  ENOTFOUND: 'name-resolution',
  EAI_AGAIN: 'name-resolution',
  EAI_NODATA: 'name-resolution',
  EAI_NONAME: 'name-resolution',
  EAI_FAIL: 'name-resolution',
  ECONNREFUSED: 'unreachable',
  ECONNRESET: 'unreachable',
  ECONNABORTED: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EPIPE: 'unreachable',
  ETIMEDOUT: 'unreachable',
  EMFILE: 'too-many-connections',
  ENFILE: 'too-many-connections',
  ENOSPC: 'disk-full',
  CONNECTION_CLOSED: 'unreachable',
  CONNECTION_ENDED: 'unreachable',
  CONNECTION_DESTROYED: 'unreachable',
  CONNECT_TIMEOUT: 'unreachable',
  TOO_MANY_WAITING: 'busy',
  // From postgres.js: the server wants a SASL mechanism that the client does not have, or its proof was wrong.
  AUTH_TYPE_NOT_IMPLEMENTED: 'credentials',
  SASL_SIGNATURE_MISMATCH: 'credentials',
  UND_ERR_SOCKET: 'unreachable',
  UND_ERR_CONNECT_TIMEOUT: 'unreachable',
  UND_ERR_HEADERS_TIMEOUT: 'unreachable',
  UND_ERR_BODY_TIMEOUT: 'unreachable',
  // From a payment gateway.
  UNAUTHORIZED: 'credentials',
  PLT_KFK_AUTHENTICATION: 'credentials',
  PLT_KFK_NETWORK: 'unreachable',
  PLT_KFK_TIMEOUT: 'unreachable',
};

/** OpenSSL's and Node's error codes for certificates and handshakes. */
const TLS_CODE =
  /^(CERT_|CRL_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT|UNABLE_TO_|ERROR_IN_CERT_|HOSTNAME_MISMATCH$|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$|EPROTO$|HTTP_REQUEST_ON_TLS)/;

/** What Redis replies, and what its client reports about a connection. */
const REDIS_REPLIES: readonly (readonly [RegExp, OutageCause])[] = [
  [/^(WRONGPASS|NOAUTH|ERR invalid password|ERR AUTH )/, 'credentials'],
  [/^NOPERM/, 'permission'],
  [/^OOM /, 'out-of-memory'],
  [/^MISCONF/, 'storage'],
  [/^READONLY/, 'read-only'],
  [/^(LOADING|MASTERDOWN|NOREPLICAS|NOMASTERLINK|INPROG|NOTREADY)/, 'not-ready'],
  [/^(MOVED|ASK|CLUSTERDOWN|TRYAGAIN|CROSSSLOT) /, 'not-ready'],
  [/^(BUSY|ERR max number of clients)/, 'busy'],
  [/^(Command timed out|Connection is closed\.|Reached the max retries per request limit)/, 'unreachable'],
  [/^(Stream isn't writeable|Socket timeout|All sentinels are unreachable|Failed to refresh slots)/, 'unreachable'],
  [/^Too many commands wait for Redis/, 'busy'],
];

const KAFKA_REPLIES: Readonly<Record<string, OutageCause>> = {
  SASL_AUTHENTICATION_FAILED: 'credentials',
  UNSUPPORTED_SASL_MECHANISM: 'credentials',
  TOPIC_AUTHORIZATION_FAILED: 'permission',
  GROUP_AUTHORIZATION_FAILED: 'permission',
  CLUSTER_AUTHORIZATION_FAILED: 'permission',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'permission',
  KAFKA_STORAGE_ERROR: 'storage',
  LEADER_NOT_AVAILABLE: 'not-ready',
  NOT_LEADER_OR_FOLLOWER: 'not-ready',
  NOT_ENOUGH_REPLICAS: 'not-ready',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'not-ready',
  COORDINATOR_NOT_AVAILABLE: 'not-ready',
  COORDINATOR_LOAD_IN_PROGRESS: 'not-ready',
  NOT_COORDINATOR: 'not-ready',
  REQUEST_TIMED_OUT: 'unreachable',
  NETWORK_EXCEPTION: 'unreachable',
};

/**
 * The outage behind an error: a store is away, starting, full, misconfigured or too slow to answer in time, so the
 * same request may be tried again later. When errors wrap each other, the innermost known one decides. Undefined for
 * any other error: the request or our code is at fault.
 */
export function outageOf(error: unknown): Outage | undefined {
  const all = [...causesOf(error)];
  for (const one of all.toReversed()) {
    const outage = outageOfOne(one);
    const of = outage?.of ?? storeIn(all);
    if (outage) return { ...outage, ...(of && { of }), ...hostIn(one) };
  }
  return undefined;
}

/** Derived from the error that wraps the network error. */
function storeIn(errors: readonly Error[]): Store | undefined {
  if (errors.some((one) => 'query' in one)) return 'postgresql';
  return errors.some(({ name }) => name === 'SearchUnavailable') ? 'search' : undefined;
}

function hostIn(error: Error): { at?: string } {
  const { hostname, address, port } = error as { hostname?: unknown; address?: unknown; port?: unknown };
  const host = hostname ?? address;
  if (typeof host !== 'string') return {};
  return { at: typeof port === 'number' ? `${host}:${port}` : host };
}

/** For code that answers clients: a statement that names a missing table is more likely a bug than an outage. */
export function isOutage(error: unknown): boolean {
  const cause = outageOf(error)?.cause;
  return cause !== undefined && cause !== 'missing-schema';
}

function outageOfOne(error: Error): Outage | undefined {
  const pg = postgresError(error);
  if (pg) {
    const cause = postgresOutage(pg);
    return cause && { cause, detail: pg.code, of: 'postgresql' };
  }
  return byCode(error) ?? byKafkaReply(error) ?? byStatus(error) ?? byRedisReply(error);
}

function byCode(error: Error): Outage | undefined {
  if (!('code' in error) || typeof error.code !== 'string') return undefined;
  const cause = BY_CODE[error.code] ?? (TLS_CODE.test(error.code) ? 'tls' : undefined);
  if (!cause) return undefined;
  return { cause, detail: error.code, ...(error.code.startsWith('PLT_KFK') && { of: 'kafka' }) };
}

function byKafkaReply(error: Error): Outage | undefined {
  if (!('apiId' in error) || typeof error.apiId !== 'string') return undefined;
  const cause = KAFKA_REPLIES[error.apiId];
  return cause && { cause, detail: error.apiId, of: 'kafka' };
}

/** From Typesense and gateways. A status that is not listed concerns the request. */
function byStatus(error: Error): Outage | undefined {
  const status = 'httpStatus' in error ? error.httpStatus : undefined;
  if (typeof status !== 'number') return undefined;
  const detail = `HTTP ${status}`;
  if (status === 401) return { cause: 'credentials', detail };
  if (status === 403) return { cause: 'permission', detail };
  if (status === 408 || status === 429) return { cause: 'busy', detail };
  return status >= 500 ? { cause: 'not-ready', detail } : undefined;
}

function byRedisReply({ message }: Error): Outage | undefined {
  const known = REDIS_REPLIES.find(([reply]) => reply.test(message));
  const code = /^[A-Z]{2,}(?=\s)/.exec(message)?.[0];
  return known && { cause: known[1], detail: code ?? message.slice(0, 60), of: 'redis' };
}

const MOST_CAUSES = 20;

/** The error and everything that it wraps, outermost first. */
function* causesOf(error: unknown): Generator<Error> {
  const waiting = [error];
  for (let seen = 0; waiting.length > 0 && seen < MOST_CAUSES; seen++) {
    const one = waiting.shift();
    if (!(one instanceof Error)) continue;
    yield one;
    if (one.cause !== undefined) waiting.push(one.cause);
    if (one instanceof AggregateError) waiting.push(...one.errors);
    // ioredis keeps the reason of a pipeline or a reconnect here.
    if ('lastNodeError' in one) waiting.push(one.lastNodeError);
    if ('previousErrors' in one && Array.isArray(one.previousErrors)) waiting.push(...one.previousErrors);
  }
}
