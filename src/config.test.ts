import { expect, test } from 'vitest';
import { parseWorkerConfig } from './config.ts';

const stores = {
  DATABASE_URL: 'postgres://localhost/booking',
  REDIS_URL: 'redis://localhost:6379',
  TICKET_PRIVATE_KEY: 'a key',
};

test('the event log is in the booking database unless the environment says otherwise', () => {
  expect(parseWorkerConfig(stores).eventLog).toEqual({ kind: 'postgres', url: stores.DATABASE_URL });
  expect(
    parseWorkerConfig({ ...stores, EVENT_LOG: 'kafka', KAFKA_BROKERS: 'one:9092, two:9092' }).eventLog,
  ).toMatchObject({ kind: 'kafka', brokers: ['one:9092', 'two:9092'], prefix: 'frontrow' });
});

test('Kafka without brokers is refused, and the message says what to set', () => {
  const parse = (KAFKA_BROKERS: string) => () => parseWorkerConfig({ ...stores, EVENT_LOG: 'kafka', KAFKA_BROKERS });
  expect(parse('')).toThrow('KAFKA_BROKERS: EVENT_LOG=kafka needs some of the brokers, `host:port`');
  expect(parse('one')).toThrow('KAFKA_BROKERS: some of the brokers, `host:port`');
});
