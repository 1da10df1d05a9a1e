import { Consumer, stringDeserializers } from '@platformatic/kafka';
import { aggregateTypes } from '#events/contracts.ts';
import { readPositions } from '#events/log/kafka-positions.ts';
import { toMessage, topicOf } from '#events/log/kafka-record.ts';
import type { Message } from '#events/log/log.ts';
import type { TestKafka } from './kafka.ts';

/** The messages in the topics of a system, and the positions of its consumer groups. */

type Known = { messages: Message[]; next: Map<string, bigint> };
/** Keeps the messages that were read before, because callers that wait for a system to come to rest read many times. */
const known = new Map<string, Known>();

const connectionTo = ({ brokers }: TestKafka) => ({
  clientId: 'books',
  bootstrapBrokers: [...brokers],
  retries: 10,
  retryDelay: 200,
});
const topicsOf = ({ prefix }: TestKafka): string[] => aggregateTypes.map((type) => topicOf(prefix, type));

/** Every message so far, by partition in its order, with repetitions. */
export async function readKafkaLog(kafka: TestKafka): Promise<readonly Message[]> {
  const id = `${kafka.brokers}/${kafka.prefix}`;
  const seen: Known = known.get(id) ?? { messages: [], next: new Map() };
  known.set(id, seen);
  const consumer = new Consumer({
    ...connectionTo(kafka),
    groupId: `${kafka.prefix}-books-${process.pid}-${Math.random()}`,
    deserializers: stringDeserializers,
    autocommit: false,
    maxWaitTime: 100,
  });
  try {
    const topics = topicsOf(kafka);
    const ends = await endsOf(consumer, topics);
    const isBehind = () => ends.some(({ key, end }) => (seen.next.get(key) ?? 0n) < end);
    if (!isBehind()) return seen.messages;
    const offsets = ends.map(({ topic, partition, key }) => ({ topic, partition, offset: seen.next.get(key) ?? 0n }));
    const stream = await consumer.consume({ topics, mode: 'manual', offsets });
    for await (const record of stream) {
      seen.messages.push(toMessage(kafka.prefix, record));
      seen.next.set(`${record.topic}/${record.partition}`, record.offset + 1n);
      if (!isBehind()) break;
    }
    return seen.messages;
  } finally {
    await consumer.close(true);
  }
}

async function endsOf(consumer: Consumer<string, string, string, string>, topics: string[]) {
  const offsets = await consumer.listOffsets({ topics });
  return [...offsets].flatMap(([topic, ends]) =>
    ends.map((end, partition) => ({ topic, partition, key: `${topic}/${partition}`, end })),
  );
}

/** The unread messages of each group, a line for each partition. */
export async function findUnreadInKafka(kafka: TestKafka, except: readonly string[] = []): Promise<string[]> {
  const positions = await readPositions({ ...connectionTo(kafka), connectTimeout: 2000 }, kafka.prefix);
  return positions
    .filter(({ group, next, end }) => next < end && !except.includes(group))
    .map(({ group, topic, partition, next, end }) => `${group} has read ${next} of ${end} in ${topic}/${partition}`);
}
