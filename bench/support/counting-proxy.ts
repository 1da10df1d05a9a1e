import { type AddressInfo, connect, createServer } from 'node:net';
import { answerParent } from '#test/support/system/parent.ts';

/** Passes everything on to the search engine and counts the searches; a process of its own. */

export type ProxyQuestion = { readonly kind: 'open'; readonly port: number } | { readonly kind: 'count' };

/** The product sends the next request over a connection only after the last answer, so a request begins a chunk. */
const SEARCH = Buffer.from('POST /multi_search');
let searches = 0;

answerParent<ProxyQuestion>(async (question) => {
  if (question.kind === 'count') return { searches };
  const server = createServer({ noDelay: true }, (client) => {
    const engine = connect({ port: question.port, host: '127.0.0.1', noDelay: true });
    client.on('data', (data: Buffer) => {
      if (data.subarray(0, SEARCH.length).equals(SEARCH)) searches += 1;
      engine.write(data);
    });
    engine.on('data', (data) => client.write(data));
    for (const [one, other] of [
      [client, engine],
      [engine, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port };
});
