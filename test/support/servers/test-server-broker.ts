import { createServer, type ServerResponse } from 'node:http';
import { openTestServers, type TestServerName, testServerNames } from './test-servers.ts';

/**
 * Starts servers at the first request, once, so that a run that needs none starts none. It is asked over HTTP,
 * because only the process that opened this outlives all the others.
 */
export async function openTestServerBroker(): Promise<{ url: string; close(): Promise<void> }> {
  const servers = await openTestServers();
  const broker = createServer((request, response) => {
    const name = request.url?.slice(1) as TestServerName;
    if (!testServerNames.includes(name)) return answer(response, 404, { error: `There is no test server ${name}.` });
    servers.start(name).then(
      (connection) => answer(response, 200, connection),
      (error: unknown) => answer(response, 500, { error: error instanceof Error ? error.message : String(error) }),
    );
  });
  await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve));
  const address = broker.address();
  if (address === null || typeof address === 'string') throw new Error('The broker of test servers has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      broker.closeAllConnections();
      broker.close();
      await servers.close();
    },
  };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
