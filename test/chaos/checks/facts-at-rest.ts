import { setTimeout as sleep } from 'node:timers/promises';
import { findBrokenPromises, findLooseEnds } from '#test/support/all-invariants.ts';
import { readInvariants } from '#test/support/invariants.ts';
import { readInvariants as readMoneyInvariants } from '#test/support/invariants-payments.ts';
import { findRedisDisagreements } from '#test/support/redis-agreement.ts';
import { type Facts, type QueryFact, readBookingSide } from './facts.ts';

type Books = { bookingUrl: string; paymentsUrl: string; gatewayUrl: string; redisUrl?: string };

type Options = {
  /** How long what is under way may take to come to rest. Default 20 s. */
  readonly withinMs?: number;
  /** Consumers that rightly stand still. */
  readonly waitingGroups?: readonly string[];
};

/**
 * The facts of a system of which all processes run and nothing is asked of any more: waits until everything has come to
 * rest, or until its time is over and what has not is in the queries. `redisUrl` left out: Redis is not compared.
 */
export async function readFactsAtRest(books: Books, options: Options = {}): Promise<Facts> {
  const deadline = Date.now() + (options.withinMs ?? 20_000);
  for (;;) {
    const queries = await ask(books, options.waitingGroups);
    const isAtRest = queries.every(({ found }) => found.length === 0);
    if (isAtRest || Date.now() > deadline) return { ...(await readBookingSide(books.bookingUrl)), queries };
    await sleep(200);
  }
}

async function ask(books: Books, waitingGroups: readonly string[] = []): Promise<QueryFact[]> {
  const [broken, loose] = await Promise.all([findBrokenPromises(books), findLooseEnds(books, waitingGroups)]);
  const { bookingUrl, redisUrl } = books;
  const disagreements = redisUrl ? await findRedisDisagreements({ bookingUrl, redisUrl }, { atRest: true }) : [];
  const promises = new Map<string, string>();
  for (const { id, promise } of readInvariants('invariants.sql')) promises.set(id, promise);
  for (const { id, statement } of await readMoneyInvariants())
    promises.set(id, [promises.get(id), statement].filter(Boolean).join('; '));
  const found = Map.groupBy([...broken, ...loose], (line) => line.slice(0, line.indexOf(' ')));
  const queries = [...promises].map(([id, promise]) => ({ id, promise, found: found.get(id) ?? [] }));
  const agreement = { id: 'X1', promise: 'Redis says of seats what PostgreSQL says', found: disagreements };
  return redisUrl ? [...queries, agreement] : queries;
}
