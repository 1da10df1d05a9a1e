import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { withDeadline } from './deadline.ts';

const never = () => new Promise<never>(() => undefined);
const tooLate = () => {
  throw new Error('too late');
};
const runningTimers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

test('returns the result of work that is done in time', async () => {
  expect(await withDeadline(Promise.resolve('done'), 1_000, tooLate)).toBe('done');
});

test('rejects with the error of work that fails in time', async () => {
  await expect(withDeadline(Promise.reject(new Error('broken')), 1_000, () => 'late')).rejects.toThrow('broken');
});

test('returns what the deadline says when the work takes longer', async () => {
  expect(await withDeadline(never(), 5, () => 'late')).toBe('late');
});

test('rejects with what the deadline throws when the work takes longer', async () => {
  await expect(withDeadline(never(), 5, tooLate)).rejects.toThrow('too late');
});

test('discards the error of work that fails after the deadline', async () => {
  const unhandled: unknown[] = [];
  const listener = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', listener);
  const failing = sleep(20).then(() => Promise.reject(new Error('broken')));
  expect(await withDeadline(failing, 1, () => 'late')).toBe('late');
  await sleep(40);
  process.off('unhandledRejection', listener);
  expect(unhandled).toEqual([]);
});

test.each([
  ['succeeds', () => Promise.resolve()],
  ['fails', () => Promise.reject(new Error('broken'))],
])('leaves no timer when the work %s', async (_how, work) => {
  const before = runningTimers();
  await withDeadline(work(), 60_000, tooLate).catch(() => undefined);
  await new Promise(setImmediate);
  expect(runningTimers()).toBe(before);
});
