import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRedis } from '#redis/client.ts';
import { testKafka } from '#test/support/kafka/kafka.ts';
import { readKafkaLog } from '#test/support/kafka/kafka-books.ts';
import { openRestoreScenes } from '#test/support/payments/restore-scenes.ts';
import { findSeatMapDisagreements } from '#test/support/seat-map/seat-map-agreement.ts';

const kafka = await testKafka();

describe.runIf(kafka)('with the event log on Kafka, which is not restored', () => {
  let scenes: Awaited<ReturnType<typeof openRestoreScenes>>;
  beforeAll(async () => {
    scenes = await openRestoreScenes({ log: 'kafka' });
  });
  afterAll(() => scenes.close());

  test('the booking database: no consumer gets unread messages of lost bookings, and everything else converges', async () => {
    const { system, db } = scenes;
    const event = await scenes.event(20);
    const { statuses, told } = await scenes.restore('booking', event, async () => {
      const unheard = await scenes.buyer(event, 6);
      const isPublished = async () =>
        (await readKafkaLog(system.kafka ?? expect.unreachable())).some(
          (message) => (message.event as { aggregateId: string }).aggregateId === unheard.rawId,
        );
      await expect.poll(isPublished).toBe(true);
      return { unheard };
    });
    expect(statuses).toEqual({
      kept: 'CONFIRMED PAYMENT_SUCCESS',
      regretted: 'CANCELLED REFUNDED',
      undecided: 'CONFIRMED PAYMENT_SUCCESS',
      late: 'unknown REFUNDED',
      lateRegretted: 'unknown REFUNDED',
      lateUndecided: 'unknown SESSION_CREATED',
      unheard: 'unknown unknown',
    });
    expect(told).toMatch(/^[1-9]\d* unread messages of lost bookings will be skipped/);
    await scenes.confirmed(event, 6);
    const redis = openRedis({ url: system.redisUrl, name: 'test' });
    await expect.poll(() => findSeatMapDisagreements({ db, redis }, event.eventId)).toEqual([]);
    redis.disconnect();
  }, 180_000);
});
