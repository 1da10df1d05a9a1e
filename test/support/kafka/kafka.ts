import { randomBytes } from 'node:crypto';
import { connectionOf } from '#test/support/servers/connection.ts';

export interface TestKafka {
  brokers: readonly string[];
  /** The prefix for topics and groups, because all test files share the broker. */
  prefix: string;
}

/**
 * The Kafka broker of this test run, started at the first use. Undefined on a machine without Java and without a
 * broker: the run says so, and tests that need one are skipped.
 */
export async function testKafka(): Promise<TestKafka | undefined> {
  const { brokers } = await connectionOf('kafka');
  return brokers === undefined ? undefined : { brokers: brokers.split(','), prefix: newPrefix() };
}

export const newPrefix = (): string => `test-${randomBytes(6).toString('hex')}`;
