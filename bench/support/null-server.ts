import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerParent } from '#test/support/system/parent.ts';

/** Answers every request with the same body: the limit of the load generator with a server that does nothing. */
answerParent<{ body: string }>(async ({ body }) => {
  const bytes = Buffer.from(body);
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length }).end(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port };
});
