import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import { Bell } from '#shared/bell.ts';
import { openRawClient } from '#shared/postgres.ts';
import type { AggregateType } from '../contracts.ts';
import { originOf, type StoredOrigin } from '../origin.ts';
import { backOffMs, Pauses } from './back-off.ts';
import type { Delivery } from './delivery.ts';
import { endIfFrozen, FROZEN_CONSUMER_MS, sayingAlive } from './frozen.ts';
import type { Consumption, EventLog, Message, NewMessage, Unread } from './log.ts';
import { deliverOrPark, replayParked } from './parked-messages.ts';

const PARTITIONS = 8;
const BATCH = 100;
const LANES = 4;
/**
 * A lost notification delays a message by at most this long. It is lost only with its connection, and a new
 * connection begins with a look.
 */
const IDLE_MS = 30_000;
/** An append blocks all others of its partitions, and waits only for the database. */
const FROZEN_APPENDER_MS = 2000;
const CHANNEL = 'event_log';

type Sql = postgres.Sql;
type Claim = { topic: AggregateType; partition: number; offset: number };
type Row = StoredOrigin & {
  partition: number;
  offset: string;
  id: string;
  key: string;
  event: unknown;
  createdAt: Date;
};

/**
 * The event log in schema `event_log` of the booking database: needs no further server, and is as durable as the
 * bookings.
 */
export function openPostgresLog(options: { url: string; name: string; poolMax?: number }): EventLog {
  const { url, name, poolMax = LANES * 3 } = options;
  const sql = openRawClient({ url, name: `${name}-log`, poolMax });
  return {
    append: (messages) => append(sql, messages),
    consume: (consumption) => consume(sql, consumption),
    lag: () => readLag(sql),
    close: () => sql.end({ timeout: 5 }),
  };
}

async function readLag(sql: Sql): Promise<Unread[]> {
  return await sql<Unread[]>`
    select c.consumer_group as "group", c.topic, sum(p.next_offset - c."offset")::float8 as unread
    from event_log.positions c join event_log.partitions p using (topic, partition) group by 1, 2`;
}

export function partitionOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % PARTITIONS;
}

/** The partitions' row locks give out offsets in commit order without gaps, so no reader can skip a late one. */
async function append(sql: Sql, messages: readonly NewMessage[]): Promise<void> {
  if (messages.length === 0) return;
  const rows = messages.map((message, position) => ({
    position,
    topic: message.topic,
    partition: partitionOf(message.key),
    id: message.id,
    key: message.key,
    event: message.event,
    created_at: message.createdAt.toISOString(),
    request_id: message.origin?.requestId,
    traceparent: message.origin?.traceparent,
  }));
  const places = [...new Map(rows.map((row) => [`${row.topic}/${row.partition}`, row])).values()];
  const topics = places.map((row) => row.topic);
  const partitions = places.map((row) => row.partition);
  await sql.begin(async (tx) => {
    endIfFrozen(tx, FROZEN_APPENDER_MS);
    await tx`
      select from event_log.partitions
      where (topic, partition) in (select * from unnest(${topics}::text[], ${partitions}::int[]))
      order by topic, partition for update`;
    await tx`
      with wanted as (
        select r.* from jsonb_to_recordset(${tx.json(rows as never)}::jsonb)
          as r(position int, topic text, partition int, id uuid, key text, event jsonb, created_at timestamptz,
            request_id text, traceparent text)
        where not exists (select from event_log.messages m where m.id = r.id)
      ), numbered as (
        select wanted.*, next_offset + row_number() over (partition by topic, partition order by position) - 1 as number
        from wanted join event_log.partitions using (topic, partition)
      ), inserted as (
        insert into event_log.messages (topic, partition, "offset", id, key, event, created_at, request_id, traceparent)
        select topic, partition, number, id, key, event, created_at, request_id, traceparent from numbered
      )
      update event_log.partitions p set next_offset = n.last + 1
      from (select topic, partition, max(number) as last from numbered group by topic, partition) n
      where p.topic = n.topic and p.partition = n.partition`;
    await tx`select pg_notify(${CHANNEL}, ${[...new Set(topics)].join(' ')})`;
  });
}

/**
 * A consumption, the bell that wakes its lanes, and the partitions in which a message waits for the end of an outage.
 */
type Reading = {
  readonly sql: Sql;
  readonly consumption: Consumption;
  readonly bell: Bell;
  readonly pauses: Pauses;
};

async function consume(sql: Sql, consumption: Consumption): Promise<void> {
  const bell = new Bell();
  const reading = { sql, consumption, bell, pauses: new Pauses() };
  consumption.signal.addEventListener('abort', () => bell.end(), { once: true });
  const subscription = await untilConnected(consumption, async () => {
    await sql`
      insert into event_log.positions (consumer_group, topic, partition)
      select ${consumption.group}, topic, partition from event_log.partitions
      where topic in ${sql([...consumption.topics])} on conflict do nothing`;
    const ringFor = (topics: string) => {
      if (topics.split(' ').some((topic) => consumption.topics.includes(topic as AggregateType))) bell.ring();
    };
    return await sql.listen(CHANNEL, ringFor, () => bell.ring());
  });
  const looking = setInterval(() => bell.ring(), IDLE_MS).unref();
  await Promise.all([...Array.from({ length: LANES }, () => runLane(reading)), replayParked(sql, consumption)]);
  clearInterval(looking);
  await subscription?.unlisten().catch(() => {});
}

async function untilConnected<T>(consumption: Consumption, connect: () => Promise<T>): Promise<T | undefined> {
  for (let failures = 1; !consumption.signal.aborted; failures++) {
    try {
      return await connect();
    } catch (error) {
      consumption.onTrouble({ kind: 'lost', error });
      await pause(backOffMs(failures), consumption);
    }
  }
  return undefined;
}

const pause = (ms: number, { signal }: Consumption): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined);

async function runLane(reading: Reading): Promise<void> {
  const { consumption, bell } = reading;
  let failures = 0;
  while (!consumption.signal.aborted) {
    try {
      const found = (await isUnread(reading)) && (await handleBatch(reading));
      failures = 0;
      consumption.onFound?.();
      if (!found) await bell.wait();
    } catch (error) {
      // The handled messages come again: the consumers' inboxes guard their effects.
      consumption.onTrouble({ kind: 'lost', error });
      failures += 1;
      await pause(backOffMs(failures), consumption);
    }
  }
}

const placeOf = ({ topic, partition }: Claim): string => `${topic}/${partition}`;

/**
 * A look without a lock or a transaction: most rings are for messages that another lane or process has taken already.
 */
async function isUnread({ sql, consumption: { group, topics }, pauses }: Reading): Promise<boolean> {
  const found = await sql`
    select from event_log.positions c join event_log.partitions p using (topic, partition)
    where c.consumer_group = ${group} and c.topic in ${sql([...topics])} and c."offset" < p.next_offset
      and c.topic || '/' || c.partition <> all (${pauses.keys()}) limit 1`;
  return found.length > 0;
}

/**
 * Takes one partition with unread messages that no other process works on, delivers a batch, and moves the group's
 * position. The position's row lock is the claim: a process that dies releases it. Returns whether there was such a
 * partition. One in which a message waits is skipped for a while.
 */
function handleBatch({ sql, consumption, bell, pauses }: Reading): Promise<boolean> {
  return sql.begin(async (tx): Promise<boolean> => {
    endIfFrozen(tx, FROZEN_CONSUMER_MS);
    const [claim] = await tx<Claim[]>`
      select c.topic, c.partition, c."offset"::float8 as "offset"
      from event_log.positions c join event_log.partitions p using (topic, partition)
      where c.consumer_group = ${consumption.group} and c.topic in ${tx([...consumption.topics])}
        and c."offset" < p.next_offset and c.topic || '/' || c.partition <> all (${pauses.keys()})
      order by random() limit 1 for update of c skip locked`;
    if (!claim) return false;
    // There may be more partitions like this one.
    bell.ring();
    const messages = await readMessages(tx, claim);
    if (messages.length === 0) return false;
    const outcomes = await sayingAlive(tx, () => deliverOrPark(tx, consumption, messages));
    const next = firstUnhandled(messages, outcomes);
    await tx`
      update event_log.positions set "offset" = ${next}
      where consumer_group = ${consumption.group} and topic = ${claim.topic} and partition = ${claim.partition}`;
    if (next > claim.offset) pauses.end(placeOf(claim));
    else pauses.begin(placeOf(claim), () => bell.ring());
    return true;
  });
}

async function readMessages(tx: postgres.TransactionSql, claim: Claim): Promise<Message[]> {
  const rows = await tx<Row[]>`
    select partition, "offset", id, key, event, created_at as "createdAt", request_id as "requestId", traceparent
    from event_log.messages
    where topic = ${claim.topic} and partition = ${claim.partition} and "offset" >= ${claim.offset}
    order by "offset" limit ${BATCH}`;
  return rows.map(({ requestId, traceparent, ...row }) => ({
    ...row,
    topic: claim.topic,
    offset: Number(row.offset),
    origin: originOf({ requestId, traceparent }),
  }));
}

function firstUnhandled(messages: readonly Message[], outcomes: ReadonlyMap<string, Delivery>): number {
  const waiting = messages.find((message) => {
    const delivery = outcomes.get(message.id);
    return delivery === undefined || delivery.outcome === 'later';
  });
  if (waiting) return waiting.offset;
  return (messages.at(-1)?.offset ?? -1) + 1;
}
