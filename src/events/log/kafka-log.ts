import { Admin, compatibilityPartitioner, Producer } from '@platformatic/kafka';
import { withDeadline } from '#shared/deadline.ts';
import { openRawClient } from '#shared/postgres.ts';
import { aggregateTypes } from '../contracts.ts';
import { type KafkaConnection, type KafkaLogOptions, kafkaConnection } from './kafka-connection.ts';
import { consumeFromKafka } from './kafka-consumption.ts';
import { readPositions } from './kafka-positions.ts';
import { type Produced, topicOf, toRecord } from './kafka-record.ts';
import type { EventLog, NewMessage, Unread } from './log.ts';

/** At least as many as processes of one group should share the work; a topic that was made otherwise may have more. */
const PARTITIONS = 8;
/**
 * Twice the retention of the outbox, and less than the thirty days of the inboxes: a group that begins again repeats
 * no effect.
 */
const RETENTION_MS = 14 * 24 * 3_600_000;
/** Limits of one request; brokers refuse a batch of a partition above 1 MB. */
const REQUEST_CHARACTERS = 400_000;
const REQUEST_MESSAGES = 1000;
const APPEND_MS = 30_000;
/** A batch that is being delivered uses one connection, as with the log on PostgreSQL. */
const PARKING_CONNECTIONS = 12;

type OurProducer = Producer<string, string, string, string | null>;

/**
 * The event log on Kafka: a topic for each aggregate type, which is made here when it is missing. Opening it makes no
 * connection. While no broker answers, an `append` fails after about half a minute, and a consumption waits for a
 * broker.
 */
export function openKafkaLog(options: KafkaLogOptions): EventLog {
  const connection = kafkaConnection(options);
  const topics = ensuredOnce(() => createTopics(connection, options));
  const parking = openRawClient({
    url: options.parkingUrl,
    name: `${options.name}-parking`,
    poolMax: PARKING_CONNECTIONS,
  });
  const checker = openChecker(connection);
  let producer = openProducer(connection);
  const append = async (messages: readonly NewMessage[]) => {
    if (messages.length === 0) return;
    await topics();
    try {
      for (const request of requestsOf(options.prefix, messages)) await sent(producer, request);
    } catch (error) {
      // The results of its requests are unknown, so it must not send anything more.
      producer.close().catch(() => undefined);
      producer = openProducer(connection);
      throw error;
    }
  };
  let lastAppend: Promise<unknown> = Promise.resolve();
  return {
    append(messages) {
      // One after the other: of two concurrent sends the second may overtake the first when the first is repeated.
      const appending = lastAppend.then(() => append(messages));
      lastAppend = appending.catch(() => undefined);
      return appending;
    },
    consume: (consumption) => consumeFromKafka({ ...options, connection, topics, parking }, consumption),
    lag: () => readLag(connection, options.prefix),
    check: () => checker.check(),
    async close() {
      await lastAppend;
      await checker.close();
      await producer.close();
      await parking.end({ timeout: 5 });
    },
  };
}

/** Asks the brokers for their metadata, on a connection that is kept as long as they answer. */
function openChecker(connection: KafkaConnection) {
  let admin: Admin | undefined;
  const close = async () => {
    const closing = admin;
    admin = undefined;
    await closing?.close().catch(() => undefined);
  };
  return {
    async check(): Promise<void> {
      admin ??= new Admin({ ...connection, timeout: 2_000, retries: 0 });
      try {
        await admin.listTopics();
      } catch (error) {
        await close();
        throw error;
      }
    },
    close,
  };
}

async function readLag(connection: KafkaConnection, prefix: string): Promise<Unread[]> {
  const ofTopics = Map.groupBy(await readPositions(connection, prefix), ({ group, topic }) => `${group}/${topic}`);
  return [...ofTopics.values()].flatMap((positions) => {
    const unread = positions.reduce((sum, { next, end }) => sum + end - next, 0);
    return positions.slice(0, 1).map(({ group, topic }) => ({ group, topic, unread }));
  });
}

/**
 * acks=all with a producer id and sequence numbers: a request that is repeated after a lost response is in the log
 * once and in its place. When an append is repeated after it failed, its messages are in the log again, further
 * behind.
 */
function openProducer(connection: KafkaConnection): OurProducer {
  return new Producer<string, string, string, string | null>({
    ...connection,
    idempotent: true,
    // Java's partitioner, which Debezium uses: a key has the same partition for both writers.
    partitioner: compatibilityPartitioner,
    serializers: { key: utf8, value: utf8, headerKey: utf8, headerValue: utf8 },
    timeout: 10_000,
    retries: Number.MAX_SAFE_INTEGER,
    retryDelay: 250,
  });
}

/** A header without a value is null on the wire. */
const utf8 = (text?: string | null): Buffer | undefined => (typeof text === 'string' ? Buffer.from(text) : undefined);

/** Waits for a restarting broker and a new leader. A send that takes longer fails, and may still arrive. */
async function sent(producer: OurProducer, messages: Produced[]): Promise<void> {
  await withDeadline(producer.send({ messages }), APPEND_MS, () => {
    throw new Error(`No broker has taken the messages within ${APPEND_MS / 1000} s.`);
  });
}

function requestsOf(prefix: string, messages: readonly NewMessage[]): Produced[][] {
  const requests: Produced[][] = [[]];
  let characters = 0;
  for (const message of messages) {
    const record = toRecord(prefix, message);
    const size = record.value?.length ?? 0;
    const last = requests.at(-1) ?? [];
    if (last.length >= REQUEST_MESSAGES || (last.length > 0 && characters + size > REQUEST_CHARACTERS)) {
      requests.push([record]);
      characters = size;
    } else {
      last.push(record);
      characters += size;
    }
  }
  return requests;
}

/** All topics at once, because processes that start together ask for the same ones and one of them wins. */
async function createTopics(connection: KafkaConnection, options: KafkaLogOptions): Promise<void> {
  const admin = new Admin({ ...connection, timeout: 10_000, retries: 3, retryDelay: 500 });
  try {
    const known = new Set(await admin.listTopics());
    const missing = aggregateTypes.map((type) => topicOf(options.prefix, type)).filter((topic) => !known.has(topic));
    if (missing.length === 0) return;
    await admin.createTopics({
      topics: missing,
      partitions: PARTITIONS,
      ...(options.replicationFactor ? { replicas: options.replicationFactor } : {}),
      configs: [{ name: 'retention.ms', value: String(RETENTION_MS) }],
    });
  } catch (error) {
    if (!isAlreadyThere(error)) throw error;
  } finally {
    await admin.close();
  }
}

function isAlreadyThere(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('apiId' in error && error.apiId === 'TOPIC_ALREADY_EXISTS') return true;
  return error instanceof AggregateError && error.errors.length > 0 && error.errors.every(isAlreadyThere);
}

/** Runs `ensure` until it has succeeded once; concurrent callers wait for the same run. */
function ensuredOnce(ensure: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= ensure().catch((error: unknown) => {
      done = undefined;
      throw error;
    });
    return done;
  };
}
