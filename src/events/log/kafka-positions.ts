import { Admin } from '@platformatic/kafka';
import { type AggregateType, aggregateTypes } from '../contracts.ts';
import type { KafkaConnection } from './kafka-connection.ts';
import { topicOf } from './kafka-record.ts';

export type Position = {
  readonly group: string;
  readonly topic: AggregateType;
  readonly partition: number;
  /** The offset of the next message that the group will read; `end`: of the next message that will be written. */
  readonly next: number;
  readonly end: number;
};

const LATEST = -1n;

/**
 * How far each consumer group of this prefix is in each partition that it follows. A group without members that never
 * committed is not listed. Fails within seconds while no broker answers.
 */
export async function readPositions(connection: KafkaConnection, prefix: string): Promise<Position[]> {
  const admin = new Admin({ ...connection, timeout: 3000, retries: 2, retryDelay: 200 });
  try {
    const groups = [...(await admin.listGroups()).keys()].filter((group) => group.startsWith(`${prefix}.`));
    if (groups.length === 0) return [];
    const [ends, offsets, described] = await Promise.all([
      readEnds(admin, prefix),
      admin.listConsumerGroupOffsets({ groups }),
      admin.describeGroups({ groups }),
    ]);
    return offsets.flatMap(({ groupId, topics }) => {
      const assigned = [...(described.get(groupId)?.members.values() ?? [])].flatMap(({ assignments }) => [
        ...(assignments?.keys() ?? []),
      ]);
      const followed = new Set([...assigned, ...topics.map(({ name }) => name)]);
      const committed = new Map(
        topics.flatMap(({ name, partitions }) =>
          partitions.map((one) => [`${name}/${one.partitionIndex}`, Number(one.committedOffset)]),
        ),
      );
      return ends
        .filter(({ name }) => followed.has(name))
        .map(({ name, topic, partition, end }) => {
          const next = Math.max(0, committed.get(`${name}/${partition}`) ?? 0);
          return { group: groupId.slice(prefix.length + 1), topic, partition, next, end };
        });
    });
  } finally {
    await admin.close();
  }
}

async function readEnds(admin: Admin, prefix: string) {
  const metadata = await admin.metadata({ topics: aggregateTypes.map((topic) => topicOf(prefix, topic)) });
  const asked = [...metadata.topics].map(([name, { partitionsCount }]) => ({
    name,
    partitions: Array.from({ length: partitionsCount }, (_, partitionIndex) => ({ partitionIndex, timestamp: LATEST })),
  }));
  const listed = await admin.listOffsets({ topics: asked });
  return aggregateTypes.flatMap((topic) => {
    const name = topicOf(prefix, topic);
    const partitions = listed.find((one) => one.name === name)?.partitions ?? [];
    return partitions.map(({ partitionIndex, offset }) => ({
      name,
      topic,
      partition: partitionIndex,
      end: Number(offset),
    }));
  });
}
