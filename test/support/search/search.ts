import { randomBytes } from 'node:crypto';
import { connectionOf } from '#test/support/servers/connection.ts';

export interface TestSearch {
  url: string;
  apiKey: string;
  /** The prefix for collection and alias names, because all test files share the server. */
  prefix: string;
}

/** The Typesense of this test run, started at the first use, which takes some seconds. */
export async function testSearch(): Promise<TestSearch> {
  const { url, apiKey } = await connectionOf('typesense');
  return { url, apiKey, prefix: `test_${randomBytes(6).toString('hex')}_` };
}
