import { afterAll, expect, test } from 'vitest';
import { openOtlpCollector } from '#test/support/system/otlp-collector.ts';
import { parseTraceparent } from './span.ts';
import { beginTrace, followTrace, startTracing } from './tracing.ts';

const collector = await openOtlpCollector();
afterAll(() => collector.close());

const asking = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test.each([
  undefined,
  '',
  'garbage',
  '00-00000000000000000000000000000000-b7ad6b7169203331-01',
  '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
  '01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more',
  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'; drop table outbox",
])('%s is not a client’s trace', (text) => {
  expect(parseTraceparent(text)).toBeUndefined();
});

test('without a collector nothing is recorded, even when a client asks for it', () => {
  expect(beginTrace('x', asking).traceparent).toBeUndefined();
  expect(followTrace('x', { kind: 'internal', parent: asking }).traceparent).toBeUndefined();
});

test('records clients that ask, a few per second of all of them; other clients by chance', async () => {
  const tracing = await startTracing({ endpoint: collector.url, ratio: 0, process: 'test' });
  const granted = Array.from({ length: 500 }, () => beginTrace('asked', asking)).filter((span) => span.traceparent);
  expect(granted.length).toBeGreaterThanOrEqual(10);
  expect(granted.length).toBeLessThanOrEqual(20);
  expect(beginTrace('x', asking.replace(/01$/, '00')).traceparent).toBeUndefined();
  expect(beginTrace('x', undefined).traceparent).toBeUndefined();
  for (const span of granted) span.end({});
  await tracing.close();
  expect(collector.spans.filter(({ name }) => name === 'asked')).toHaveLength(granted.length);
  expect(new Set(collector.spans.map(({ traceId }) => traceId))).toEqual(new Set(['0af7651916cd43dd8448eb211c80319c']));
});

test('a collector that is away delays nothing, and the spans that it missed are dropped', async () => {
  const tracing = await startTracing({ endpoint: 'http://127.0.0.1:9', ratio: 1, process: 'test' });
  for (let count = 0; count < 5_000; count++) beginTrace('lost', undefined).end({});
  await tracing.close().catch(() => undefined);
  expect(beginTrace('x', asking).traceparent).toBeUndefined();
});
