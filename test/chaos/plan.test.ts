import { expect, test } from 'vitest';
import { seededRandom, seedFor } from '#test/fans/random.ts';
import { planFaults } from './plan.ts';

const twoMinutes = { seconds: 120, paceMs: 1_200, log: 'postgres', hasDisk: true } as const;

test('the same seed gives the same faults, another seed others', () => {
  const plan = planFaults({ ...twoMinutes, seed: 7 });
  expect(planFaults({ ...twoMinutes, seed: 7 })).toEqual(plan);
  expect(planFaults({ ...twoMinutes, seed: 8 })).not.toEqual(plan);
});

test('two minutes have at least eighty faults, of every kind and to every process, all within the run', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const plan = planFaults({ ...twoMinutes, seed });
    expect(plan.length).toBeGreaterThanOrEqual(80);
    expect(new Set(plan.map(({ kind }) => kind)).size).toBe(29);
    expect(new Set(plan.filter(({ kind }) => kind === 'kill').map(({ part }) => part)).size).toBe(9);
    expect(plan.every(({ atMs, forMs }) => atMs >= 0 && atMs + forMs <= 120_000)).toBe(true);
  }
});

test('a run of some seconds first has one of each main kind', () => {
  const kinds = planFaults({ seed: 1, seconds: 13, paceMs: 1_000, log: 'postgres', hasDisk: true }).map(
    ({ kind }) => kind,
  );
  expect(kinds.toSorted()).toEqual([
    'black-hole',
    'freeze',
    'gateway-unknown',
    'kill',
    'notices-twice',
    'postgres-crash',
    'redis-kill',
    'slot-drop',
  ]);
});

test('without a disk that can be filled there is no full disk', () => {
  const kinds = planFaults({ ...twoMinutes, hasDisk: false, seed: 1 }).map(({ kind }) => kind);
  expect(kinds).not.toContain('disk-full');
  expect(kinds).toContain('no-address');
});

test('with Kafka its broker is killed too', () => {
  expect(planFaults({ ...twoMinutes, seed: 1, log: 'kafka' }).some(({ kind }) => kind === 'broker-kill')).toBe(true);
});

test('choices are spread evenly and do not depend on those of another part', () => {
  const random = seededRandom(seedFor(1, 'a'));
  const counts = Array<number>(10).fill(0);
  for (let index = 0; index < 100_000; index++) {
    const chosen = random.below(10);
    counts[chosen] = (counts[chosen] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  expect(seedFor(1, 'a')).not.toBe(seedFor(1, 'b'));
  expect(seedFor(1, 'a')).not.toBe(seedFor(2, 'a'));
});
