import { randomBytes } from 'node:crypto';
import { connectionOf } from './connection.ts';

export interface TestSearch {
  url: string;
  apiKey: string;
  /** Put this before collection and alias names: the server is shared by all test files. */
  prefix: string;
}

/** The Typesense of this test run; started when first asked for, which takes some seconds. */
export async function testSearch(): Promise<TestSearch> {
  const { url, apiKey } = await connectionOf('typesense');
  return { url, apiKey, prefix: `test_${randomBytes(6).toString('hex')}_` };
}
