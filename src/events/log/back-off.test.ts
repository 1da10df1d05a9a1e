import { expect, test } from 'vitest';
import { backOffMs, Pauses } from './back-off.ts';

test('pauses grow up to a limit, and differ for callers that failed together', () => {
  expect(backOffMs(1)).toBeLessThanOrEqual(250);
  expect(backOffMs(4)).toBeGreaterThan(250);
  for (const failures of [10, 100, 5000]) {
    expect(backOffMs(failures)).toBeLessThanOrEqual(5000);
    expect(backOffMs(failures)).toBeGreaterThanOrEqual(2500);
  }
  expect(new Set(Array.from({ length: 20 }, () => backOffMs(10))).size).toBeGreaterThan(10);
});

test('a waiting place is skipped during its pause, and only that place', () => {
  const pauses = new Pauses();
  pauses.begin('booking/1', () => {});
  expect(pauses.keys()).toEqual(['booking/1']);
  pauses.end('booking/1');
  expect(pauses.keys()).toEqual([]);
});

test('a place may be tried when its pause is reported to be over, even in a process that was delayed', async () => {
  const pauses = new Pauses();
  for (let held = 0; held < 5; held++) {
    const atTheEnd = new Promise<string[]>((resolve) => {
      // The event loop's clock stands still meanwhile, so a timer that begins now fires early.
      for (const began = performance.now(); performance.now() - began < 20; );
      pauses.begin(`booking/${held}`, () => resolve(pauses.keys()));
    });
    expect(await atTheEnd).toEqual([]);
  }
});
