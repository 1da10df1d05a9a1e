import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openAnswerCache } from './search-cache.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

const ages = { freshMs: 1000, staleMs: 2000, keepMs: 30_000, max: 2 };

function counted(value: () => string = () => 'answer') {
  let calls = 0;
  return { ask: async () => `${value()} ${++calls}`, calls: () => calls };
}

it('makes one call for all concurrent callers', async () => {
  const cache = openAnswerCache<string>(ages);
  const { ask, calls } = counted();
  const answers = await Promise.all(Array.from({ length: 100 }, () => cache.get('key', ask)));
  expect(new Set(answers)).toEqual(new Set(['answer 1']));
  expect(calls()).toBe(1);
});

it('returns an answer that is no longer fresh while it fetches again, and none that is stale', async () => {
  const cache = openAnswerCache<string>(ages);
  const { ask } = counted();
  await cache.get('key', ask);
  vi.advanceTimersByTime(999);
  expect(await cache.get('key', ask)).toBe('answer 1');
  vi.advanceTimersByTime(500);
  expect(await cache.get('key', ask)).toBe('answer 1');
  await vi.waitFor(() => expect(cache.last('key')).toBe('answer 2'));
  vi.advanceTimersByTime(2001);
  expect(await cache.get('key', ask)).toBe('answer 3');
});

it('keeps the last answer for outages, but not for ever', async () => {
  const cache = openAnswerCache<string>(ages);
  await cache.get('key', async () => 'old');
  vi.advanceTimersByTime(2500);
  await expect(cache.get('key', () => Promise.reject(new Error('busy')))).rejects.toThrow('busy');
  expect(cache.last('key')).toBe('old');
  vi.advanceTimersByTime(30_000);
  expect(cache.last('key')).toBeUndefined();
});

it('does not keep a failure', async () => {
  const cache = openAnswerCache<string>(ages);
  await expect(cache.get('key', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await cache.get('key', async () => 'back')).toBe('back');
});

it('drops the answer that was used longest ago', async () => {
  const cache = openAnswerCache<string>(ages);
  for (const key of ['a', 'b']) await cache.get(key, async () => key);
  await cache.get('a', async () => 'not asked');
  await cache.get('c', async () => 'c');
  expect([cache.last('a'), cache.last('b'), cache.last('c')]).toEqual(['a', undefined, 'c']);
});

it('keeps an answer that a new call would return again, until it is too old', async () => {
  let sameAtMs: number | undefined = 0;
  const cache = openAnswerCache<string>({ ...ages, sameAtMs: () => sameAtMs });
  const { ask, calls } = counted();
  await cache.get('key', ask);
  for (let second = 0; second < 29; second++) {
    vi.advanceTimersByTime(1000);
    sameAtMs = performance.now() - 500;
    expect(await cache.get('key', ask)).toBe('answer 1');
  }
  expect(calls()).toBe(1);
  vi.advanceTimersByTime(1001);
  sameAtMs = performance.now();
  expect(await cache.get('key', ask)).toBe('answer 2');
});

it('fetches again when a new call may return something else', async () => {
  const cache = openAnswerCache<string>({ ...ages, sameAtMs: () => undefined });
  const { ask } = counted();
  await cache.get('key', ask);
  vi.advanceTimersByTime(2001);
  expect(await cache.get('key', ask)).toBe('answer 2');
});

it('does not keep the last answer longer because it is returned while the engine is busy', async () => {
  const cache = openAnswerCache<string>(ages);
  await cache.get('key', async () => 'old');
  const whileBusy = async () => cache.last('key') ?? 'another answer';
  const answers: string[] = [];
  for (let at = 0; at < 33_000; at += 3000) {
    vi.advanceTimersByTime(3000);
    answers.push(await cache.get('key', whileBusy));
  }
  expect(answers).toEqual([...Array(10).fill('old'), 'another answer']);
});
