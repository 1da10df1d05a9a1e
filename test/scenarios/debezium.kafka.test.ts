import { randomUUIDv7 } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Consumer } from '@platformatic/kafka';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { appendToOutbox } from '#db/outbox.ts';
import { inTransaction } from '#db/transaction.ts';
import type { DomainEvent } from '#events/contracts.ts';
import { openEventLog } from '#events/log/open-log.ts';
import { withOrigin } from '#events/origin.ts';
import { createBookingDatabase, createPaymentsDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { consumeIntoEffects, createEffects } from '#test/support/databases/effects.ts';
import { newPrefix, testKafka } from '#test/support/kafka/kafka.ts';
import { startConnect } from '#test/support/kafka/kafka-connect.ts';
import { relayOutbox, relaySlot } from '#workers/relay-outbox.ts';

const kafka = await testKafka();
const brokers = kafka?.brokers ?? [];
const patience = { timeout: 90_000, interval: 100 };
const byDebezium = newPrefix();
const byRelay = newPrefix();
const password = 'a password of tests';

describe.runIf(kafka)('Debezium in place of the relay', { timeout: 180_000 }, () => {
  let databases: { booking: TestDatabase; payments: TestDatabase };
  let folder: string;
  let connect: Awaited<ReturnType<typeof startConnect>>;
  let env: Record<string, string>;
  const bookingDb = () => openDb({ url: databases.booking.url, poolMax: 2, name: 'test' });

  beforeAll(async () => {
    databases = { booking: await createBookingDatabase(), payments: await createPaymentsDatabase() };
    folder = await mkdtemp(join(tmpdir(), 'frontrow-connect-'));
    for (const { url } of [databases.booking, databases.payments]) await grantToDebezium(url);
    env = {
      KAFKA_BROKERS: brokers.join(),
      KAFKA_TOPIC_PREFIX: byDebezium,
      CONNECT_REPLICATION_FACTOR: '1',
      CDC_USER: 'frontrow_cdc',
      CDC_PASSWORD: password,
      ...addressOf('BOOKING', databases.booking.url),
      ...addressOf('PAYMENTS', databases.payments.url),
    };
    connect = await startConnect(env, folder);
    await Promise.all([connect.run('booking-outbox'), connect.run('payments-outbox')]);
  }, 180_000);
  afterAll(async () => {
    await connect.stop();
    await Promise.all([databases.booking.drop(), databases.payments.drop()]);
    await rm(folder, { recursive: true, force: true });
  });

  test('publishes byte for byte the same as the relay', async () => {
    const ending = new AbortController();
    const log = await openEventLog(
      { kind: 'kafka', brokers, prefix: byRelay, replicationFactor: undefined, parkingUrl: databases.booking.url },
      'test',
    );
    const relays = [databases.booking.url, databases.payments.url].map((url) =>
      relayOutbox({ url, slot: relaySlot(url), log, signal: ending.signal, onState: () => undefined }),
    );
    const payments = openDb({ url: databases.payments.url, poolMax: 2, name: 'test' });
    const booking = bookingDb();
    const origin = { requestId: 'request-1', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    const event = { eventId: randomUUIDv7(), aggregateId: randomUUIDv7() };
    await withOrigin(origin, () => publish(booking, created(event, 1)));
    await publish(booking, created({ ...event, eventId: randomUUIDv7() }, 2));
    await withOrigin({ requestId: 'request-2' }, () =>
      publish(payments, {
        type: 'PaymentFailed',
        ...event,
        reason: 'é "quoted" \\ \u2028 \u0001 \n 日本 🎟 {"a":[1, 2]}',
      }),
    );
    await expect.poll(() => readRaw(byRelay), patience).toHaveLength(3);
    await expect.poll(() => readRaw(byDebezium), patience).toHaveLength(3);
    expect(await readRaw(byDebezium)).toEqual(await readRaw(byRelay));
    ending.abort();
    await Promise.all([...relays, log.close(), closeDb(booking), closeDb(payments)]);
  });

  test('reads only the outbox, and a database without changes in the outbox keeps no WAL for it', async () => {
    const { url } = databases.payments;
    const asItself = Object.assign(new URL(url), { username: 'frontrow_cdc', password });
    const cdc = postgres(asItself.href, { max: 1 });
    await expect(cdc`select count(*) from outbox`).resolves.toHaveLength(1);
    await expect(cdc`select count(*) from payments`).rejects.toThrow('permission denied');
    await expect(cdc`delete from outbox`).rejects.toThrow('permission denied');
    await cdc.end();
    const sql = postgres(url, { max: 1 });
    await sql`create table elsewhere as select generate_series(1, 1000)`;
    const [written] = await sql`select pg_current_wal_lsn() as lsn`;
    const isFree = async () => {
      const [slot] = await sql`
        select confirmed_flush_lsn >= ${written?.lsn}::pg_lsn as free
        from pg_replication_slots where database = current_database()`;
      return slot?.free;
    };
    await expect.poll(isFree, patience).toBe(true);
    await sql.end();
  });

  test('consumers handle it, and a Kafka Connect that is killed in the middle loses nothing', async () => {
    const effects = await createEffects(databases.booking.url);
    const log = await openEventLog(
      { kind: 'kafka', brokers, prefix: byDebezium, replicationFactor: undefined, parkingUrl: databases.booking.url },
      'test',
    );
    const ending = new AbortController();
    const consuming = consumeIntoEffects({
      log,
      url: databases.booking.url,
      consumer: 'debezium',
      signal: ending.signal,
    });
    const db = bookingDb();
    const keys = Array.from({ length: 7 }, () => randomUUIDv7());
    for (let position = 0; position < 300; position++) {
      const event = { aggregateId: randomUUIDv7(), eventId: keys[position % keys.length] ?? '' };
      await publish(db, created(event, position));
      if (position === 100) {
        await expect.poll(() => effects.count('debezium'), patience).toBeGreaterThan(60);
        process.kill(connect.pid, 'SIGKILL');
        await connect.exited;
      }
      if (position === 200) connect = await startConnect(env, folder);
    }
    const sql = postgres(databases.booking.url, { max: 1 });
    const written = await sql<{ id: string; key: string }[]>`
      select id, event_id as key from outbox where event_id = any (${keys}) order by created_at`;
    expect(written).toHaveLength(300);
    await expect.poll(() => effects.mistakes('debezium', written as never), patience).toEqual([]);
    ending.abort();
    await consuming;
    await Promise.all([log.close(), closeDb(db), sql.end(), effects.close()]);
  });
});

const created = (event: { aggregateId: string; eventId: string }, version: number): DomainEvent => ({
  type: 'BookingCreated',
  ...event,
  userId: randomUUIDv7(),
  version,
  seatNos: [3, 4],
  totalMinor: 12_900,
  currency: 'EUR',
  holdExpiresAt: new Date().toISOString(),
  description: 'Ärger & Söhne – “live”',
  lines: [],
});

const publish = (db: Db, event: DomainEvent): Promise<void> =>
  inTransaction(db, 'publish', (tx) => appendToOutbox(tx, [event]));

async function grantToDebezium(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  await sql.unsafe(await readFile(new URL('../../deploy/debezium/setup.sql', import.meta.url), 'utf8'));
  await sql.unsafe(`alter role frontrow_cdc password '${password}'`);
  await sql.end();
}

function addressOf(side: string, url: string): Record<string, string> {
  const { hostname, port, pathname } = new URL(url);
  const name = pathname.slice(1);
  return {
    [`${side}_DB_HOST`]: hostname,
    [`${side}_DB_PORT`]: port,
    [`${side}_DB_NAME`]: name,
    [`${side}_DB_SLOT`]: `debezium_${name}`.slice(0, 63),
  };
}

/** Each distinct record of the topics once: its place, its bytes in hexadecimal and text. */
async function readRaw(prefix: string): Promise<unknown[]> {
  const consumer = new Consumer({
    clientId: 'raw',
    groupId: `${prefix}-raw-${randomUUIDv7()}`,
    bootstrapBrokers: [...brokers],
    maxWaitTime: 100,
    retries: 10,
  });
  const records: { topic: string; key: string; value: string; headers: unknown }[] = [];
  try {
    const topics = [`${prefix}.booking`, `${prefix}.payment`];
    const ends = await consumer.listOffsets({ topics });
    const count = [...ends.values()].flat().reduce((sum, end) => sum + Number(end), 0);
    if (count === 0) return [];
    const stream = await consumer.consume({ topics, mode: 'earliest', autocommit: false });
    for await (const { topic, partition, key, value, headerEntries } of stream) {
      records.push({
        topic: `${topic.slice(prefix.length)}/${partition}`,
        key: key.toString(),
        value: value.toString('hex'),
        headers: headerEntries.map(([name, text]) => [name.toString(), text?.toString() ?? null]),
      });
      if (records.length === count) break;
    }
  } finally {
    await consumer.close(true);
  }
  const once = new Map(records.map((record) => [JSON.stringify(record.headers), record]));
  return [...once].sort(([a], [b]) => a.localeCompare(b)).map(([, record]) => record);
}
