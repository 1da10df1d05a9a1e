import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SeatState } from '../history.ts';
import { linearize } from './linearizable.ts';
import type { SeatOperation } from './seat-operations.ts';

const forever = Number.POSITIVE_INFINITY;

function operation(kind: SeatOperation['kind'], owner: number, [from, to]: readonly [number, number]): SeatOperation {
  return { kind, owner, from, to, label: `${kind} ${owner}` };
}
const read = (saw: SeatState, [from, to]: readonly [number, number]): SeatOperation => {
  return { ...operation('read', 0, [from, to]), saw, label: `read that saw ${saw}` };
};
const verdictOf = (operations: readonly SeatOperation[]) => linearize(operations).kind;

test('a hold after another user’s return is not a violation', () => {
  const operations = [
    operation('hold', 1, [0, 1]),
    read('HELD', [2, 3]),
    operation('release', 1, [4, 6]),
    operation('hold', 2, [5, 7]),
    operation('confirm', 2, [8, 9]),
    read('BOOKED', [10, 11]),
  ];
  expect(verdictOf(operations)).toBe('linearizable');
});

test('two holders of one seat are found, with the possible states of the seat', () => {
  const result = linearize([operation('hold', 1, [0, 1]), operation('hold', 2, [2, 3])]);
  expect(result).toMatchObject({ kind: 'impossible', at: { owner: 2 }, states: ['held since the hold 1'] });
});

test('the end of a hold lets another user in, but not before its deadline', () => {
  const holds = [operation('hold', 1, [0, 1]), operation('hold', 2, [5, 6])];
  expect(verdictOf([...holds, operation('expire', 1, [4, forever])])).toBe('linearizable');
  expect(verdictOf([...holds, operation('expire', 1, [7, forever])])).toBe('impossible');
});

test('a request without an answer may have happened at any time, or never, and only once', () => {
  const lost = operation('hold', 1, [0, forever]);
  expect(verdictOf([lost, operation('hold', 2, [1, 2])])).toBe('linearizable');
  expect(verdictOf([lost, read('HELD', [10, 11])])).toBe('linearizable');
  const twice = [lost, read('HELD', [10, 11]), operation('release', 1, [12, 13]), read('HELD', [14, 15])];
  expect(verdictOf(twice)).toBe('impossible');
});

test('a read that goes back is found', () => {
  const operations = [operation('hold', 1, [0, 10]), read('HELD', [1, 2]), read('AVAILABLE', [3, 4])];
  expect(verdictOf(operations)).toBe('impossible');
});

test('a confirmation is found if another user had the seat; if the seat was free it is a retake', () => {
  const expired = [operation('hold', 1, [0, 1]), operation('expire', 1, [2, forever])];
  const confirmed = operation('confirm', 1, [6, 7]);
  expect(verdictOf([...expired, confirmed])).toBe('linearizable');
  expect(verdictOf([...expired, operation('hold', 2, [3, 4]), confirmed])).toBe('impossible');
});

test('beyond its budget it does not report success', () => {
  const many = Array.from({ length: 12 }, (_, index) => operation('hold', index + 1, [0, forever]));
  const releases = Array.from({ length: 12 }, (_, index) => operation('release', index + 1, [0, forever]));
  expect(linearize([...many, ...releases, read('BOOKED', [1, 2])], 1_000).kind).toBe('exhausted');
});

test('a thousand holds of one seat, one after the other, take a few steps each', () => {
  const operations = Array.from({ length: 1_000 }, (_, index) => [
    operation('hold', index + 1, [index * 10, index * 10 + 1]),
    operation('expire', index + 1, [index * 10 + 5, forever]),
  ]).flat();
  const result = linearize(operations);
  expect(result.kind).toBe('linearizable');
  expect(result.steps).toBeLessThan(5_000);
  expect(verdictOf([...operations, operation('hold', 2_000, [9_992, 9_993])])).toBe('impossible');
});

const someOperation = fc
  .record({
    kind: fc.constantFrom('hold', 'confirm', 'release', 'expire', 'read' as const),
    owner: fc.integer({ min: 1, max: 2 }),
    saw: fc.constantFrom<SeatState>('AVAILABLE', 'HELD', 'BOOKED'),
    from: fc.integer({ min: 0, max: 9 }),
    length: fc.option(fc.integer({ min: 0, max: 5 })),
  })
  .map(({ kind, owner, saw, from, length }): SeatOperation => {
    const isOpen = kind === 'expire' || (length === null && kind !== 'read');
    const times = [from, isOpen ? forever : from + (length ?? 0)] as const;
    return kind === 'read' ? read(saw, times) : operation(kind, owner, times);
  });

test('it agrees with a search of every order', () => {
  const verdicts = { linearizable: 0, impossible: 0 };
  fc.assert(
    fc.property(fc.array(someOperation, { maxLength: 5 }), (operations) => {
      // One hold and one confirmation each: with more, the seat could be theirs again.
      const once = operations.filter(
        ({ kind, owner }, index) =>
          kind === 'read' || operations.findIndex((one) => one.kind === kind && one.owner === owner) === index,
      );
      const verdict = tryEveryOrder(once) ? 'linearizable' : 'impossible';
      verdicts[verdict] += 1;
      expect(verdictOf(once)).toBe(verdict);
    }),
    { numRuns: 5_000 },
  );
  expect(Math.min(verdicts.linearizable, verdicts.impossible)).toBeGreaterThan(500);
});

/**
 * By the definition: whether the seat allows some order that respects time, with some of the open operations left
 * out.
 */
function tryEveryOrder(left: readonly SeatOperation[], seat: string = 'AVAILABLE'): boolean {
  if (left.every(({ to }) => to === forever)) return true;
  const firstEnd = Math.min(...left.map(({ to }) => to));
  return left.some((one) => {
    const after = one.from <= firstEnd ? stepByName(seat, one) : undefined;
    return (
      after !== undefined &&
      tryEveryOrder(
        left.filter((other) => other !== one),
        after,
      )
    );
  });
}

function stepByName(seat: string, { kind, owner, saw }: SeatOperation): string | undefined {
  const [held, booked] = [`HELD ${owner}`, `BOOKED ${owner}`];
  const moves: Record<SeatOperation['kind'], Record<string, string>> = {
    hold: { AVAILABLE: held },
    confirm: { AVAILABLE: booked, [held]: booked },
    release: { [held]: 'AVAILABLE', [booked]: 'AVAILABLE' },
    expire: { [held]: 'AVAILABLE' },
    read: { [seat]: seat.startsWith(saw ?? '') ? seat : '' },
  };
  return moves[kind][seat] || undefined;
}
