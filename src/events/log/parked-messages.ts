import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import { Bell } from '#shared/bell.ts';
import { originOf, type StoredOrigin, storedOrigin } from '../origin.ts';
import { backOffMs } from './back-off.ts';
import { type Delivery, deliver, deliverByKey, deliverTogether } from './delivery.ts';
import { endIfFrozen, FROZEN_CONSUMER_MS, sayingAlive } from './frozen.ts';
import type { Consumption, Message } from './log.ts';

/**
 * Where messages are set aside that a group could not handle, for either log: in schema `event_log` of the booking
 * database. With a log on Kafka, those of payments are in the payments database. The row of `parked_keys` stands for
 * a group's key with parked messages; every decision about a key is made under its lock.
 */

/**
 * A requested replay is notified at once, by the name of the group; a lost notification delays it by at most this
 * long.
 */
export const REPLAY_CHANNEL = 'event_log_replay';
const LOOK_EVERY_MS = 60_000;
const BATCH = 100;
/** The holder of a key's lock delivers one batch at most; a frozen process must not block the other keys for good. */
const LOCK_TIMEOUT = '5s';
/** A consumer that is stopped finishes its current message, and leaves the rest of the batch. */
const NOT_BEGUN: Delivery = { outcome: 'later', error: undefined };
const BEHIND: Delivery = { outcome: 'park', reason: 'An earlier message of this key is parked.' };

/**
 * Delivers a batch, in order within a key, and sets aside what cannot be handled together with what follows it.
 * Returns the result of each message, by id; missing ones were not tried. What is parked is parked when `tx` commits:
 * move the group's position in it, or after it.
 * @param tx on the database that has the group's parked messages
 * @param hasParked false: the group has neither parked nor dropped messages, as `tx` saw after its claim
 */
export async function deliverOrPark(
  tx: postgres.TransactionSql,
  consumption: Consumption,
  messages: readonly Message[],
  hasParked = true,
): Promise<Map<string, Delivery>> {
  const { keys, dropped } = hasParked ? await findParked(tx, consumption.group, messages) : nothingParked();
  const behind = new Set<string>();
  const free = messages.filter(({ id, key }) => !dropped.has(id) && !keys.has(key));
  const together = consumption.signal.aborted ? dropped : await deliverTogether(consumption, free);
  const outcomes = await deliverByKey(messages, async (message) => {
    if (dropped.has(message.id) || together.has(message.id)) return { outcome: 'handled' };
    if (keys.has(message.key)) {
      behind.add(message.id);
      return BEHIND;
    }
    if (consumption.signal.aborted) return NOT_BEGUN;
    const delivery = await deliver(consumption, message);
    if (delivery.outcome === 'park') keys.add(message.key);
    return delivery;
  });
  const parked = messages.flatMap((message) => {
    const delivery = outcomes.get(message.id);
    if (delivery?.outcome !== 'park') return [];
    return [{ message, reason: delivery.reason, failures: behind.has(message.id) ? 0 : 1 }];
  });
  await park(tx, consumption.group, parked);
  return outcomes;
}

type FoundParked = { keys: Set<string>; dropped: Set<string> };
const nothingParked = (): FoundParked => ({ keys: new Set(), dropped: new Set() });

/** The keys with waiting messages, locked until the end of the transaction; and which messages were dropped before. */
async function findParked(
  tx: postgres.TransactionSql,
  group: string,
  messages: readonly Message[],
): Promise<FoundParked> {
  const keys = [...new Set(messages.map((message) => message.key))];
  const ids = messages.map((message) => message.id);
  const found = await tx<{ key: string | null; id: string | null }[]>`
    select key, null::uuid as id from event_log.parked_keys where consumer_group = ${group} and key = any (${keys})
    union all
    select null, message_id from event_log.parked_history
    where action = 'DROPPED' and consumer_group = ${group} and message_id = any (${ids}::uuid[])`;
  const dropped = new Set(found.flatMap(({ id }) => id ?? []));
  const waiting = found.flatMap(({ key }) => key ?? []);
  if (waiting.length === 0) return { keys: new Set(), dropped };
  // Under the lock: a replay that delivers the last of them has either ended, or delivers this batch later.
  await tx`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`;
  const locked = await tx<{ key: string }[]>`
    select key from event_log.parked_keys where consumer_group = ${group} and key = any (${waiting})
    order by key for update`;
  return { keys: new Set(locked.map(({ key }) => key)), dropped };
}

type ToPark = { message: Message; reason: string; failures: number };

async function park(tx: postgres.TransactionSql, group: string, parked: readonly ToPark[]): Promise<void> {
  if (parked.length === 0) return;
  const keys = [...new Set(parked.map(({ message }) => message.key))].sort();
  await tx`
    insert into event_log.parked_keys ${tx(keys.map((key) => ({ consumer_group: group, key })))}
    on conflict (consumer_group, key) do update set key = excluded.key`;
  for (const { message, reason, failures } of parked) {
    const { id, topic, partition, offset, key, event, createdAt } = message;
    const { requestId, traceparent } = storedOrigin(message.origin);
    await tx`
      insert into event_log.parked
        (consumer_group, id, topic, partition, "offset", key, event, created_at, request_id, traceparent,
         reason, failures, failed_at)
      values (${group}, ${id}, ${topic}, ${partition}, ${offset}, ${key}, ${tx.json(event as never)}, ${createdAt},
        ${requestId}, ${traceparent}, ${reason}, ${failures}, ${failures > 0 ? tx`now()` : null})
      on conflict (consumer_group, id) do nothing`;
  }
}

/**
 * Delivers parked messages again when an operator has asked for it, until the signal is raised. One of these runs
 * beside each consumption; the processes of a group share the keys.
 */
export async function replayParked(sql: postgres.Sql, consumption: Consumption): Promise<void> {
  const { signal } = consumption;
  const bell = new Bell();
  signal.addEventListener('abort', () => bell.end(), { once: true });
  const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => {});
  const subscription = await listenForReplays(sql, consumption, bell);
  const looking = setInterval(() => bell.ring(), LOOK_EVERY_MS).unref();
  let failures = 0;
  while (!signal.aborted) {
    try {
      const [wanted] = await sql<{ key: string }[]>`
        select key from event_log.parked_keys
        where consumer_group = ${consumption.group} and replay_requested_at is not null order by random() limit 1`;
      const progress = wanted && (await sql.begin((tx) => replayKey(tx, consumption, wanted.key)));
      failures = progress || !wanted ? 0 : failures + 1;
      if (!wanted) await bell.wait();
      else if (!progress) await pause(backOffMs(failures));
    } catch (error) {
      consumption.onTrouble({ kind: 'lost', error });
      failures += 1;
      await pause(backOffMs(failures));
    }
  }
  clearInterval(looking);
  await subscription?.unlisten().catch(() => undefined);
}

async function listenForReplays(sql: postgres.Sql, { group, signal, onTrouble }: Consumption, bell: Bell) {
  const ring = (named: string) => {
    if (named === group) bell.ring();
  };
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      return await sql.listen(REPLAY_CHANNEL, ring, () => bell.ring());
    } catch (error) {
      onTrouble({ kind: 'lost', error });
      await sleep(backOffMs(failures), undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}

type Parked = Omit<Message, 'offset' | 'origin'> & StoredOrigin & { offset: string };

/** The first messages of a key, in order. Returns whether it is worth continuing at once. */
async function replayKey(tx: postgres.TransactionSql, consumption: Consumption, key: string): Promise<boolean> {
  const { group } = consumption;
  endIfFrozen(tx, FROZEN_CONSUMER_MS);
  await tx`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`;
  const [lane] = await tx<{ by: string }[]>`
    select replay_requested_by as by from event_log.parked_keys
    where consumer_group = ${group} and key = ${key} and replay_requested_at is not null for update`;
  if (!lane) return true;
  const rows = await tx<Parked[]>`
    select id, topic, partition, "offset", key, event, created_at as "createdAt", request_id as "requestId", traceparent
    from event_log.parked where consumer_group = ${group} and key = ${key} order by number limit ${BATCH}`;
  const { handled, last } = await sayingAlive(tx, () => deliverInOrder(consumption, rows));
  await forgetHandled(tx, { group, key, by: lane.by }, handled);
  if (last?.delivery.outcome === 'park') {
    await parkAgain(tx, { group, key, by: lane.by }, { id: last.id, reason: last.delivery.reason });
  }
  await freeIfEmpty(tx, group, key);
  return last?.delivery.outcome !== 'later';
}

type Ended = { id: string; delivery: Delivery };

/** Up to the first message that does not pass. */
async function deliverInOrder(
  consumption: Consumption,
  rows: readonly Parked[],
): Promise<{ handled: string[]; last: Ended | undefined }> {
  const handled: string[] = [];
  let last: Ended | undefined;
  for (const { requestId, traceparent, ...row } of rows) {
    if (consumption.signal.aborted) break;
    const origin = originOf({ requestId, traceparent });
    const message = { ...row, offset: Number(row.offset), origin };
    last = { id: row.id, delivery: await deliver(consumption, message, { isReplayed: true }) };
    if (last.delivery.outcome !== 'handled') break;
    handled.push(row.id);
  }
  return { handled, last };
}

type Lane = { group: string; key: string; by: string };

async function forgetHandled(tx: postgres.TransactionSql, lane: Lane, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx`
    with handled as (
      delete from event_log.parked where consumer_group = ${lane.group} and id = any (${ids as string[]}::uuid[])
      returning consumer_group, key, id, number)
    insert into event_log.parked_history (action, consumer_group, key, message_id, done_by)
    select 'REPLAYED', consumer_group, key, id, ${lane.by} from handled order by number`;
}

async function parkAgain(
  tx: postgres.TransactionSql,
  { group, key, by }: Lane,
  { id, reason }: { id: string; reason: string },
): Promise<void> {
  await tx`
    update event_log.parked set reason = ${reason}, failures = failures + 1, failed_at = now()
    where consumer_group = ${group} and id = ${id}`;
  await tx`
    update event_log.parked_keys set replay_requested_at = null, replay_requested_by = null
    where consumer_group = ${group} and key = ${key}`;
  await tx`
    insert into event_log.parked_history (action, consumer_group, key, message_id, done_by, reason)
    values ('PARKED_AGAIN', ${group}, ${key}, ${id}, ${by}, ${reason})`;
}

/** For the holder of the key's lock, after it removed messages: without parked messages the key flows again. */
export async function freeIfEmpty(tx: postgres.TransactionSql, group: string, key: string): Promise<void> {
  await tx`
    delete from event_log.parked_keys k where consumer_group = ${group} and key = ${key}
      and not exists (select from event_log.parked p where p.consumer_group = k.consumer_group and p.key = k.key)`;
}
