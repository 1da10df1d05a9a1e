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

test('a waiting place is not due during its pause, and is taken by one caller after it', async () => {
  const pauses = new Pauses();
  await new Promise<void>((resolve) => {
    pauses.begin('booking/1', resolve);
    expect(pauses.takeDue()).toBeUndefined();
    expect(pauses.has('booking/1')).toBe(true);
  });
  expect(pauses.takeDue()).toBe('booking/1');
  expect(pauses.takeDue()).toBeUndefined();
  expect(pauses.all()).toEqual(['booking/1']);
  pauses.end('booking/1');
  expect(pauses.all()).toEqual([]);
});

test('a place may be tried when its pause is reported to be over, even in a process that was delayed', async () => {
  const pauses = new Pauses();
  for (let held = 0; held < 5; held++) {
    const place = `booking/${held}`;
    const atTheEnd = new Promise<string | undefined>((resolve) => {
      // The event loop's clock stands still meanwhile, so a timer that begins now fires early.
      for (const began = performance.now(); performance.now() - began < 20; );
      pauses.begin(place, () => resolve(pauses.takeDue()));
    });
    expect(await atTheEnd).toBe(place);
  }
});
