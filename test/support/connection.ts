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
  // Not above: outside a test run importing it throws, and what a command starts brings servers of its own.
  const { inject } = await import('vitest');
  const response = await fetch(`${inject('testServersUrl')}/${name}`);
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(`The test server ${name} did not start: ${(body as { error: string }).error}`);
  return body as Connections[Name];
}
