import { sql } from 'drizzle-orm';
import { afterAll, describe, expect, test } from 'vitest';
import { findBrokenPromises } from '#test/support/all-invariants.ts';
import { decideAt, signInAsGuest } from '#test/support/fan.ts';
import { testKafka } from '#test/support/kafka.ts';
import { readKafkaLog } from '#test/support/kafka-books.ts';
import { openPaymentScenes } from '#test/support/payment-scenes.ts';

const kafka = await testKafka();

describe.runIf(kafka)('the whole product with its event log on Kafka', async () => {
  const scenes = await openPaymentScenes({ log: 'kafka' });
  afterAll(() => scenes.close());

  test('from the hold to the tickets, and from the cancellation to the money back', async () => {
    const event = await scenes.event(20);
    const buyer = await scenes.buyer(event, 3, 4);
    const { url } = (await buyer.ready()).payment;
    expect((await decideAt(url, 'pay')).status).toBe(200);
    const confirmed = await buyer.when({ status: 'CONFIRMED' });
    expect(confirmed.tickets).toHaveLength(2);
    expect(await scenes.cancel(buyer.fan, buyer.id)).toMatchObject({ __typename: 'CancelBookingSuccess' });
    await buyer.when({ status: 'CANCELLED', payment: 'REFUNDED' });
    await scenes.expectAllInvariants();
    const types = (await readKafkaLog(scenes.system.kafka ?? expect.unreachable())).map(
      (message) => (message.event as { type: string }).type,
    );
    expect(new Set(types)).toEqual(
      new Set([
        'BookingCreated',
        'PaymentSessionOpened',
        'PaymentSucceeded',
        'BookingConfirmed',
        'BookingCancelled',
        'RefundRequested',
        'PaymentRefunded',
      ]),
    );
    const log = await scenes.db.execute('select count(*)::int as count from event_log.messages');
    expect(log[0]).toEqual({ count: 0 });
  });

  test('a worker and a relay that are killed in the middle lose nothing', async () => {
    const event = await scenes.event(40);
    const buyers = await Promise.all(Array.from({ length: 8 }, (_, i) => scenes.buyer(event, 2 * i, 2 * i + 1)));
    const killing = (async () => {
      for (const name of ['worker', 'relay'] as const) {
        await scenes.system.kill(name);
        await scenes.system.start(name);
      }
    })();
    await Promise.all(
      buyers.map(async (buyer) => {
        const { payment } = await buyer.when({ status: 'PAYMENT_READY' }, 60_000);
        expect((await decideAt(payment.url, 'pay')).status).toBe(200);
        await buyer.when({ status: 'CONFIRMED' }, 90_000);
      }),
    );
    await killing;
    await scenes.expectAllInvariants(60_000);
    const fan = await signInAsGuest(scenes.system.apiUrl);
    expect((await scenes.book(fan, event, [0])).__typename).toBe('SeatsUnavailable');
  }, 120_000);

  test('a message that overtook a parked one is found', async () => {
    const log = await readKafkaLog(scenes.system.kafka ?? expect.unreachable());
    const later = log.findLast(({ topic }) => topic === 'payment') ?? expect.unreachable();
    const { key, partition, offset } = later;
    const overtaken = log.find((m) => m.topic === 'payment' && m.key === key && m.offset < offset);
    const at = overtaken ?? expect.unreachable();
    await scenes.db.execute(
      sql`insert into event_log.parked_keys (consumer_group, key) values ('follow-payments', ${key})`,
    );
    await scenes.db.execute(sql`
      insert into event_log.parked (consumer_group, id, topic, partition, "offset", key, event, reason)
      values ('follow-payments', ${at.id}, 'payment', ${partition}, ${at.offset}, ${key}, '{}', 'planted')`);
    expect(await findBrokenPromises(scenes.system)).toContain(
      `I18 follow-payments: ${later.id} overtook a parked message of ${key}`,
    );
    await scenes.db.execute(sql`delete from event_log.parked`);
    await scenes.db.execute(sql`delete from event_log.parked_keys`);
  });

  test('a message that nobody wrote to the outbox is found', async () => {
    expect(await findBrokenPromises(scenes.system)).toEqual([]);
    await scenes.db.execute(`insert into inbox (consumer, message_id) values ('planted', 'never published')`);
    expect(await findBrokenPromises(scenes.system)).toEqual(['I17 handled but never published: never published']);
  });
});
