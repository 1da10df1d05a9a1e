import { createServer, type ServerResponse } from 'node:http';
import type { TestProject } from 'vitest/node';
import { openTestServers, type TestServerName, testServerNames } from './test-servers.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Answers `/postgres`, `/redis`, `/typesense` and `/kafka` with what a test needs to connect; starts each when first asked. */
    testServersUrl: string;
  }
}

/**
 * Servers are started when a test first asks for them, once per run, so that a run of pure tests starts nothing. Worker
 * processes ask over HTTP, since only this process outlives them all.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
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
  project.provide('testServersUrl', `http://127.0.0.1:${address.port}`);
  return async () => {
    broker.closeAllConnections();
    broker.close();
    await servers.close();
  };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
