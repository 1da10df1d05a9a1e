import { expect, test } from 'vitest';
import { packChange } from './packed-statuses-rules.ts';
import { RecentSteps } from './seat-map-frames.ts';
import { seatStatusCode } from './seat-status.ts';

const held = (seatNo: number) => packChange(seatNo, seatStatusCode.HELD);
const free = (seatNo: number) => packChange(seatNo, seatStatusCode.AVAILABLE);

test('merges steps, each seat with its last status', () => {
  const steps = new RecentSteps(10);
  steps.push({ fromVersion: 4, toVersion: 5, changes: [held(1)] });
  steps.push({ fromVersion: 5, toVersion: 8, changes: [free(1), held(2)] });
  expect(steps.since(4, 8)).toEqual({
    kind: 'delta',
    fromVersion: 4,
    toVersion: 8,
    changes: [
      { seatNo: 1, status: 'AVAILABLE' },
      { seatNo: 2, status: 'HELD' },
    ],
  });
  expect(steps.since(5, 8)?.changes).toHaveLength(2);
});

test('returns no delta from before the first step, nor into the middle of one', () => {
  const steps = new RecentSteps(10);
  steps.push({ fromVersion: 4, toVersion: 7, changes: [held(1)] });
  expect(steps.since(3, 7)).toBeUndefined();
  expect(steps.since(4, 6)).toBeUndefined();
});

test('returns no delta from the middle of a step: a seat that changed and changed back in it is not in its difference', () => {
  const steps = new RecentSteps(10);
  // Seat 7 was held at 28, free at 29 and 30, and held again at 31. The difference of the two maps shows no change.
  steps.push({ fromVersion: 28, toVersion: 31, changes: [free(5)] });
  expect(steps.since(28, 31)?.changes).toEqual([{ seatNo: 5, status: 'AVAILABLE' }]);
  expect(steps.since(30, 31)).toBeUndefined();
});

test('returns no delta from before the steps that are kept', () => {
  const steps = new RecentSteps(4);
  for (let version = 0; version < 20; version++)
    steps.push({ fromVersion: version, toVersion: version + 1, changes: [held(version)] });
  expect(steps.since(0, 20)).toBeUndefined();
  expect(steps.since(18, 20)?.changes).toHaveLength(2);
});
