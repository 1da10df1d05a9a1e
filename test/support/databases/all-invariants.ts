import postgres from 'postgres';
import { ABOUT_THE_LOG } from '#domain/invariants.ts';
import { findMoneyViolations, readBookingFacts } from '#processes/invariants/money.ts';
import { findViolations } from '#processes/invariants/violations.ts';
import type { TestKafka } from '#test/support/kafka/kafka.ts';
import { findUnreadInKafka, readKafkaLog } from '#test/support/kafka/kafka-books.ts';
import { merchantCall } from '#test/support/payments/sandbox-gateway.ts';
import type { System } from '#test/support/system/system.ts';

/** `kafka`: the event log is there and not in the booking database. */
type BookingBooks = Pick<System, 'bookingUrl'> & { paymentsUrl?: string; kafka?: TestKafka | undefined };
type Books = BookingBooks & Pick<System, 'paymentsUrl' | 'gatewayUrl'>;

/** These must hold at every moment: the books of the booking side, and that no message is parked. */
export async function findBrokenPromises({ bookingUrl, paymentsUrl, kafka }: BookingBooks): Promise<string[]> {
  const violations = await findViolations(bookingUrl, { except: kafka ? ABOUT_THE_LOG : [] });
  return [
    ...(kafka ? await findUntrueInKafka(bookingUrl, kafka) : []),
    ...violations.flatMap(({ id, promise, rows }) => rows.map((row) => `${id} ${promise}: ${JSON.stringify(row)}`)),
    ...(await findParked(bookingUrl)),
    ...(paymentsUrl ? await findParked(paymentsUrl) : []),
  ];
}

/** These must hold at rest: money and seats agree in three sets of books, and every consumer has read every message. */
export async function findLooseEnds(
  { bookingUrl, paymentsUrl, gatewayUrl, kafka }: Books,
  waitingGroups: readonly string[] = [],
): Promise<string[]> {
  const bookings = await readBookingFacts(bookingUrl);
  const { json: ledger } = await merchantCall(gatewayUrl)('GET', '/v1/ledger');
  const violations = await findMoneyViolations(paymentsUrl, { bookings, ledger });
  return [
    ...violations.map(({ invariant, subject, detail }) => `${invariant} ${subject}: ${detail}`),
    ...(kafka
      ? (await findUnreadInKafka(kafka, waitingGroups)).map((line) => `I17 not read yet: ${line}`)
      : await findUnread(bookingUrl, waitingGroups)),
    ...(await findUnpublished([bookingUrl, paymentsUrl], kafka ? idsInKafka(kafka) : idsInPostgres(bookingUrl))),
  ];
}

/**
 * Checks every invariant of a system with all processes running. Invariants that must always hold are checked at
 * once and again at the end; those at rest are given time. Throws what does not hold.
 * @param options `waitingGroups`: consumers that rightly stand still, because a store that they need is away
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

const findParked = (url: string): Promise<string[]> =>
  query(url, async (sql) => {
    const rows = await sql`select consumer_group, topic, key, reason from event_log.parked`;
    return rows.map((row) => `I17 a message was set aside: ${JSON.stringify(row)}`);
  });

/**
 * A group that has not begun yet has read nothing and is not listed here, so the caller must have started every
 * process.
 */
const findUnread = (bookingUrl: string, except: readonly string[]): Promise<string[]> =>
  query(bookingUrl, async (sql) => {
    const rows = await sql`
      select p.consumer_group, p.topic, p.partition, t.next_offset - p."offset" as unread
      from event_log.positions p join event_log.partitions t using (topic, partition)
      where p."offset" < t.next_offset`;
    const late = rows.filter((row) => !except.includes(row.consumer_group));
    return late.map((row) => `I17 not read yet: ${JSON.stringify(row)}`);
  });

/** Both outboxes against the log that both feed. */
async function findUnpublished(urls: readonly string[], readLog: () => Promise<Set<string>>): Promise<string[]> {
  const written = await Promise.all(
    urls.map((url) => query(url, (sql) => sql<{ id: string }[]>`select id from outbox`)),
  );
  const logged = await readLog();
  return written.flat().flatMap(({ id }) => (logged.has(id) ? [] : [`I17 not published: ${id}`]));
}

const idsInPostgres = (bookingUrl: string) => async (): Promise<Set<string>> => {
  const rows = await query(bookingUrl, (sql) => sql<{ id: string }[]>`select id from event_log.messages`);
  return new Set(rows.map(({ id }) => id));
};

const idsInKafka = (kafka: TestKafka) => async (): Promise<Set<string>> =>
  new Set((await readKafkaLog(kafka)).map(({ id }) => id));

type Handled = { consumer: string; id: string };
type Place = { consumer: string; topic: string; key: string; partition: number; offset: number };

/**
 * I17 and I18 of invariants.sql for a log outside the database: messages that consumers have handled were published;
 * and an event's messages are in the order of their versions, apart from repetitions, and none has overtaken a
 * parked one.
 */
async function findUntrueInKafka(bookingUrl: string, kafka: TestKafka): Promise<string[]> {
  // Read before the log, so that the log has every message that they have handled.
  const [handled, parked, written] = await query(bookingUrl, (sql) =>
    Promise.all([
      sql<Handled[]>`select consumer, message_id as id from inbox`,
      sql<
        Place[]
      >`select consumer_group as consumer, topic, key, partition, "offset"::float8 as "offset" from event_log.parked`,
      sql<{ id: string }[]>`select id from outbox`,
    ]),
  );
  const log = await readKafkaLog(kafka);
  const firsts = [...new Map(log.toReversed().map((message) => [message.id, message])).values()].reverse();
  const ids = new Set(firsts.map(({ id }) => id));
  // After a restore the log also has the versions of a lost database.
  const own = new Set(written.map(({ id }) => id));
  const versions = new Map<string, number>();
  const untrue = handled.flatMap(({ id }) => (ids.has(id) ? [] : [`I17 handled but never published: ${id}`]));
  for (const { key, event } of firsts.filter(({ id }) => own.has(id))) {
    const { version, seatNos } = event as { version?: number; seatNos?: unknown };
    if (version === undefined || seatNos === undefined) continue;
    const previous = versions.get(key);
    if (previous !== undefined && version <= previous) untrue.push(`I18 ${key}: ${version} after ${previous}`);
    versions.set(key, version);
  }
  const handledBy = new Set(handled.map(({ consumer, id }) => `${consumer} ${id}`));
  for (const { consumer, topic, key, partition, offset } of parked) {
    const behind = firsts.filter((m) => m.topic === topic && m.key === key && m.partition === partition);
    const overtook = behind.filter((m) => m.offset > offset && handledBy.has(`${consumer} ${m.id}`));
    untrue.push(...overtook.map(({ id }) => `I18 ${consumer}: ${id} overtook a parked message of ${key}`));
  }
  return untrue;
}
