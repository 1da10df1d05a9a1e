import { expect, test } from 'vitest';
import { untilCalm } from './calm.ts';

/** Turns of these lengths, the last one again and again, and how many were looked at. */
function turns(...lengths: number[]) {
  const looks = { count: 0 };
  const turnMs = async () => lengths[Math.min(looks.count++, lengths.length - 1)] ?? 0;
  return { looks, turnMs };
}

test('begins at once in a process that has time', async () => {
  const { looks, turnMs } = turns(1);
  await untilCalm({ mostMs: 60_000, turnMs });
  expect(looks.count).toBe(1);
  // The loop of this test has time, too.
  await untilCalm({ mostMs: 60_000 });
});

test('waits while turns are long, and begins with the first short one', async () => {
  const { looks, turnMs } = turns(50, 30, 11, 2);
  await untilCalm({ mostMs: 60_000, turnMs });
  expect(looks.count).toBe(4);
});

test('begins after its longest wait in a process that is always busy', async () => {
  const { looks, turnMs } = turns(50);
  await untilCalm({ mostMs: 200, turnMs });
  expect(looks.count).toBe(4);
});

test('ends when the process ends', async () => {
  const ending = new AbortController();
  const { turnMs } = turns(50);
  const waiting = untilCalm({ mostMs: 60_000, turnMs, signal: ending.signal });
  ending.abort();
  await waiting;
});
