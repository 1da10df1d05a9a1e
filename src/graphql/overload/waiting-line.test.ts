import { expect, test } from 'vitest';
import { Codel } from './codel.ts';
import { WaitingLine } from './waiting-line.ts';

test('a queue is overloaded when its shortest delay stays above the target for an interval, and not after a burst', () => {
  const burst = new Codel(5);
  for (let now = 0; now < 1_000; now += 10) expect(burst.add(now % 50 === 0 ? 1 : 40, now)).toBe(false);
  const standing = new Codel(5);
  const seen: number[] = [];
  for (let now = 0; now < 300; now += 10) if (standing.add(20, now)) seen.push(now);
  expect(seen[0]).toBe(100);
  expect(seen).toHaveLength(20);
});

test('a queue is no longer overloaded after a time without requests', () => {
  const codel = new Codel(5);
  for (let now = 0; now < 300; now += 10) codel.add(20, now);
  expect(codel.isOverloaded).toBe(true);
  expect(codel.add(20, 2_000)).toBe(false);
});

/** The order in which operations left the line, and how. */
function watched(line: WaitingLine, names: string, now: number): string[] {
  const left: string[] = [];
  for (const name of names) void line.wait(now).then((isAdmitted) => left.push(`${name}${isAdmitted ? '+' : '-'}`));
  return left;
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('admits in order of arrival, as places become free', async () => {
  const line = new WaitingLine();
  const left = watched(line, 'abc', 0);
  let free = 2;
  line.advance(() => free-- > 0, 5);
  await settle();
  expect(left).toEqual(['a+', 'b+']);
  free = 1;
  line.advance(() => free-- > 0, 10);
  await settle();
  expect(left).toEqual(['a+', 'b+', 'c+']);
  expect(line.length).toBe(0);
});

test('turns away what has waited 40 ms, without taking a place for it', async () => {
  const line = new WaitingLine();
  const left = watched(line, 'ab', 0);
  let entered = 0;
  const enter = () => {
    entered += 1;
    return false;
  };
  line.advance(enter, 40);
  await settle();
  expect(left).toEqual([]);
  entered = 0;
  line.advance(enter, 41);
  await settle();
  expect(left).toEqual(['a-', 'b-']);
  expect(entered).toBe(0);
});

test('is closed when it is full, and lets only short waits in while more come than leave', async () => {
  const line = new WaitingLine();
  watched(line, 'abc', 0);
  expect(line.isOpen(4, 0)).toBe(true);
  expect(line.isOpen(3, 0)).toBe(false);
  // For three intervals, each operation waits 30 ms for its place.
  let now = 0;
  for (; now < 400; now += 10) {
    watched(line, 'x', now);
    let free = 1;
    if (now >= 30) line.advance(() => free-- > 0, now);
  }
  expect(line.length).toBeGreaterThan(0);
  watched(line, 'y', now);
  expect(line.isOpen(100, now + 20)).toBe(false);
});
