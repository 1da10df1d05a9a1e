import { Agent, request } from 'node:http';
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
