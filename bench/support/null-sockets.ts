import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { answerParent } from '#test/support/system/parent.ts';

export type NullSocketQuestion = { kind: 'listen' } | { kind: 'send'; text: string; times: number; everyMs: number };

const streams = new Set<Duplex>();

/** Writes the same prepared bytes to all its sockets: the limit of the kernel and the watchers. */
answerParent<NullSocketQuestion>(async (question) => {
  if (question.kind === 'listen') return { port: await listen() };
  const payload = Buffer.from(question.text);
  const frame = Buffer.concat([Buffer.from([0x81, 126, payload.length >> 8, payload.length & 255]), payload]);
  for (let sent = 0; sent < question.times; sent++) {
    const sentAt = performance.now();
    for (const stream of streams) stream.write(frame);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, question.everyMs - (performance.now() - sentAt))));
  }
  return {};
});

async function listen(): Promise<number> {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    sockets.handleUpgrade(request, stream, head, (socket) => {
      socket.on('message', (data) => {
        if (data.toString().includes('connection_init')) socket.send('{"type":"connection_ack"}');
        else streams.add(stream);
      });
      socket.on('close', () => streams.delete(stream));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
