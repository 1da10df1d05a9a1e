import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openIndexStamp } from './index-stamp.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

const [monday, tuesday] = [new Date('2026-11-30T10:00:00Z'), new Date('2026-12-01T10:00:00Z')];
const settled = () => new Promise((resolve) => setImmediate(resolve));

it('knows since when the index has its stamp, and nothing of other stamps', async () => {
  vi.advanceTimersByTime(1000);
  const stamp = openIndexStamp(async () => monday, 500);
  expect(stamp.sameAtMs(monday)).toBeUndefined();
  const askedAtMs = performance.now();
  stamp.keepUp();
  vi.advanceTimersByTime(200);
  await settled();
  expect(stamp.sameAtMs(monday)).toBe(askedAtMs);
  expect(stamp.sameAtMs(tuesday)).toBeUndefined();
});

it('asks once in its time, and not at all while answers bring the stamp', async () => {
  vi.advanceTimersByTime(1000);
  const read = vi.fn(async () => monday);
  const stamp = openIndexStamp(read, 500);
  for (let call = 0; call < 10; call++) stamp.keepUp();
  expect(read).toHaveBeenCalledTimes(1);
  await settled();
  for (let at = 0; at < 3000; at += 400) {
    vi.advanceTimersByTime(400);
    stamp.saw(monday, performance.now());
    stamp.keepUp();
  }
  expect(read).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(501);
  stamp.keepUp();
  expect(read).toHaveBeenCalledTimes(2);
});

it('follows the latest question when answers arrive in another order', () => {
  const stamp = openIndexStamp(async () => monday, 500);
  stamp.saw(tuesday, 2000);
  stamp.saw(monday, 1000);
  expect(stamp.sameAtMs(tuesday)).toBe(2000);
  expect(stamp.sameAtMs(monday)).toBeUndefined();
});

it('lets answers age when the index cannot be read', async () => {
  vi.advanceTimersByTime(1000);
  const stamp = openIndexStamp(() => Promise.reject(new Error('away')), 500);
  stamp.saw(monday, 900);
  vi.advanceTimersByTime(600);
  stamp.keepUp();
  await settled();
  expect(stamp.sameAtMs(monday)).toBe(900);
});
