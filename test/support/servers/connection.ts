import type {
  KafkaConnection,
  PostgresConnection,
  RedisConnection,
  TestServerName,
  TypesenseConnection,
} from './test-servers.ts';

interface Connections {
  postgres: PostgresConnection;
  redis: RedisConnection;
  typesense: TypesenseConnection;
  kafka: KafkaConnection;
}

/**
 * Returns the connection data of a server of this test run; waits for its start. Throws the reason when it did not
 * start.
 */
export async function connectionOf<Name extends TestServerName>(name: Name): Promise<Connections[Name]> {
  const response = await fetch(`${await brokerUrl()}/${name}`);
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(`The test server ${name} did not start: ${(body as { error: string }).error}`);
  return body as Connections[Name];
}

/**
 * A program that uses the worlds of tests names its broker in `TEST_SERVERS_URL`, because vitest cannot be imported
 * outside a test run.
 */
export async function brokerUrl(): Promise<string> {
  if (process.env.TEST_SERVERS_URL) return process.env.TEST_SERVERS_URL;
  const { inject } = await import('vitest');
  return inject('testServersUrl');
}
