import { randomBytes } from 'node:crypto';
import { connectionOf } from './connection.ts';

export interface TestKafka {
  brokers: readonly string[];
  /** Put this before topics and groups: the broker is shared by all test files. */
  prefix: string;
}

/**
 * The Kafka broker of this test run; started when first asked for. Undefined on a machine that has neither Java nor a
 * broker: the run says so, and what needs one is skipped.
 */
export async function testKafka(): Promise<TestKafka | undefined> {
  const { brokers } = await connectionOf('kafka');
  return brokers === undefined ? undefined : { brokers: brokers.split(','), prefix: newPrefix() };
}

export const newPrefix = (): string => `test-${randomBytes(6).toString('hex')}`;
