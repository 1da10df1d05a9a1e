import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inSets } from './in-sets.ts';

/** Doubles numbers, and notes which were together. */
function doubling(options: { bad?: number; paceMs?: number; gate?: Promise<void> } = {}) {
  const sets: (readonly number[])[] = [];
  const alone: number[] = [];
  const double = inSets<number, number>({
    together: async (items) => {
      sets.push(items);
      await options.gate;
      if (items.includes(options.bad ?? Number.NaN)) throw new Error('a bad item');
      return items.map((item) => 2 * item);
    },
    alone: async (item) => {
      alone.push(item);
      if (item === options.bad) throw new Error(`${item} is bad`);
      return 2 * item;
    },
    ...(options.paceMs !== undefined && { gathering: { leastMs: options.paceMs, mostMs: options.paceMs } }),
  });
  return { double, sets, alone };
}

test('items that arrive while a set is under way are the next set', async () => {
  const gate = Promise.withResolvers<void>();
  const { double, sets } = doubling({ gate: gate.promise });
  const first = double(1);
  await expect.poll(() => sets.length).toBe(1);
  const others = [double(2), double(3), double(4)];
  gate.resolve();
  expect(await Promise.all([first, ...others])).toEqual([2, 4, 6, 8]);
  expect(sets).toEqual([[1], [2, 3, 4]]);
});

test('an item that fails its set fails alone; the others get their results', async () => {
  const { double, alone } = doubling({ bad: 2 });
  const results = await Promise.allSettled([1, 2, 3].map(double));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(alone).toEqual([1, 2, 3]);
});

test('the pace counts from the beginning of the set before, and an item after a pause does not wait', async () => {
  const { double, sets } = doubling({ paceMs: 400 });
  await double(1);
  const paced = Promise.all([double(2), sleep(1).then(() => double(3))]);
  expect(await paced).toEqual([4, 6]);
  expect(sets).toEqual([[1], [2, 3]]);
});
