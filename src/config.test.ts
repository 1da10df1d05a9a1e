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

test('Kafka may be asked for with TLS and a password, and half of it is refused', () => {
  const kafka = { ...stores, EVENT_LOG: 'kafka', KAFKA_BROKERS: 'one:9092' };
  expect(parseWorkerConfig(kafka).eventLog).toMatchObject({ security: { tls: false, sasl: undefined } });
  const credentials = { KAFKA_SASL_USERNAME: 'frontrow', KAFKA_SASL_PASSWORD: 'secret' };
  const plain = { ...kafka, ...credentials, KAFKA_SASL_MECHANISM: 'PLAIN' };
  const sasl = { mechanism: 'PLAIN', username: 'frontrow', password: 'secret' };
  expect(parseWorkerConfig({ ...plain, KAFKA_TLS: 'on' }).eventLog).toMatchObject({ security: { tls: true, sasl } });
  expect(() => parseWorkerConfig(plain)).toThrow('KAFKA_TLS: PLAIN sends the password as it is: set KAFKA_TLS=on');
  expect(() => parseWorkerConfig({ ...kafka, ...credentials })).toThrow('KAFKA_SASL_MECHANISM: give');
});

test('Kafka without brokers is refused, and the message says what to set', () => {
  const parse = (KAFKA_BROKERS: string) => () => parseWorkerConfig({ ...stores, EVENT_LOG: 'kafka', KAFKA_BROKERS });
  expect(parse('')).toThrow('KAFKA_BROKERS: EVENT_LOG=kafka needs some of the brokers, `host:port`');
  expect(parse('one')).toThrow('KAFKA_BROKERS: some of the brokers, `host:port`');
});
