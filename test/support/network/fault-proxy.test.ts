import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '#test/support/system/until.ts';
import { type FaultProxy, openFaultProxy } from './fault-proxy.ts';

// An echo server; the faults are between it and its clients.
const accepted = new Set<Socket>();
const server = createServer((socket) => {
  accepted.add(socket);
  socket.on('error', () => {}).on('close', () => accepted.delete(socket));
  socket.pipe(socket);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as { port: number };
const serverUrl = `tcp://127.0.0.1:${port}`;
afterAll(() => server.close());

let proxy: FaultProxy;
beforeEach(async () => {
  proxy = await openFaultProxy(serverUrl);
});
afterEach(() => proxy.close());

async function client() {
  const socket = connect(proxy.port, '127.0.0.1');
  const seen = { text: '', end: false, error: '' };
  socket.setEncoding('utf8').on('data', (text) => {
    seen.text += text;
  });
  socket.on('end', () => {
    seen.end = true;
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    seen.error = error.code ?? 'unknown';
  });
  await until(() => !socket.connecting);
  return { socket, seen, hears: (text: string) => until(() => seen.text === text) };
}

test('passes data both ways and whole', async () => {
  const one = await client();
  const text = 'x'.repeat(3 * 1024 * 1024);
  one.socket.write(text);
  await one.hears(text);
  one.socket.end();
  await until(() => one.seen.end && proxy.open() === 0);
});

test('a black hole passes nothing, not even an end; afterwards the data arrives in order', async () => {
  const one = await client();
  one.socket.write('a');
  await one.hears('a');
  proxy.set({ kind: 'black-hole' });
  one.socket.write('b');
  const late = await client();
  late.socket.write('late');
  for (const socket of accepted) socket.destroy();
  await sleep(200);
  expect([one.seen, late.seen]).toMatchObject([
    { text: 'a', end: false, error: '' },
    { text: '', end: false, error: '' },
  ]);
  proxy.set({ kind: 'pass' });
  await late.hears('late');
  await until(() => one.seen.end || one.seen.error);
});

test('latency delays each way; a change of it keeps the order', async () => {
  const one = await client();
  proxy.set({ kind: 'latency', ms: 100 });
  const startedMs = performance.now();
  one.socket.write('slow ');
  await sleep(20);
  proxy.set({ kind: 'latency', ms: 50 });
  one.socket.write('and steady');
  await one.hears('slow and steady');
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(99);
});

test('a reset reaches open connections and new ones', async () => {
  const one = await client();
  one.socket.write('a');
  await one.hears('a');
  proxy.set({ kind: 'reset' });
  await until(() => one.seen.error === 'ECONNRESET');
  const two = await client();
  await until(() => two.seen.error === 'ECONNRESET');
  proxy.set({ kind: 'pass' });
  const three = await client();
  three.socket.write('c');
  await three.hears('c');
});

test('a slow close passes everything but the end, which comes late', async () => {
  const one = await client();
  one.socket.write('a');
  await one.hears('a');
  proxy.set({ kind: 'slow-close', ms: 300 });
  one.socket.write('b');
  await one.hears('ab');
  const startedMs = performance.now();
  for (const socket of accepted) socket.end();
  await until(() => one.seen.end);
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(299);
});

test('another server is used from the next connection on; a cut makes all clients reconnect there', async () => {
  const other = createServer((socket) => socket.on('error', () => {}).end('the other one'));
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const one = await client();
  one.socket.write('a');
  await one.hears('a');
  proxy.pointTo(`tcp://127.0.0.1:${(other.address() as { port: number }).port}`);
  one.socket.write('b');
  await one.hears('ab');
  proxy.cut();
  await until(() => one.seen.error === 'ECONNRESET');
  await (await client()).hears('the other one');
  other.close();
});
