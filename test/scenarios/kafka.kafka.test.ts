import { execFile } from 'node:child_process';
import { randomUUIDv7 } from 'node:crypto';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, describe, expect, test } from 'vitest';
import { openEventLog } from '#events/log/open-log.ts';
import { decideAt, signInAsGuest } from '#test/fans/fan.ts';
import { findBrokenPromises } from '#test/support/databases/all-invariants.ts';
import { testKafka } from '#test/support/kafka/kafka.ts';
import { readKafkaLog } from '#test/support/kafka/kafka-books.ts';
import { openPaymentScenes } from '#test/support/payments/payment-scenes.ts';
import { seriesOf } from '#test/support/system/scrape.ts';

const kafka = await testKafka();

describe.runIf(kafka)('the whole product with its event log on Kafka', async () => {
  const scenes = await openPaymentScenes({ log: 'kafka' });
  afterAll(() => scenes.close());

  test('from the hold to the tickets, and from the cancellation to the refund', async () => {
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
  });

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

  test('payments needs no booking database, and parks messages in its own', async () => {
    const { system } = scenes;
    await system.kill('payments', 'SIGTERM');
    // An empty value counts as absent.
    await system.start('payments', { DATABASE_URL: '' });
    const buyer = await scenes.buyer(await scenes.event(20), 3);
    await buyer.ready();
    const parked = (...args: string[]) =>
      new Promise<string>((done) => {
        const file = join(import.meta.dirname, '../../src/processes/parked.ts');
        execFile(process.execPath, [file, ...args], { env: system.env }, (_, out, trouble) => done(out + trouble));
      });
    const { brokers, prefix } = system.kafka ?? expect.unreachable();
    const log = await openEventLog(
      { kind: 'kafka', brokers, prefix, replicationFactor: undefined, parkingUrl: system.bookingUrl },
      'test',
    );
    const id = randomUUIDv7();
    await log.append([{ id, topic: 'booking', key: id, event: { type: 'Nonsense' }, createdAt: new Date() }]);
    await log.close();
    await expect.poll(() => parked('list')).toContain('3 messages of 3 keys.');
    const inPayments = await scenes.payments`select consumer_group from event_log.parked where id = ${id}`;
    expect(inPayments).toEqual([{ consumer_group: 'follow-bookings' }]);
    const gauge = 'frontrow_parked_messages{group="follow-bookings"}';
    await expect.poll(async () => seriesOf(await system.metrics('relay')).get(gauge)).toBe(1);
    expect(await parked('replay', '--group', 'follow-bookings')).toContain('parked again.');
    expect(await parked('drop', id, '--reason', 'planted')).toContain('choose one with --group');
    for (const group of ['follow-checkouts', 'push-changes', 'follow-bookings'])
      expect(await parked('drop', id, '--reason', 'planted', '--group', group)).toContain(`dropped for ${group}`);
    expect(await parked('list')).toBe('Nothing is parked.\n');
    await system.kill('payments', 'SIGTERM');
    await system.start('payments');
    await scenes.expectAllInvariants();
  });

  test('a message that was not written to the outbox is found', async () => {
    expect(await findBrokenPromises(scenes.system)).toEqual([]);
    await scenes.db.execute(`insert into inbox (consumer, message_id) values ('planted', 'never published')`);
    expect(await findBrokenPromises(scenes.system)).toEqual(['I17 handled but never published: never published']);
  });
});
