import { expect, test } from 'vitest';
import { RefusalPace } from './refusal-pace.ts';

/** For so long, refusals take this part of the time. */
function spend(pace: RefusalPace, { share, from, ms }: { share: number; from: number; ms: number }): number {
  for (let now = from + 10; now <= from + ms; now += 10) pace.add(share * 10, now);
  return from + ms;
}

test('sends refusals at once while they take little of the time', () => {
  const pace = new RefusalPace(0);
  spend(pace, { share: 0.1, from: 0, ms: 5_000 });
  expect(pace.afterMs).toBe(0);
});

test('sends refusals later and later while they take most of the time, by four seconds at most', () => {
  const pace = new RefusalPace(0);
  const now = spend(pace, { share: 0.9, from: 0, ms: 200 });
  expect(pace.afterMs).toBe(20);
  spend(pace, { share: 0.9, from: now, ms: 5_000 });
  expect(pace.afterMs).toBe(4_000);
});

test('sends refusals at once again a short while after a storm', () => {
  const pace = new RefusalPace(0);
  const now = spend(pace, { share: 0.9, from: 0, ms: 5_000 });
  spend(pace, { share: 0, from: now, ms: 3_000 });
  expect(pace.afterMs).toBe(0);
});
