import { expect, test } from 'vitest';
import { AdaptiveLimit } from './adaptive-limit.ts';

const settings = { initial: 100, least: 10, most: 1_000, targetMs: 100 };

/** Runs as many operations as the limit admits, on a process that ends one every `everyMs`, for so many milliseconds. */
function saturate(
  limit: AdaptiveLimit,
  { everyMs, ms, from = 0 }: { everyMs: number; ms: number; from?: number },
): number {
  const startedAt: number[] = [];
  let now = from;
  for (; now < from + ms; now += everyMs) {
    while (limit.enter()) startedAt.push(now);
    const began = startedAt.shift();
    if (began !== undefined) limit.leave(now + everyMs - began, now + everyMs);
  }
  for (const began of startedAt) limit.leave(now - began, now);
  return now;
}

test('admits as many operations as the limit and refuses the next one', () => {
  const limit = new AdaptiveLimit({ ...settings, initial: 2 }, 0);
  expect([limit.enter(), limit.enter(), limit.enter()]).toEqual([true, true, false]);
  limit.leave(undefined, 1);
  expect(limit.enter()).toBe(true);
  expect(limit.running).toBe(2);
});

test('shrinks until operations take about the target, and not below what ends within it', () => {
  const limit = new AdaptiveLimit({ ...settings, initial: 1_000 }, 0);
  // One operation a millisecond: a hundred at a time take a hundred milliseconds.
  saturate(limit, { everyMs: 1, ms: 10_000 });
  expect(limit.limit).toBeGreaterThan(80);
  expect(limit.limit).toBeLessThan(140);
});

test('never shrinks below its least value when a store stands still', () => {
  const limit = new AdaptiveLimit(settings, 0);
  saturate(limit, { everyMs: 200, ms: 60_000 });
  expect(limit.limit).toBeGreaterThanOrEqual(10);
  expect(limit.limit).toBeLessThan(20);
});

test('grows while operations are quick and all places are taken, up to its largest value', () => {
  const limit = new AdaptiveLimit(settings, 0);
  saturate(limit, { everyMs: 0.05, ms: 30_000 });
  expect(limit.limit).toBe(1_000);
});

test('does not grow when few places are taken, and returns to its initial value', () => {
  const limit = new AdaptiveLimit(settings, 0);
  const now = saturate(limit, { everyMs: 20, ms: 10_000 });
  expect(limit.limit).toBeLessThan(30);
  for (let at = now; at < now + 60_000; at += 5) {
    limit.enter();
    limit.leave(1, at);
  }
  expect(limit.limit).toBeGreaterThan(90);
  expect(limit.limit).toBeLessThanOrEqual(100);
});

test('does not shrink because single operations are slow', () => {
  const limit = new AdaptiveLimit(settings, 0);
  for (let at = 0; at < 60_000; at += 1_000) {
    limit.enter();
    limit.leave(900, at);
  }
  expect(limit.limit).toBe(100);
});

test('an operation that was not executed changes nothing', () => {
  const limit = new AdaptiveLimit(settings, 0);
  for (let at = 0; at < 5_000; at += 5) {
    limit.enter();
    limit.leave(undefined, at);
  }
  expect(limit.limit).toBe(100);
});
