import { expect, test } from 'vitest';
import { Gathering } from './gathering.ts';

const times = { leastMs: 20, mostMs: 60 };

/** Items arrive regularly, and each batch takes all that have arrived. Returns the times from batch to batch. */
function pacesAt(itemsPerSecond: number, seconds: number): number[] {
  const gathering = new Gathering(times);
  const paces: number[] = [];
  let taken = 0;
  let begunAt = 0;
  for (let now = 0; now < seconds * 1000; now++) {
    const arrived = Math.floor((now * itemsPerSecond) / 1000);
    if (arrived === taken || gathering.earlyMs(now) > 0) continue;
    gathering.begin(now);
    gathering.took(arrived - taken);
    paces.push(now - begunAt);
    taken = arrived;
    begunAt = now;
  }
  return paces;
}

test('an item after a pause begins a batch at once, however busy the reader was before', () => {
  const gathering = new Gathering(times);
  expect(gathering.earlyMs(0)).toBeLessThanOrEqual(0);
  for (let now = 0; now < 1000; now += 10) {
    gathering.begin(now);
    gathering.took(50);
  }
  expect(gathering.earlyMs(1000)).toBeGreaterThan(0);
  expect(gathering.earlyMs(1050)).toBeLessThanOrEqual(0);
});

test('few items a second wait for at most the least time', () => {
  for (const pace of pacesAt(30, 5).slice(1)) expect(pace).toBeGreaterThanOrEqual(20);
  expect(Math.max(...pacesAt(30, 5).slice(1))).toBeLessThanOrEqual(40);
  const dense = pacesAt(45, 5).slice(1);
  expect(dense.filter((pace) => pace > 46)).toEqual([]);
});

test('many items a second are gathered for the most time, and never longer', () => {
  const paces = pacesAt(400, 5);
  expect(Math.max(...paces.slice(1))).toBeLessThanOrEqual(61);
  expect(paces.slice(-20).every((pace) => pace >= 59)).toBe(true);
});

test('a reader whose load goes away is quick again within a second', () => {
  const gathering = new Gathering(times);
  for (let now = 0; now < 2000; now += 60) {
    gathering.begin(now);
    gathering.took(24);
  }
  gathering.begin(3000);
  gathering.took(1);
  expect(gathering.earlyMs(3000)).toBeLessThanOrEqual(21);
});
