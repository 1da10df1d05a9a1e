import { expect, test } from 'vitest';
import { WriteHealth } from './write-health.ts';

const withCode = (code: string) => Object.assign(new Error(code), { code });

test('reports the last failure since the first one, until a write succeeds', () => {
  const health = new WriteHealth();
  expect(health.failure()).toBeUndefined();
  health.failed(withCode('ENOSPC'));
  const since = health.failure()?.since;
  health.failed(withCode('ECONNREFUSED'));
  expect(health.failure()).toMatchObject({ error: { code: 'ECONNREFUSED' }, since });
  health.succeeded();
  expect(health.failure()).toBeUndefined();
});

test('ignores an error that is not an outage, and a store that is only busy', () => {
  const health = new WriteHealth();
  health.failed(new Error('a defect'));
  health.failed(withCode('TOO_MANY_WAITING'));
  expect(health.failure()).toBeUndefined();
});

test('a failure is forgotten when no further write fails for two minutes', () => {
  let nowMs = 0;
  const health = new WriteHealth(() => nowMs);
  health.failed(withCode('ENOSPC'));
  nowMs = 119_000;
  expect(health.failure()).toBeDefined();
  health.failed(withCode('ENOSPC'));
  nowMs = 238_000;
  expect(health.failure()).toBeDefined();
  nowMs = 240_000;
  expect(health.failure()).toBeUndefined();
});
