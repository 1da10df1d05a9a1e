import type postgres from 'postgres';
import { openRawClient } from '#shared/postgres.ts';
import { endIfFrozen } from './frozen.ts';
import type { EventLog, NewMessage, Unread } from './log.ts';
import { CHANNEL, consumeFromPostgres } from './postgres-consumption.ts';

const PARTITIONS = 8;
/** Each group of a process uses at most four, and they seldom all do. */
const CONNECTIONS = 12;
/** An append blocks all others of its partitions, and waits only for the database. */
const FROZEN_APPENDER_MS = 2000;

type Sql = postgres.Sql;

/**
 * The event log in schema `event_log` of the booking database: needs no further server, and is as durable as the
 * bookings.
 */
export function openPostgresLog(options: { url: string; name: string; poolMax?: number }): EventLog {
  const { url, name, poolMax = CONNECTIONS } = options;
  const sql = openRawClient({ url, name: `${name}-log`, poolMax });
  return {
    append: (messages) => append(sql, messages),
    consume: (consumption) => consumeFromPostgres(sql, consumption),
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
    // Sent together: the second statement sees what the locks of the first one waited for.
    await Promise.all([
      tx`
        select from event_log.partitions
        where (topic, partition) in (select * from unnest(${topics}::text[], ${partitions}::int[]))
        order by topic, partition for update`,
      tx`
        with wanted as (
          select r.* from jsonb_to_recordset(${tx.json(rows as never)}::jsonb)
            as r(position int, topic text, partition int, id uuid, key text, event jsonb, created_at timestamptz,
              request_id text, traceparent text)
          left join lateral (select true as is_known from event_log.messages m where m.id = r.id limit 1) k on true
          where k.is_known is null
        ), numbered as (
          select wanted.*, next_offset + row_number() over (partition by topic, partition order by position) - 1 as number
          from wanted join event_log.partitions using (topic, partition)
        ), inserted as (
          insert into event_log.messages (topic, partition, "offset", id, key, event, created_at, request_id, traceparent)
          select topic, partition, number, id, key, event, created_at, request_id, traceparent from numbered
        ), moved as (
          update event_log.partitions p set next_offset = n.last + 1
          from (select topic, partition, max(number) as last from numbered group by topic, partition) n
          where p.topic = n.topic and p.partition = n.partition
          returning p.topic, p.partition, p.next_offset
        )
        select pg_notify(${CHANNEL}, string_agg(distinct topic, ' ') || ' '
          || string_agg(topic || '/' || partition || ':' || next_offset, ' '))
        from moved having count(*) > 0`,
    ]);
  });
}
