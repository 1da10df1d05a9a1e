import { expect, test } from 'vitest';
import { backOffMs, Pauses } from './back-off.ts';

test('pauses grow, are bounded, and are not the same for those that failed together', () => {
  expect(backOffMs(1)).toBeLessThanOrEqual(250);
  expect(backOffMs(4)).toBeGreaterThan(250);
  for (const failures of [10, 100, 5000]) {
    expect(backOffMs(failures)).toBeLessThanOrEqual(5000);
    expect(backOffMs(failures)).toBeGreaterThanOrEqual(2500);
  }
  expect(new Set(Array.from({ length: 20 }, () => backOffMs(10))).size).toBeGreaterThan(10);
});

test('a place that waits is left out for its pause, and only that place', () => {
  const pauses = new Pauses();
  pauses.begin('booking/1');
  expect(pauses.keys()).toEqual(['booking/1']);
  pauses.end('booking/1');
  expect(pauses.keys()).toEqual([]);
});
