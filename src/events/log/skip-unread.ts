import { setTimeout as sleep } from 'node:timers/promises';
import { Admin } from '@platformatic/kafka';
import type { AggregateType } from '../contracts.ts';
import { type KafkaLogOptions, kafkaConnection } from './kafka-connection.ts';
import { readPositions } from './kafka-positions.ts';
import { topicOf } from './kafka-record.ts';

/** The brokers count a killed process as a member for some seconds, and do not move its group meanwhile. */
const LAST_MEMBER_MS = 30_000;

/**
 * Moves every consumer group of a log on Kafka to the end of these topics, while no process runs. Returns how many
 * messages are skipped, each counted once per group.
 */
export async function skipUnread(options: KafkaLogOptions, topics: readonly AggregateType[]): Promise<number> {
  const connection = kafkaConnection(options);
  const { prefix } = options;
  const admin = new Admin({ ...connection, timeout: 10_000, retries: 3, retryDelay: 500 });
  try {
    await untilNobodyReads(admin, prefix);
    const unread = (await readPositions(connection, prefix)).filter(
      ({ topic, next, end }) => topics.includes(topic) && next < end,
    );
    for (const [group, ofGroup] of Map.groupBy(unread, (position) => position.group)) {
      const ofTopics = [...Map.groupBy(ofGroup, ({ topic }) => topic)];
      await admin.alterConsumerGroupOffsets({
        groupId: `${prefix}.${group}`,
        topics: ofTopics.map(([topic, positions]) => ({
          name: topicOf(prefix, topic),
          partitionOffsets: positions.map(({ partition, end }) => ({ partition, offset: BigInt(end) })),
        })),
      });
    }
    return unread.reduce((sum, { next, end }) => sum + end - next, 0);
  } finally {
    await admin.close();
  }
}

async function untilNobodyReads(admin: Admin, prefix: string): Promise<void> {
  const groups = [...(await admin.listGroups()).keys()].filter((group) => group.startsWith(`${prefix}.`));
  if (groups.length === 0) return;
  for (const deadline = Date.now() + LAST_MEMBER_MS; ; await sleep(500)) {
    const described = await admin.describeGroups({ groups });
    const busy = groups.filter((group) => (described.get(group)?.members.size ?? 0) > 0);
    if (busy.length === 0) return;
    if (Date.now() > deadline)
      throw new Error(`Still reading from Kafka: ${busy.join(', ')}. Stop all processes first.`);
  }
}
