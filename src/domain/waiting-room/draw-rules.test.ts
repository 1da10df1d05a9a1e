import { hash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commitmentOf, newDrawSecret } from '../draw-secret-rules.ts';
import { drawOrder, positionOf } from './draw-rules.ts';

const KNOWN = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const DRAWS = 24_000;

/** A different secret for each number, the same in every run. */
const secretNo = (number: number) => hash('sha256', `secret ${number}`, 'hex');

/** How far the counts are from equal. Its mean is the number of cells minus one, its variance twice that. */
function chiSquare(counts: readonly number[]): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
}

/** Five standard deviations: exceeded by chance once in some millions. */
const limitOf = (cells: number) => cells - 1 + 5 * Math.sqrt(2 * (cells - 1));

function countsOf(cells: number, cellOf: (secret: string) => number): number[] {
  const counts = Array.from({ length: cells }, () => 0);
  for (let number = 0; number < DRAWS; number++) {
    const cell = cellOf(secretNo(number));
    counts[cell] = (counts[cell] ?? 0) + 1;
  }
  return counts;
}

test('a known secret gives the order that any other program computes', () => {
  expect(commitmentOf(KNOWN)).toBe('630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd');
  expect([...drawOrder(KNOWN, 10)]).toEqual([3, 7, 10, 5, 8, 1, 9, 6, 2, 4]);
  const many = drawOrder(KNOWN, 1_000_000);
  expect([...many.slice(0, 3), ...many.slice(-3)]).toEqual([152041, 101939, 968522, 557216, 46964, 150794]);
  expect([...drawOrder(KNOWN, 1)]).toEqual([1]);
  expect([...drawOrder(KNOWN, 0)]).toEqual([]);
});

test('gives every position from 1 on to one ordinal', () => {
  fc.assert(
    fc.property(fc.nat(2_000), fc.nat(), (entries, number) => {
      const order = [...drawOrder(secretNo(number), entries)].sort((a, b) => a - b);
      expect(order).toEqual(Array.from({ length: entries }, (_, index) => index + 1));
    }),
  );
});

test('a draw that is larger than one chunk of the stream is also complete', () => {
  for (const entries of [32_768, 32_769, 32_770, 100_001]) {
    expect(new Set(drawOrder(KNOWN, entries)).size).toBe(entries);
  }
});

test.each([0, 1, 6, 11])('over many secrets ordinal %i gets each position equally often', (ordinal) => {
  const counts = countsOf(12, (secret) => (drawOrder(secret, 12)[ordinal] ?? 0) - 1);
  expect(chiSquare(counts)).toBeLessThan(limitOf(12));
});

const factorial = [6, 2, 1];
const orderNo = (order: ArrayLike<number>) =>
  factorial.reduce((sum, weight, at) => {
    const smaller = Array.from(order)
      .slice(at + 1)
      .filter((position) => position < (order[at] ?? 0)).length;
    return sum + weight * smaller;
  }, 0);

test('over many secrets each order of four is equally frequent: the positions do not depend on each other', () => {
  expect(chiSquare(countsOf(24, (secret) => orderNo(drawOrder(secret, 4))))).toBeLessThan(limitOf(24));
});

test('the measure detects a shuffle that swaps every place with any place', () => {
  const counts = countsOf(24, (secret) => {
    const order = [1, 2, 3, 4];
    for (let i = 3; i >= 0; i--) {
      const j = Number.parseInt(secret.slice(12 * i, 12 * i + 12), 16) % 4;
      [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
    }
    return orderNo(order);
  });
  expect(chiSquare(counts)).toBeGreaterThan(limitOf(24));
});

test('no two secrets are equal, and only 32 bytes in hex are a secret', () => {
  const secrets = Array.from({ length: 1_000 }, newDrawSecret);
  expect(new Set(secrets).size).toBe(1_000);
  for (const secret of secrets) expect(secret).toMatch(/^[0-9a-f]{64}$/);
  for (const wrong of ['', KNOWN.slice(2), `${KNOWN}00`, `zz${KNOWN.slice(2)}`, `${KNOWN}0`]) {
    expect(() => commitmentOf(wrong)).toThrow('32 bytes');
    expect(() => drawOrder(wrong, 3)).toThrow('32 bytes');
  }
});

test('there is no position before the draw; after it drawn places have theirs, and later places follow behind them', () => {
  const order = drawOrder(KNOWN, 10);
  const draw = { secret: KNOWN, entries: 10 };
  expect(positionOf({ draw: undefined }, order, 0)).toBeUndefined();
  expect([0, 9].map((ordinal) => positionOf({ draw }, order, ordinal))).toEqual([3, 4]);
  expect([10, 11].map((ordinal) => positionOf({ draw }, undefined, ordinal))).toEqual([11, 12]);
  expect(positionOf({ draw }, undefined, 0)).toBeUndefined();
});
