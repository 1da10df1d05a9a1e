import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bombard, refusedTargets, sendRaw } from '#test/support/http/raw-requests.ts';
import { type ProcessName, type System, startSystem } from '#test/support/system/system.ts';

/** Plants an error in a running process, because no request can cause one. */
const plant = (statement: string) =>
  `--import=data:text/javascript,${encodeURIComponent(`process.on('SIGUSR2', () => { ${statement} });`)}`;

const processes = ['gateway-sandbox', 'payments', 'relay', 'worker', 'api'] as const;

let system: System;
beforeAll(async () => {
  system = await startSystem({ env: { NODE_OPTIONS: plant("Promise.reject(new Error('planted'))") } });
});
afterAll(() => system.stop());

const portOf = (url: string) => Number(new URL(url).port);
const listeners: readonly (readonly [name: string, url: () => string, path: string])[] = [
  ['the api', () => system.apiUrl, '/health'],
  ['the webhook of payments', () => system.webhookUrl, '/health'],
  ['the sandbox gateway', () => system.gatewayUrl, '/health'],
  ...(['api', 'payments', 'relay', 'worker'] as const).map(
    (name) => [`the metrics of ${name}`, () => system.metricsUrl(name), '/metrics'] as const,
  ),
];

const request = (target: string) =>
  Buffer.from(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`, 'latin1');
const isAlive = async (url: string, path: string) => (await fetch(new URL(path, url))).ok;

describe.each(listeners)('%s', (_name, url, path) => {
  test('answers only 400 to a request line that is not a path', async () => {
    for (const target of refusedTargets) {
      const heard = await sendRaw(portOf(url()), request(target));
      expect(heard, target).toMatch(/^HTTP\/1\.1 400 /);
      expect(heard.match(/HTTP\/1\.1 /g), target).toHaveLength(1);
    }
    expect(await isAlive(url(), path)).toBe(true);
  });

  test('serves the next client after three hundred raw requests', async () => {
    const { statuses } = await bombard(portOf(url()), { count: 300, seed: 300 });
    expect(statuses.filter((status) => status >= 500)).toEqual([]);
    expect(statuses.filter((status) => status === 400).length).toBeGreaterThan(50);
    expect(await isAlive(url(), path)).toBe(true);
  });
});

test('an upgrade of an invalid path gets 400, of another path 404', async () => {
  const upgrade = (target: string) =>
    Buffer.from(
      `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`,
    );
  expect(await sendRaw(portOf(system.apiUrl), upgrade('//graphql'))).toMatch(/^HTTP\/1\.1 400 /);
  expect(await sendRaw(portOf(system.apiUrl), upgrade('/else'))).toMatch(/^HTTP\/1\.1 404 /);
});

const linesOf = (name: ProcessName) => system.lines.filter((line) => line.startsWith(`${name}: `));

test.each(processes)('an uncaught error is logged and ends %s in order', async (name) => {
  expect(await system.kill(name, 'SIGUSR2')).toBe(1);
  const said = linesOf(name).filter((line) => line.includes('"level":60'));
  expect(said).toHaveLength(1);
  expect(said[0]).toContain('"origin":"unhandledRejection"');
  expect(said[0]).toContain('planted');
  expect(linesOf(name).join('\n')).not.toContain('not everything was finished in time');
});

test('an exception ends a process like a rejection, and it can be started again', async () => {
  const thrown = plant("setImmediate(() => { throw new Error('thrown') })");
  await system.start('gateway-sandbox', { NODE_OPTIONS: thrown });
  expect(await system.kill('gateway-sandbox', 'SIGUSR2')).toBe(1);
  expect(linesOf('gateway-sandbox').join('\n')).toContain('"origin":"uncaughtException"');
  await system.start('gateway-sandbox');
  expect(await isAlive(system.gatewayUrl, '/health')).toBe(true);
});
