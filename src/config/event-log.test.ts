import { expect, test } from 'vitest';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { parsePaymentsConfig } from './payments.ts';
import { parseWorkerConfig } from './worker.ts';

const stores = {
  DATABASE_URL: 'postgres://localhost/booking',
  REDIS_URL: 'redis://localhost:6379',
  TICKET_PRIVATE_KEY: newPrivateKey(),
};

test('puts the event log into the booking database by default', () => {
  expect(parseWorkerConfig(stores).eventLog).toEqual({ kind: 'postgres', url: stores.DATABASE_URL });
  expect(
    parseWorkerConfig({ ...stores, EVENT_LOG: 'kafka', KAFKA_BROKERS: 'one:9092, two:9092' }).eventLog,
  ).toMatchObject({ kind: 'kafka', brokers: ['one:9092', 'two:9092'], prefix: 'frontrow' });
});

test('accepts Kafka with TLS and a password, and refuses incomplete credentials', () => {
  const kafka = { ...stores, EVENT_LOG: 'kafka', KAFKA_BROKERS: 'one:9092' };
  expect(parseWorkerConfig(kafka).eventLog).toMatchObject({ security: { tls: false, sasl: undefined } });
  const credentials = { KAFKA_SASL_USERNAME: 'frontrow', KAFKA_SASL_PASSWORD: 'secret' };
  const plain = { ...kafka, ...credentials, KAFKA_SASL_MECHANISM: 'PLAIN' };
  const sasl = { mechanism: 'PLAIN', username: 'frontrow', password: 'secret' };
  expect(parseWorkerConfig({ ...plain, KAFKA_TLS: 'on' }).eventLog).toMatchObject({ security: { tls: true, sasl } });
  expect(() => parseWorkerConfig(plain)).toThrow('KAFKA_TLS: PLAIN sends the password in plain text: set KAFKA_TLS=on');
  expect(() => parseWorkerConfig({ ...kafka, ...credentials })).toThrow('KAFKA_SASL_MECHANISM: give');
});

test('payments needs the booking database when it has the log, and parks in its own database with Kafka', () => {
  const payments = {
    PAYMENTS_DATABASE_URL: 'postgres://localhost/payments',
    GATEWAY_URL: 'http://localhost:4002',
    GATEWAY_API_KEY: 'long-enough-as-a-key',
    GATEWAY_WEBHOOK_SECRETS: 'a secret',
  };
  const { DATABASE_URL } = stores;
  expect(parsePaymentsConfig({ ...payments, DATABASE_URL }).eventLog).toEqual({ kind: 'postgres', url: DATABASE_URL });
  expect(() => parsePaymentsConfig(payments)).toThrow('DATABASE_URL: the booking database, which has the event log');
  const kafka = { ...payments, EVENT_LOG: 'kafka', KAFKA_BROKERS: 'one:9092' };
  for (const env of [kafka, { ...kafka, DATABASE_URL }]) {
    const { eventLog, bookingDatabase } = parsePaymentsConfig(env);
    expect(eventLog).toMatchObject({ parkingUrl: payments.PAYMENTS_DATABASE_URL });
    expect(bookingDatabase).toBeUndefined();
  }
});

test('refuses Kafka without brokers, and says what to set', () => {
  const parse = (KAFKA_BROKERS: string) => () => parseWorkerConfig({ ...stores, EVENT_LOG: 'kafka', KAFKA_BROKERS });
  expect(parse('')).toThrow('KAFKA_BROKERS: EVENT_LOG=kafka needs some of the brokers, `host:port`');
  expect(parse('one')).toThrow('KAFKA_BROKERS: some of the brokers, `host:port`');
});
