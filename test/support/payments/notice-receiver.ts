import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';

export interface ReceivedNotice {
  readonly rawBody: Buffer;
  readonly headers: IncomingHttpHeaders;
}

export interface NoticeReceiver {
  readonly url: string;
  /** All deliveries in order of arrival, also refused ones. */
  readonly received: readonly ReceivedNotice[];
  /** The status of the next deliveries; 200 by default. */
  answerWith(status: number): void;
  /** The first delivery, past or future, that `wanted` accepts. */
  waitFor(wanted: (notice: ReceivedNotice) => boolean): Promise<ReceivedNotice>;
  /** Resolves after `count` deliveries. */
  waitForCount(count: number): Promise<void>;
  close(): Promise<void>;
}

/** A merchant's webhook endpoint that keeps everything a gateway delivers. */
export async function openNoticeReceiver(port = 0): Promise<NoticeReceiver> {
  const received: ReceivedNotice[] = [];
  const waiting = new Set<() => void>();
  let status = 200;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    received.push({ rawBody: Buffer.concat(chunks), headers: request.headers });
    response.writeHead(status).end();
    for (const look of waiting) look();
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The receiver has no port.');
  const until = <T>(find: () => T | undefined) =>
    new Promise<T>((resolve) => {
      const look = () => {
        const found = find();
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return {
    url: `http://127.0.0.1:${address.port}/webhooks`,
    received,
    answerWith(next) {
      status = next;
    },
    waitFor: (wanted) => until(() => received.find(wanted)),
    waitForCount: async (count) => {
      await until(() => (received.length >= count ? true : undefined));
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
