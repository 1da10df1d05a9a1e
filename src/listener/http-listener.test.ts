import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test, vi } from 'vitest';
import { bombard, refusedTargets, sendRaw } from '#test/support/http/raw-requests.ts';
import { type HttpListener, type ListenerOptions, openHttpListener } from './http-listener.ts';

let listener: HttpListener;
let port: number;
afterEach(async () => {
  if (listener.server.listening) await listener.close({ graceMs: 0 });
});

async function serve(options: Partial<ListenerOptions> = {}): Promise<void> {
  const answer: ListenerOptions['answer'] = ({ url, response }) => void response.end(`path ${url.pathname}`);
  listener = openHttpListener({ answer, requestMs: 5_000, headersMs: 5_000, ...options });
  port = await listener.listen({ host: '127.0.0.1', port: 0 });
}

const line = (method: string, target: string) =>
  Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 'latin1');

test.each(refusedTargets)('the request line of %j is answered with 400 and nothing else', async (target) => {
  const answer = vi.fn();
  await serve({ answer, refusalHeaders: { 'x-frame-options': 'DENY' } });
  for (const method of ['GET', 'OPTIONS', 'POST']) {
    const heard = await sendRaw(port, line(method, target));
    expect(heard).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(heard.match(/HTTP\/1\.1/g)).toHaveLength(1);
  }
  expect(answer).not.toHaveBeenCalled();
});

test('answers a CONNECT with 400, and an upgrade without a taker like any request', async () => {
  await serve();
  expect(await sendRaw(port, line('CONNECT', 'evil.example:443'))).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  const upgrade = Buffer.from('GET /x HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n');
  expect(await sendRaw(port, upgrade)).toContain('path /x');
});

test('a request that fails ends only its own connection', async () => {
  await serve({
    async answer({ url, response }) {
      if (url.pathname === '/fails') throw new Error('planted');
      response.end('fine');
    },
  });
  expect(await sendRaw(port, line('GET', '/fails'))).toBe('');
  expect(await sendRaw(port, line('GET', '/'))).toContain('fine');
});

test('hundreds of random raw requests are refused or answered, and the next one is served', async () => {
  await serve();
  const { statuses } = await bombard(port, { count: 500, seed: 1 });
  expect(statuses.filter((status) => status === 400).length).toBeGreaterThan(100);
  expect(statuses.filter((status) => status >= 500)).toEqual([]);
  expect(await sendRaw(port, line('GET', '/after'))).toContain('path /after');
});

/** One request over the agent's only connection. */
const ask = (agent: Agent) =>
  new Promise<{ reused: boolean; keepAlive: unknown }>((resolve, reject) => {
    const sent = request({ port, host: '127.0.0.1', agent }, (response) => {
      response.resume().on('end', () => {
        resolve({ reused: sent.reusedSocket, keepAlive: response.headers['keep-alive'] });
      });
    });
    sent.on('error', reject).end();
  });

test('keeps a connection for 65 s, and does not count idle time as time for headers', async () => {
  // Node checks for late connections once a second.
  await serve({ headersMs: 100, requestMs: 100 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  expect(await ask(agent)).toEqual({ reused: false, keepAlive: 'timeout=65' });
  // A connection that has sent no header in that time was ended meanwhile: the check has run.
  expect(await sendRaw(port, Buffer.from('GET / HTTP/1.1\r\nHost:'), { patienceMs: 20_000 })).toContain('408');
  expect(await ask(agent)).toEqual({ reused: true, keepAlive: 'timeout=65' });
  agent.destroy();
});

/** Keeps the event loop busy. Bytes that the kernel has taken meanwhile are not lost. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test('answers a request that arrived in time and was not read, because the process was busy', async () => {
  await serve({ headersMs: 300, requestMs: 300 });
  const accepted = once(listener.server, 'connection');
  const client = connect(port, '127.0.0.1');
  const heard = text(client);
  await accepted;
  client.write(line('GET', '/arrived'));
  // Longer than Node waits between two looks at late connections.
  block(1_500);
  expect(await heard).toContain('path /arrived');
});

test('answers a request whose body arrived in time and was not read', async () => {
  await serve({
    headersMs: 300,
    requestMs: 300,
    async answer({ request, response }) {
      response.end(`body ${(await request.toArray()).join('')}`);
    },
  });
  const received = once(listener.server, 'request');
  const client = connect(port, '127.0.0.1');
  const heard = text(client);
  client.write('POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\n');
  await received;
  client.write('late');
  block(1_500);
  expect(await heard).toContain('body late');
});

test('ends a client that goes on sending slowly, also when the process was busy, and says why in JSON', async () => {
  await serve({ headersMs: 300, requestMs: 300 });
  const client = connect(port, '127.0.0.1');
  client.on('error', () => undefined);
  const heard = text(client);
  const drip = setInterval(() => client.write('a'), 50);
  client.write('GET / HTTP/1.1\r\nHost: ');
  await new Promise((resolve) => setTimeout(resolve, 200));
  block(1_200);
  const answer = await heard.finally(() => clearInterval(drip));
  expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
    errors: [{ extensions: { code: 'BAD_REQUEST' } }],
  });
});

test.each([
  ['bytes that are not HTTP', 'nonsense\r\n\r\n', '400 Bad Request'],
  [
    'headers that are too large',
    `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`,
    '431 Request Header Fields Too Large',
  ],
  [
    'a target that is not a path',
    'GET http://evil.example/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    '400 Bad Request',
  ],
  ['a CONNECT', 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n', '400 Bad Request'],
])('the refusal of %s has a typed body', async (_what, bytes, status) => {
  await serve();
  const heard = await sendRaw(port, Buffer.from(bytes));
  expect(heard).toMatch(new RegExp(`^HTTP/1.1 ${status}\r\n`));
  const [, body = ''] = heard.split('\r\n\r\n');
  expect(JSON.parse(body)).toEqual({ errors: [{ message: expect.any(String), extensions: { code: 'BAD_REQUEST' } }] });
});

test('close lets a running response finish, and ends its connection afterwards', async () => {
  const running = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  await serve({
    async answer({ response }) {
      running.resolve();
      await goOn.promise;
      response.end('finished');
    },
  });
  const heard = sendRaw(port, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), { patienceMs: 20_000 });
  await running.promise;
  const closed = listener.close();
  goOn.resolve();
  expect(await heard).toContain('finished');
  await closed;
});
