import postgres from 'postgres';
import { findViolations } from './invariants.ts';
import { findMoneyViolations, readBookingFacts } from './invariants-payments.ts';
import { merchantCall } from './sandbox-gateway.ts';
import type { System } from './system.ts';

type Books = Pick<System, 'bookingUrl' | 'paymentsUrl' | 'gatewayUrl'>;

/** Must hold at every moment, whatever is under way: what is on the books of the booking side, and that nothing was set aside. */
export async function findBrokenPromises({ bookingUrl }: Pick<System, 'bookingUrl'>): Promise<string[]> {
  const violations = await findViolations(bookingUrl);
  return [
    ...violations.flatMap(({ id, promise, rows }) => rows.map((row) => `${id} ${promise}: ${JSON.stringify(row)}`)),
    ...(await findParked(bookingUrl)),
  ];
}

/** Must hold once everything has come to rest: money and seats on three sets of books, and every message read by everybody. */
export async function findLooseEnds(
  { bookingUrl, paymentsUrl, gatewayUrl }: Books,
  waitingGroups: readonly string[] = [],
): Promise<string[]> {
  const bookings = await readBookingFacts(bookingUrl);
  const { json: ledger } = await merchantCall(gatewayUrl)('GET', '/v1/ledger');
  const violations = await findMoneyViolations(paymentsUrl, { bookings, ledger });
  return [
    ...violations.map(({ invariant, subject, detail }) => `${invariant} ${subject}: ${detail}`),
    ...(await findUnread(bookingUrl, waitingGroups)),
    ...(await findUnpublished(bookingUrl, [bookingUrl, paymentsUrl])),
  ];
}

/**
 * Runs every invariant on a system of which all processes run. What must always hold is checked at once and again at the
 * end; what holds at rest is given time to come to rest. Throws what does not hold.
 * @param options `waitingGroups`: consumers that rightly stand still, because what they need is away
 */
export async function expectAllInvariants(
  system: Books,
  options: { withinMs?: number; waitingGroups?: readonly string[] } = {},
): Promise<void> {
  const deadline = Date.now() + (options.withinMs ?? 20_000);
  for (;;) {
    const broken = await findBrokenPromises(system);
    if (broken.length > 0) throw new Error(`Broken:\n${broken.join('\n')}`);
    const loose = await findLooseEnds(system, options.waitingGroups);
    if (loose.length === 0) return;
    if (Date.now() > deadline) throw new Error(`Still not so:\n${loose.join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function query<T>(url: string, read: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await read(sql);
  } finally {
    await sql.end();
  }
}

const findParked = (bookingUrl: string): Promise<string[]> =>
  query(bookingUrl, async (sql) => {
    const rows = await sql`select consumer_group, topic, key, reason from event_log.parked`;
    return rows.map((row) => `I17 a message was set aside: ${JSON.stringify(row)}`);
  });

/** A group that has not begun yet has read nothing, and is not known here: whoever asks has started every process. */
const findUnread = (bookingUrl: string, except: readonly string[]): Promise<string[]> =>
  query(bookingUrl, async (sql) => {
    const rows = await sql`
      select p.consumer_group, p.topic, p.partition, t.next_offset - p."offset" as unread
      from event_log.positions p join event_log.partitions t using (topic, partition)
      where p."offset" < t.next_offset`;
    const late = rows.filter((row) => !except.includes(row.consumer_group));
    return late.map((row) => `I17 not read yet: ${JSON.stringify(row)}`);
  });

/** Both outboxes against the log, in which both end. */
async function findUnpublished(bookingUrl: string, urls: readonly string[]): Promise<string[]> {
  const written = await Promise.all(
    urls.map((url) => query(url, (sql) => sql<{ id: string }[]>`select id from outbox`)),
  );
  const logged = await query(bookingUrl, (sql) => sql<{ id: string }[]>`select id from event_log.messages`);
  const ids = new Set(logged.map(({ id }) => id));
  return written.flat().flatMap(({ id }) => (ids.has(id) ? [] : [`I17 not published: ${id}`]));
}
