import { expect, test } from 'vitest';
import { openOwnCounts } from './own-counts.ts';

function counts(more: { maxCallers?: number } = {}) {
  const clock = { seconds: 0 };
  const own = openOwnCounts({ share: 5, seconds: 10, ...more }, () => clock.seconds * 1000);
  const take = (key: string, ...points: number[]) => points.map((n) => own.take(key, n));
  return { clock, take };
}

test('a caller below the share is not reported to other processes', () => {
  const { clock, take } = counts();
  for (clock.seconds = 0; clock.seconds < 100; clock.seconds += 10)
    expect(take('ann', 1, 1, 1, 1, 1)).toEqual([0, 0, 0, 0, 0]);
});

test('who takes more than the share is reported with all of it, and no point twice', () => {
  const { take } = counts();
  expect(take('ann', 2, 3, 1, 1, 4)).toEqual([0, 0, 6, 1, 4]);
  expect(take('bob', 1)).toEqual([0]);
  expect(take('eve', 7, 1)).toEqual([7, 1]);
});

test('a flood has no second share in the next window; after a quiet one it has', () => {
  const { clock, take } = counts();
  take('ann', 6);
  clock.seconds = 10;
  expect(take('ann', 1, 6, 1)).toEqual([1, 6, 1]);
  clock.seconds = 20;
  expect(take('ann', 1)).toEqual([1]);
  clock.seconds = 30;
  expect(take('ann', 1)).toEqual([0]);
  clock.seconds = 55;
  expect(take('ann', 1)).toEqual([0]);
});

test('callers beyond the limit are reported from their first point, those before them are not', () => {
  const { clock, take } = counts({ maxCallers: 2 });
  take('ann', 1);
  take('bob', 1);
  expect(take('eve', 1, 1)).toEqual([1, 1]);
  expect(take('ann', 1)).toEqual([0]);
  clock.seconds = 10;
  expect(take('eve', 1)).toEqual([0]);
});
