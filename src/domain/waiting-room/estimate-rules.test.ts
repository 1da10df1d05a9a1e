import fc from 'fast-check';
import { expect, test } from 'vitest';
import { estimateOf, paceOf } from './estimate-rules.ts';
import type { Step } from './room.ts';

/** One step a second from `fromSeconds` on, each of so many turns. */
function walk(start: Step, fromSeconds: number, turns: readonly number[]): Step[] {
  let { watermark } = start;
  return turns.flatMap((count, second) => {
    watermark += count;
    return count > 0 ? [{ watermark, atMs: (fromSeconds + second) * 1000 }] : [];
  });
}
const steady = (seconds: number, turns: number) => Array.from({ length: seconds }, () => turns);
const at = (seconds: number, capacity = 1_000) => ({ nowMs: seconds * 1000, capacity });

const filling: Step = { watermark: 1_000, atMs: 0 };

test('the first filling of the room gives no pace, and neither does a short time after it', () => {
  expect(paceOf([], at(600))).toBeUndefined();
  expect(paceOf([filling], at(600))).toBeUndefined();
  expect(paceOf([filling, ...walk(filling, 1, steady(179, 4))], at(179))).toBeUndefined();
  expect(paceOf([filling, ...walk(filling, 1, steady(180, 4))], at(180))?.p50).toBeCloseTo(4);
  expect(paceOf([filling, ...walk(filling, 1, [1, 1, 1, 1])], at(400)), 'four turns').toBeUndefined();
});

test('when an enlarged or an emptied room was filled, the measurement starts again', () => {
  const before = walk(filling, 1, steady(300, 4));
  const burst: Step = { watermark: 1_000 + 1_200 + 500, atMs: 301_000 };
  const steps = [filling, ...before, burst, ...walk(burst, 302, steady(200, 6))];
  expect(paceOf(steps, at(502))?.p50).toBeCloseTo(1_200 / 201);
  expect(paceOf([filling, ...before, burst], at(302))).toBeUndefined();
});

test('only the last ten minutes count, for any number of steps', () => {
  const slow = walk(filling, 1, steady(1_000, 1));
  const fast = walk(slow.at(-1) ?? filling, 1_001, steady(600, 3));
  expect(paceOf([filling, ...slow, ...fast], at(1_600))?.p50).toBeCloseTo(3);
  expect(paceOf([filling, ...slow, ...fast].slice(-601), at(1_600))?.p50).toBeCloseTo(3);
  const again = walk(filling, 1_900, steady(6, 1));
  expect(paceOf([filling, ...again], at(2_000))?.p50, 'long after nothing moved').toBeCloseTo(0.01);
});

test('a room that stops moving gets slower with every second, and then has no pace', () => {
  const steps = [filling, ...walk(filling, 1, steady(600, 2))];
  const paces = [600, 700, 900, 1_100].map((second) => paceOf(steps, at(second))?.p50 ?? 0);
  expect(paces).toEqual([...paces].sort((a, b) => b - a));
  expect(paces.at(-1)).toBeGreaterThan(0);
  expect(paceOf(steps, at(1_200))).toBeUndefined();
});

test('a small room, where a step is one turn, has a pace too; the fewer turns were seen, the larger is the reserve', () => {
  const reserveAfter = (turns: number) => {
    const steps = Array.from({ length: turns + 1 }, (_, turn) => ({ watermark: turn, atMs: (turn * 600_000) / turns }));
    const pace = paceOf(steps, at(600, 3));
    return (pace?.p50 ?? 0) / (pace?.p90 ?? 1);
  };
  const reserves = [5, 20, 100, 600].map(reserveAfter);
  expect(reserves).toEqual([...reserves].sort((a, b) => b - a));
  expect(reserves[0]).toBeGreaterThan(2);
  expect(reserves[3]).toBeGreaterThan(1.3);
  expect(reserves[3]).toBeLessThan(1.5);
});

test('an estimate is longer further behind, and p90 is never below p50', () => {
  const pace = fc.record({
    p50: fc.double({ min: 0.01, max: 100, noNaN: true }),
    share: fc.double({ min: 0.1, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(pace, fc.nat(1_000_000), fc.nat(1_000), ({ p50, share }, ahead, more) => {
      const [near, far] = [ahead, ahead + more].map((count) => estimateOf(count, { p50, p90: p50 * share }));
      if (!near || !far) throw new Error('no estimate');
      expect(near.p50Seconds).toBeGreaterThanOrEqual(1);
      expect(near.p90Seconds).toBeGreaterThanOrEqual(near.p50Seconds);
      expect(far.p50Seconds).toBeGreaterThanOrEqual(near.p50Seconds);
      expect(far.p90Seconds).toBeGreaterThanOrEqual(near.p90Seconds);
      expect([near.p50Seconds, near.p90Seconds].every(Number.isSafeInteger)).toBe(true);
    }),
  );
  expect(estimateOf(5, undefined)).toBeUndefined();
  expect(estimateOf(99, { p50: 2, p90: 1 })).toEqual({ p50Seconds: 50, p90Seconds: 113 });
});
