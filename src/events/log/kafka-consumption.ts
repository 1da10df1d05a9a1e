import { setTimeout as sleep } from 'node:timers/promises';
import { Consumer, stringDeserializers } from '@platformatic/kafka';
import type postgres from 'postgres';
import { withDeadline } from '#shared/deadline.ts';
import { AT_ONCE } from '#shared/gathering.ts';
import { backOffMs } from './back-off.ts';
import type { KafkaConnection, KafkaLogOptions } from './kafka-connection.ts';
import { Lanes } from './kafka-lanes.ts';
import { toMessage, topicOf } from './kafka-record.ts';
import { type Consumption, DependencyAway } from './log.ts';
import { deliverOrPark, replayParked } from './parked-messages.ts';

const CLOSE_MS = 5000;
/**
 * Other members take over the partitions of a process that was silent for so long: the least that brokers allow by
 * default.
 */
const SESSION_MS = 6000;
const REBALANCE_MS = 10_000;
/** Together with the buffers, a group's memory: some thousand messages. */
const FETCH_BYTES = 1024 * 1024;
const PARTITION_BYTES = 256 * 1024;

type OurConsumer = Consumer<string, string, string, string>;
export type KafkaConsuming = KafkaLogOptions & {
  connection: KafkaConnection;
  topics: () => Promise<void>;
  parking: postgres.Sql;
};

/**
 * Keeps a member in the group until the signal is raised. A member that breaks is discarded and another one joins:
 * the brokers have its position, and what it had handled since then comes again.
 */
export async function consumeFromKafka(consuming: KafkaConsuming, consumption: Consumption): Promise<void> {
  const { signal } = consumption;
  const replaying = replayParked(consuming.parking, consumption);
  let failures = 0;
  const found = () => {
    failures = 0;
    consumption.onFound?.();
  };
  while (!signal.aborted) {
    try {
      await consuming.topics();
      await beMember(consuming, { ...consumption, onFound: found });
    } catch (error) {
      if (signal.aborted) break;
      consumption.onTrouble({ kind: 'lost', error });
      failures += 1;
      await sleep(backOffMs(failures), undefined, { signal }).catch(() => undefined);
    }
  }
  await replaying;
}

async function beMember(consuming: KafkaConsuming, consumption: Consumption): Promise<void> {
  const consumer = openConsumer(consuming, consumption);
  const broken = new AbortController();
  consumer.on('error', (error: Error) => broken.abort(error));
  consumer.on('consumer:heartbeat:stalled', ({ lastError }) => broken.abort(lastError ?? new Error('No heartbeat.')));
  const ending = AbortSignal.any([consumption.signal, broken.signal]);
  try {
    // Otherwise each stream removes its topics when it ends, and the next one begins with another rebalance.
    consumer.topics.trackAll(...consumption.topics.map((type) => topicOf(consuming.prefix, type)));
    await unlessAborted(consumer.joinGroup(), ending);
    if (!ending.aborted) consumption.onFound?.();
    while (!ending.aborted) await runGeneration(consumer, { consuming, consumption, ending });
    broken.signal.throwIfAborted();
  } finally {
    await withDeadline(
      consumer.close(true).catch(() => undefined),
      CLOSE_MS,
      () => undefined,
    );
  }
}

function openConsumer({ connection, prefix }: KafkaConsuming, { group }: Consumption): OurConsumer {
  return new Consumer({
    ...connection,
    groupId: `${prefix}.${group}`,
    deserializers: stringDeserializers,
    autocommit: false,
    sessionTimeout: SESSION_MS,
    rebalanceTimeout: REBALANCE_MS,
    heartbeatInterval: 1000,
    heartbeatStallTimeout: 2 * REBALANCE_MS,
    // Longer than a rebalance, during which the brokers do not answer.
    timeout: 2 * REBALANCE_MS,
    retries: 5,
    retryDelay: 300,
    maxWaitTime: 1000,
    maxBytes: FETCH_BYTES,
    maxBytesPerPartition: PARTITION_BYTES,
    highWaterMark: 256,
  });
}

type Generation = { consuming: KafkaConsuming; consumption: Consumption; ending: AbortSignal };

/**
 * The partitions of this member stay the same from one rebalance to the next, and each such time has its own stream.
 * It begins at the offsets that the group has committed. What the previous stream had fetched and not delivered is
 * discarded with it.
 */
async function runGeneration(consumer: OurConsumer, { consuming, consumption, ending }: Generation): Promise<void> {
  const over = new AbortController();
  const rebalanced = () => over.abort();
  consumer.once('consumer:group:join', rebalanced);
  const ended = AbortSignal.any([ending, over.signal]);
  const handing = untilEnded(consumption, ended);
  const lanes = new Lanes({
    consumption,
    gathering: consumption.gathering ?? AT_ONCE,
    ended,
    deliver: (messages) => consuming.parking.begin((tx) => deliverOrPark(tx, handing, messages)),
    commit: async (positions) => {
      // Another member may have the partition by now, and may be further.
      if (!consumer.isActive() || !positions.every((position) => isAssigned(consumer, position))) return false;
      await consumer.commit({ offsets: [...positions] });
      return true;
    },
  });
  const stream = await consumer.consume({
    topics: consumption.topics.map((type) => topicOf(consuming.prefix, type)),
    mode: 'committed',
    fallbackMode: 'earliest',
  });
  const stop = () => stream.destroy();
  ended.addEventListener('abort', stop, { once: true });
  try {
    if (ended.aborted) return;
    for await (const record of stream) {
      consumption.onFound?.();
      await lanes.take(toMessage(consuming.prefix, record), record);
      if (ended.aborted) return;
    }
    if (!ended.aborted) throw new Error('The stream of messages ended by itself.');
  } catch (error) {
    // A stream that is destroyed while it is read reports that as an error.
    if (!ended.aborted) throw error;
  } finally {
    over.abort();
    stop();
    consumer.removeListener('consumer:group:join', rebalanced);
    await lanes.settled();
  }
}

class Ended extends DependencyAway {}

/** When the partitions go to another member, messages that were not delivered wait for it. */
function untilEnded(consumption: Consumption, ended: AbortSignal): Consumption {
  return {
    ...consumption,
    handle: async (message, delivered) => {
      if (ended.aborted) throw new Ended();
      await consumption.handle(message, delivered);
    },
    onTrouble: (trouble) => {
      if (!(trouble.error instanceof Ended)) consumption.onTrouble(trouble);
    },
  };
}

const isAssigned = (
  { assignments }: OurConsumer,
  { topic, partition }: { topic: string; partition: number },
): boolean => assignments?.some((one) => one.topic === topic && one.partitions.includes(partition)) ?? false;

async function unlessAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<void>();
  const abort = () => aborted.resolve();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  work.catch(() => undefined);
  await Promise.race([work, aborted.promise]);
  signal.removeEventListener('abort', abort);
}
