import type postgres from 'postgres';
import { freeIfEmpty, REPLAY_CHANNEL } from './parked-messages.ts';

/** Operators' queries and commands for parked messages. All of them may run beside the groups' processes. */

/** The messages of a key that wait for one group. The first one has the reason; the others wait behind it. */
export type ParkedKey = {
  group: string;
  key: string;
  messages: number;
  parkedAt: Date;
  replaying: boolean;
  firstId: string;
  firstType: string;
  reason: string;
  /** How often the first one was given up. */
  failures: number;
};

/** Selects keys; an empty selection means all. `id` is the id of any message of the key. */
export type ParkedSelection = { id?: string | undefined; key?: string | undefined; group?: string | undefined };

export function listParked(sql: postgres.ISql, wanted: ParkedSelection = {}): Promise<ParkedKey[]> {
  return sql<ParkedKey[]>`
    select k.consumer_group as "group", k.key, count(*)::int as messages, k.parked_at as "parkedAt",
      k.replay_requested_at is not null as replaying,
      (array_agg(p.id order by number))[1] as "firstId",
      coalesce((array_agg(p.event ->> 'type' order by number))[1], '?') as "firstType",
      (array_agg(p.reason order by number))[1] as reason, (array_agg(p.failures order by number))[1] as failures
    from event_log.parked_keys k join event_log.parked p using (consumer_group, key)
    where ${selected(sql, wanted)}
    group by k.consumer_group, k.key order by k.parked_at, k.consumer_group, k.key`;
}

const selected = (sql: postgres.ISql, { id, key, group }: ParkedSelection) => sql`
  (${group ?? null}::text is null or k.consumer_group = ${group ?? null})
  and (${key ?? null}::text is null or k.key = ${key ?? null})
  and (${id ?? null}::uuid is null or exists (select from event_log.parked i
    where i.consumer_group = k.consumer_group and i.key = k.key and i.id = ${id ?? null}::uuid))`;

export type ParkedMessage = {
  group: string;
  id: string;
  topic: string;
  key: string;
  partition: number;
  offset: number;
  type: string;
  aggregateId: string;
  version: number | null;
  createdAt: Date;
  parkedAt: Date;
  reason: string;
  failures: number;
  failedAt: Date | null;
  /** How many messages of its key are before it. */
  before: number;
};

/** One message as each group has parked it. Of its event only the names: a payload may contain who bought what. */
export function showParked(sql: postgres.ISql, id: string): Promise<ParkedMessage[]> {
  return sql<ParkedMessage[]>`
    select consumer_group as "group", id, topic, key, partition, "offset"::float8 as "offset",
      coalesce(event ->> 'type', '?') as type, coalesce(event ->> 'aggregateId', '?') as "aggregateId",
      (event ->> 'version')::float8 as version, created_at as "createdAt", parked_at as "parkedAt", reason, failures,
      failed_at as "failedAt",
      (select count(*)::int from event_log.parked b
       where b.consumer_group = p.consumer_group and b.key = p.key and b.number < p.number) as before
    from event_log.parked p where id = ${id}::uuid order by consumer_group`;
}

export type ParkedAction = { at: Date; action: string; group: string; by: string; reason: string | null };

/** What was done with a message, and with its key while it was parked; oldest first. */
export function listParkedActions(sql: postgres.ISql, id: string): Promise<ParkedAction[]> {
  return sql<ParkedAction[]>`
    select at, action, consumer_group as "group", done_by as by, reason from event_log.parked_history
    where message_id = ${id}::uuid order by number`;
}

/**
 * Asks the groups' processes to deliver the messages of these keys again, in order; they do so within a second or
 * two. Returns the keys as they were. A message that fails again stays parked, with those behind it.
 */
export function requestReplay(sql: postgres.Sql, wanted: ParkedSelection, by: string): Promise<ParkedKey[]> {
  return sql.begin(async (tx) => {
    const locked = await tx<{ group: string; key: string }[]>`
      select consumer_group as "group", key from event_log.parked_keys k where ${selected(tx, wanted)}
      order by consumer_group, key for update`;
    if (locked.length === 0) return [];
    const groups = locked.map(({ group }) => group);
    const keys = locked.map(({ key }) => key);
    const asked = tx`(consumer_group, key) in (select * from unnest(${groups}::text[], ${keys}::text[]))`;
    await tx`
      update event_log.parked_keys set replay_requested_at = now(), replay_requested_by = ${by} where ${asked}`;
    await tx`
      insert into event_log.parked_history (action, consumer_group, key, message_id, done_by)
      select 'REPLAY_REQUESTED', consumer_group, key, (select id from event_log.parked p
        where p.consumer_group = k.consumer_group and p.key = k.key order by number limit 1), ${by}
      from event_log.parked_keys k where ${asked}`;
    for (const group of new Set(groups)) await tx`select pg_notify(${REPLAY_CHANNEL}, ${group})`;
    const all = await listParked(tx, wanted);
    return all.filter(({ replaying }) => replaying);
  });
}

export type Dropped =
  | { outcome: 'dropped'; group: string; key: string; left: number }
  | { outcome: 'not parked' }
  | { outcome: 'in several groups'; groups: string[] };

/**
 * Removes a message for good, for one group: it is not delivered to the group again, even if the log brings it once
 * more. Those behind it stay parked until an operator asks for their replay or drops them as well, because a person
 * has to decide whether they make sense without it. Its event is kept in the history.
 */
export function dropParked(
  sql: postgres.Sql,
  message: { id: string; group?: string | undefined },
  done: { by: string; reason: string },
): Promise<Dropped> {
  return sql.begin(async (tx): Promise<Dropped> => {
    const found = await tx<{ group: string; key: string }[]>`
      select consumer_group as "group", key from event_log.parked
      where id = ${message.id}::uuid and (${message.group ?? null}::text is null or consumer_group = ${message.group ?? null})
      order by consumer_group`;
    const [first, second] = found;
    if (!first) return { outcome: 'not parked' };
    if (second) return { outcome: 'in several groups', groups: found.map(({ group }) => group) };
    const { group, key } = first;
    await tx`select from event_log.parked_keys where consumer_group = ${group} and key = ${key} for update`;
    const dropped = await tx`
      with dropped as (
        delete from event_log.parked where consumer_group = ${group} and id = ${message.id}::uuid
        returning consumer_group, key, id, event)
      insert into event_log.parked_history (action, consumer_group, key, message_id, done_by, reason, event)
      select 'DROPPED', consumer_group, key, id, ${done.by}, ${done.reason}, event from dropped returning number`;
    if (dropped.length === 0) return { outcome: 'not parked' };
    await freeIfEmpty(tx, group, key);
    const [left] = await tx<{ count: number }[]>`
      select count(*)::int as count from event_log.parked where consumer_group = ${group} and key = ${key}`;
    return { outcome: 'dropped', group, key, left: left?.count ?? 0 };
  });
}
