import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { readInvariants } from '#domain/invariants.ts';
import { readInvariants as readMoneyInvariants } from '#processes/invariants/money.ts';
import { EPOCH } from '#redis/keys.ts';
import { findBrokenPromises, findLooseEnds } from '#test/support/databases/all-invariants.ts';
import type { TestKafka } from '#test/support/kafka/kafka.ts';
import { merchantCall } from '#test/support/payments/sandbox-gateway.ts';
import { findRedisDisagreements } from '#test/support/redis/redis-agreement.ts';
import { type Facts, type QueryFact, readBookingSide } from './facts.ts';

type Books = {
  bookingUrl: string;
  paymentsUrl: string;
  gatewayUrl: string;
  redisUrl?: string;
  /** The event log, unless it is in the booking database. */
  kafka?: TestKafka | undefined;
};

type Options = {
  /** How long work under way may take to finish. Default 20 s. */
  readonly withinMs?: number;
  /** Consumers that rightly stand still. */
  readonly waitingGroups?: readonly string[];
};

/**
 * The facts of a system with all processes running and without requests: waits until everything has come to rest, or
 * until the time is over; unfinished work is then in the queries. Without `redisUrl` Redis is not compared.
 */
export async function readFactsAtRest(books: Books, options: Options = {}): Promise<Facts> {
  const deadline = Date.now() + (options.withinMs ?? 20_000);
  for (;;) {
    const queries = await ask(books, options.waitingGroups);
    const isAtRest = queries.every(({ found }) => found.length === 0);
    if (isAtRest || Date.now() > deadline)
      return { ...(await readSides(books)), queries: [...queries, ...(await askRedis(books))] };
    await sleep(200);
  }
}

/** The booking side, with the bookings whose money went back or was lost at the gateway by the books of the payments side. */
async function readSides({ bookingUrl, paymentsUrl }: Books) {
  const side = await readBookingSide(bookingUrl);
  const sql = postgres(paymentsUrl, { max: 1, onnotice: () => undefined });
  try {
    const rows = await sql<{ id: string }[]>`
      select booking_id as id from disputes where status = 'LOST' union select booking_id from refunds where origin = 'GATEWAY'`;
    const ended = new Set(rows.map(({ id }) => id));
    const marked = [...side.bookings].map(
      ([id, booking]) => [id, ended.has(id) ? { ...booking, endsWithoutFan: true } : booking] as const,
    );
    return { ...side, bookings: new Map(marked) };
  } finally {
    await sql.end();
  }
}

const REBUILT_WITHIN_MS = 5_000;

/**
 * First everything in Redis must be true. Then Redis is rebuilt, and must be complete: until then a hold that was
 * made while Redis was away, or that was extended, has no lock.
 */
async function askRedis({ bookingUrl, redisUrl }: Books): Promise<QueryFact[]> {
  if (redisUrl === undefined) return [];
  const redis = new Redis(redisUrl);
  try {
    const untrue = await findRedisDisagreements({ bookingUrl, redisUrl });
    await redis.del(EPOCH);
    const deadline = Date.now() + REBUILT_WITHIN_MS;
    const isRebuilt = (epoch: string | null) => epoch !== null && !epoch.startsWith('rebuilding:');
    while (!isRebuilt(await redis.get(EPOCH)) && Date.now() < deadline) await sleep(50);
    const missing = await findRedisDisagreements({ bookingUrl, redisUrl }, { atRest: true, afterRebuild: true });
    return [
      {
        id: 'X1',
        promise: 'Redis says of seats what PostgreSQL says, all of it once rebuilt',
        found: [...untrue, ...missing],
      },
    ];
  } finally {
    redis.disconnect();
  }
}

async function ask(books: Books, waitingGroups: readonly string[] = []): Promise<QueryFact[]> {
  const [broken, loose, money] = await Promise.all([
    findBrokenPromises(books),
    findLooseEnds(books, waitingGroups),
    askGateway(books),
  ]);
  const promises = new Map<string, string>();
  for (const { id, promise } of readInvariants()) promises.set(id, promise);
  for (const { id, statement } of await readMoneyInvariants())
    promises.set(id, [promises.get(id), statement].filter(Boolean).join('; '));
  const found = Map.groupBy([...broken, ...loose, ...money], (line) => line.slice(0, line.indexOf(' ')));
  return [...promises].map(([id, promise]) => ({ id, promise, found: found.get(id) ?? [] }));
}

/**
 * Compares with the gateway's books, which must agree at every moment: each acknowledged notice is in the payments
 * database, and each booking has at most one session.
 */
export async function askGateway({ paymentsUrl, gatewayUrl }: Books): Promise<string[]> {
  const sql = postgres(paymentsUrl, { max: 1, onnotice: () => undefined });
  try {
    const call = merchantCall(gatewayUrl);
    // Read first: more notices may be stored meanwhile, never fewer.
    const { notices, sessions } = (await call('GET', '/v1/ledger')).json;
    const [own] = await sql<{ notices: number; payments: number }[]>`
      select (select count(*)::int from notices) as notices, (select count(*)::int from payments) as payments`;
    const total = Object.values<number>(sessions).reduce((sum, count) => sum + count, 0);
    const lost = notices.DELIVERED - (own?.notices ?? 0);
    return [
      ...(lost > 0 ? [`I17P ${lost} notices were answered with 200 and are not stored`] : []),
      ...(total > (own?.payments ?? 0) ? [`I12 ${total} sessions at the gateway for ${own?.payments} payments`] : []),
    ];
  } finally {
    await sql.end();
  }
}
