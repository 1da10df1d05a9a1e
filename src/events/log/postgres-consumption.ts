import { setTimeout as sleep } from 'node:timers/promises';
import type postgres from 'postgres';
import { Bell } from '#shared/bell.ts';
import { AT_ONCE, Gathering } from '#shared/gathering.ts';
import type { AggregateType } from '../contracts.ts';
import { originOf, type StoredOrigin } from '../origin.ts';
import { backOffMs, Pauses } from './back-off.ts';
import type { Delivery } from './delivery.ts';
import { endIfFrozen, FROZEN_CONSUMER_MS, sayingAlive } from './frozen.ts';
import type { Consumption, Message } from './log.ts';
import { deliverOrPark, replayParked } from './parked-messages.ts';
import { UnreadPlaces } from './unread-places.ts';

export const CHANNEL = 'event_log';
/** Messages of one batch, shared by the partitions in it; a partition alone may fill it. */
const BATCH = 400;
/** Partitions in which a message waits for the end of an outage are tried beside the others, so many at a time. */
const TROUBLED_LANES = 3;
/**
 * A lost notification delays a message by at most this long. It is lost only with its connection, and a new
 * connection begins with a look.
 */
const IDLE_MS = 30_000;

type Sql = postgres.Sql;
type Row = StoredOrigin & {
  topic: AggregateType;
  partition: number;
  offset: string;
  id: string;
  key: string;
  event: unknown;
  createdAt: Date;
};

/** A consumption, what wakes its lanes, and the partitions in which a message waits for the end of an outage. */
type Reading = {
  readonly sql: Sql;
  readonly consumption: Consumption;
  readonly unread: UnreadPlaces;
  readonly bell: Bell;
  readonly pauses: Pauses;
  readonly pauseOver: Bell;
};

/**
 * Consumes the event log until the signal is raised. One lane takes everything that is there, of all partitions that no
 * other process has claimed, in one transaction. While it works, what arrives becomes its next batch. A partition with
 * a message that waits is left to the lanes beside it, one at a time, so that it cannot delay the others.
 */
export async function consumeFromPostgres(sql: Sql, consumption: Consumption): Promise<void> {
  const reading: Reading = {
    sql,
    consumption,
    unread: new UnreadPlaces(),
    bell: new Bell(),
    pauses: new Pauses(),
    pauseOver: new Bell(),
  };
  const { unread, bell, pauseOver } = reading;
  const lookAgain = () => {
    unread.doubt();
    bell.ring();
  };
  const end = () => {
    bell.end();
    pauseOver.end();
  };
  consumption.signal.addEventListener('abort', end, { once: true });
  const subscription = await untilConnected(consumption, async () => {
    await sql`
      insert into event_log.positions (consumer_group, topic, partition)
      select ${consumption.group}, topic, partition from event_log.partitions
      where topic in ${sql([...consumption.topics])} on conflict do nothing`;
    const announced = (payload: string) => {
      if (unread.announce(payload, consumption.topics)) bell.ring();
    };
    return await sql.listen(CHANNEL, announced, lookAgain);
  });
  const looking = setInterval(lookAgain, IDLE_MS).unref();
  await Promise.all([
    runSharedLane(reading),
    ...Array.from({ length: TROUBLED_LANES }, () => runTroubledLane(reading)),
    replayParked(sql, consumption),
  ]);
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

async function runSharedLane(reading: Reading): Promise<void> {
  const { consumption, bell, unread, pauses } = reading;
  let failures = 0;
  const gathering = new Gathering(consumption.gathering ?? AT_ONCE);
  while (!consumption.signal.aborted) {
    if (!unread.mayBe) {
      await bell.wait();
      continue;
    }
    const earlyMs = gathering.earlyMs(performance.now());
    if (earlyMs > 0) await pause(earlyMs, consumption);
    const { isUncertain, announced } = unread.begin();
    try {
      let reached: ReadonlyMap<string, number> = new Map();
      if (!isUncertain || (await isUnread(reading))) {
        gathering.begin(performance.now());
        reached = await handleBatch(reading, { except: pauses.all() }, (count) => gathering.took(count));
        // The batch may have been full; or a ring was lost, and other partitions have messages as well.
        if (isUncertain && reached.size > 0) unread.doubt();
      }
      unread.settle(announced, reached);
      failures = 0;
      consumption.onFound?.();
    } catch (error) {
      // The handled messages come again: the consumers' inboxes guard their effects.
      consumption.onTrouble({ kind: 'lost', error });
      unread.doubt();
      failures += 1;
      await pause(backOffMs(failures), consumption);
    }
  }
}

async function runTroubledLane(reading: Reading): Promise<void> {
  const { consumption, pauseOver, pauses } = reading;
  let failures = 0;
  while (!consumption.signal.aborted) {
    const place = pauses.takeDue();
    if (place === undefined) {
      await pauseOver.wait();
      continue;
    }
    try {
      const reached = await handleBatch(reading, { only: place });
      failures = 0;
      // Another process has the partition, or has read all of it.
      if (reached.size === 0) letGo(reading, place);
    } catch (error) {
      consumption.onTrouble({ kind: 'lost', error });
      failures += 1;
      pauses.begin(place, () => pauseOver.ring());
      await pause(backOffMs(failures), consumption);
    }
  }
}

/** The partition is one of many again. */
function letGo({ pauses, unread, bell }: Reading, place: string): void {
  pauses.end(place);
  unread.doubt();
  bell.ring();
}

/** A look without a lock or a transaction, for when it is not known whether there is a message. */
async function isUnread({ sql, consumption: { group, topics }, pauses }: Reading): Promise<boolean> {
  const found = await sql`
    select from event_log.positions c join event_log.partitions p using (topic, partition)
    where c.consumer_group = ${group} and c.topic in ${sql([...topics])} and c."offset" < p.next_offset
      and c.topic || '/' || c.partition <> all (${pauses.all()}) limit 1`;
  return found.length > 0;
}

type Which = { readonly except: readonly string[]; readonly only?: never } | { readonly only: string };

/**
 * Claims the partitions with unread messages that no other process works on, delivers a batch, and moves the group's
 * positions. The positions' row locks are the claim: a process that dies releases them. Returns the reached offset of
 * each claimed partition.
 */
function handleBatch(
  reading: Reading,
  which: Which,
  onClaimed?: (count: number) => void,
): Promise<ReadonlyMap<string, number>> {
  const { sql, consumption } = reading;
  return sql.begin(async (tx): Promise<ReadonlyMap<string, number>> => {
    endIfFrozen(tx, FROZEN_CONSUMER_MS);
    // Sent together. The second one sees what the last holder of the locks has parked.
    const [messages, [parking]] = await Promise.all([
      claimMessages(tx, consumption, which),
      tx<{ hasParked: boolean }[]>`
        select exists (select from event_log.parked_keys where consumer_group = ${consumption.group})
          or exists (select from event_log.parked_history
            where action = 'DROPPED' and consumer_group = ${consumption.group}) as "hasParked"`,
    ]);
    onClaimed?.(messages.length);
    if (messages.length === 0) return new Map();
    const outcomes = await sayingAlive(tx, () => deliverOrPark(tx, consumption, messages, parking?.hasParked));
    const byPlace = Map.groupBy(messages, placeOf);
    const reached = new Map([...byPlace].map(([place, own]) => [place, firstUnhandled(own, outcomes)]));
    await tx`
      update event_log.positions c set "offset" = n.next
      from unnest(${[...reached.keys()]}::text[], ${[...reached.values()].map(String)}::bigint[]) as n (place, next)
      where c.consumer_group = ${consumption.group} and c.topic || '/' || c.partition = n.place`;
    return new Map(
      [...byPlace].map(([place, own]) => [place, whereNext(reading, place, own, reached.get(place) ?? 0)]),
    );
  });
}

/** Leaves a partition with a message that waits to the lanes beside the shared one, and takes it back afterwards. */
function whereNext(reading: Reading, place: string, own: readonly Message[], reached: number): number {
  const { pauses, pauseOver } = reading;
  const isWaiting = reached <= (own.at(-1)?.offset ?? -1) && !reading.consumption.signal.aborted;
  if (!isWaiting) {
    if (pauses.has(place)) letGo(reading, place);
    return reached;
  }
  if (reached > (own[0]?.offset ?? 0)) pauses.end(place);
  pauses.begin(place, () => pauseOver.ring());
  return Number.POSITIVE_INFINITY;
}

const placeOf = ({ topic, partition }: Pick<Message, 'topic' | 'partition'>): string => `${topic}/${partition}`;

async function claimMessages(
  tx: postgres.TransactionSql,
  { group, topics }: Consumption,
  which: Which,
): Promise<Message[]> {
  const { only = null, except = [] } = which as { only?: string; except?: readonly string[] };
  const rows = await tx<Row[]>`
    with claimed as materialized (
      select c.topic, c.partition, c."offset"
      from event_log.positions c join event_log.partitions p using (topic, partition)
      where c.consumer_group = ${group} and c.topic = any (${[...topics]}) and c."offset" < p.next_offset
        and c.topic || '/' || c.partition <> all (${[...except]})
        and (${only}::text is null or c.topic || '/' || c.partition = ${only})
      for update of c skip locked
    )
    select m.topic, m.partition, m."offset", m.id, m.key, m.event, m.created_at as "createdAt",
      m.request_id as "requestId", m.traceparent
    from claimed c cross join lateral (
      select * from event_log.messages m
      where m.topic = c.topic and m.partition = c.partition and m."offset" >= c."offset"
      order by m."offset" limit ${BATCH} / (select greatest(count(*), 1) from claimed)
    ) m order by m.topic, m.partition, m."offset"`;
  return rows.map(({ requestId, traceparent, ...row }) => ({
    ...row,
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
