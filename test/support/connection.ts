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

/** How to reach a server of this test run; waits for its start. Throws what kept it from starting. */
export async function connectionOf<Name extends TestServerName>(name: Name): Promise<Connections[Name]> {
  const response = await fetch(`${await brokerUrl()}/${name}`);
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(`The test server ${name} did not start: ${(body as { error: string }).error}`);
  return body as Connections[Name];
}

/** A program that uses the worlds of tests names its broker in `TEST_SERVERS_URL`; outside a test run vitest can't be imported. */
async function brokerUrl(): Promise<string> {
  if (process.env.TEST_SERVERS_URL) return process.env.TEST_SERVERS_URL;
  const { inject } = await import('vitest');
  return inject('testServersUrl');
}
