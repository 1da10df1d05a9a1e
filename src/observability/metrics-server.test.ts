import { expect, test } from 'vitest';
import { counter, gauge } from './metrics.ts';
import { serveMetrics } from './metrics-server.ts';
import { sampler } from './samplers.ts';

const listening = { isOn: true, host: '127.0.0.1', port: 0 };
const things = gauge({ name: 'frontrow_test_things', help: 'Things of this test.', labelNames: ['kind'] });
const read = async (port: number | undefined, path = '/metrics') => fetch(`http://127.0.0.1:${port}${path}`);

test('a scrape shows what was counted, and the metrics of the process', async () => {
  const seen = counter({ name: 'frontrow_test_seen_total', help: 'Seen by this test.', labelNames: ['who'] });
  seen.inc({ who: 'us' }, 3);
  const server = await serveMetrics({ config: listening });
  const text = await (await read(server.port)).text();
  expect(text).toContain('frontrow_test_seen_total{who="us"} 3');
  expect(text).toContain('# HELP frontrow_test_seen_total Seen by this test.');
  expect(text).toMatch(/^process_cpu_seconds_total \d/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
  await server.close();
});

test('reads sampled gauges at a scrape, once for many scrapes, and does not show removed series again', async () => {
  let [reads, rareReads] = [0, 0];
  const answers = [
    [{ metric: things, labels: { kind: 'old' }, value: 1 }],
    [{ metric: things, labels: { kind: 'new' }, value: 2 }],
  ];
  const one = sampler({ name: 'things', metrics: [things], everyMs: 0, read: async () => answers[reads++] ?? [] });
  const rare = sampler({
    name: 'rare',
    metrics: [],
    read: async () => {
      rareReads++;
      return [];
    },
  });
  const server = await serveMetrics({ config: listening, samplers: [one, rare] });
  expect(await (await read(server.port)).text()).toContain('frontrow_test_things{kind="old"} 1');
  const second = await (await read(server.port)).text();
  expect(second).toContain('frontrow_test_things{kind="new"} 2');
  expect(second).not.toContain('kind="old"');
  expect([reads, rareReads]).toEqual([2, 1]);
  await server.close();
});

test('a store that does not answer delays no scrape, and is counted when it fails', async () => {
  const never = sampler({ name: 'never', metrics: [], read: () => new Promise(() => {}) });
  const failing = sampler({ name: 'failing', metrics: [], read: async () => Promise.reject(new Error('away')) });
  const server = await serveMetrics({ config: listening, samplers: [never, failing] });
  const text = await (await read(server.port)).text();
  expect(text).toContain('frontrow_sample_failures_total{sampler="failing"} 1');
  expect(text).toContain('frontrow_sample_failures_total{sampler="never"} 0');
  await server.close();
});

test('readiness answers 503, and gives the reason only on request', async () => {
  const readiness = async () => ({ isReady: false, details: { dependencies: { postgres: 'down' } } });
  const server = await serveMetrics({ config: listening, readiness });
  const short = await read(server.port, '/ready');
  expect([short.status, await short.json()]).toEqual([503, { status: 'not ready' }]);
  expect(await (await read(server.port, '/ready?verbose')).json()).toMatchObject({
    dependencies: { postgres: 'down' },
  });
  expect((await read(server.port, '/health')).status).toBe(200);
  expect((await read(server.port, '/else')).status).toBe(404);
  await server.close();
});

test('without a port nothing listens; when metrics are off there is only health and readiness', async () => {
  const silent = await serveMetrics({ config: { ...listening, port: undefined } });
  expect(silent.port).toBeUndefined();
  await silent.close();
  const off = await serveMetrics({ config: { ...listening, isOn: false } });
  expect((await read(off.port)).status).toBe(404);
  expect((await read(off.port, '/ready')).status).toBe(200);
  await off.close();
});
