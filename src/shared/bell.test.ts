import { expect, test } from 'vitest';
import { Bell } from './bell.ts';

/** The names of the woken callers, in order. */
function waiters(bell: Bell) {
  const woken: string[] = [];
  const wait = (name: string) => void bell.wait().then(() => woken.push(name));
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { woken, wait, settle };
}

test('a ring wakes one caller, the longest waiting first', async () => {
  const bell = new Bell();
  const { woken, wait, settle } = waiters(bell);
  wait('first');
  wait('second');
  bell.ring();
  await settle();
  expect(woken).toEqual(['first']);
  bell.ring();
  await settle();
  expect(woken).toEqual(['first', 'second']);
});

test('a ring without a waiting caller spares the next one its wait, and only that one', async () => {
  const bell = new Bell();
  const { woken, wait, settle } = waiters(bell);
  bell.ring();
  bell.ring();
  wait('first');
  wait('second');
  await settle();
  expect(woken).toEqual(['first']);
});

test('after the end no call waits', async () => {
  const bell = new Bell();
  const { woken, wait, settle } = waiters(bell);
  wait('first');
  wait('second');
  bell.end();
  wait('third');
  await settle();
  expect(woken.sort()).toEqual(['first', 'second', 'third']);
});

test('a silenced ring does not spare the next caller its wait', async () => {
  const bell = new Bell();
  const { woken, wait, settle } = waiters(bell);
  bell.ring();
  bell.silence();
  wait('first');
  await settle();
  expect(woken).toEqual([]);
  bell.ring();
  await settle();
  expect(woken).toEqual(['first']);
});

test('a wait with a limit ends with its time, and a later ring wakes another caller', async () => {
  const bell = new Bell();
  const { woken, wait, settle } = waiters(bell);
  await bell.within(5, new AbortController().signal);
  wait('first');
  bell.ring();
  await settle();
  expect(woken).toEqual(['first']);
});

test('a wait with a limit ends with a ring or with its signal', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  const bell = new Bell();
  const ringing = bell.within(60_000, new AbortController().signal);
  bell.ring();
  await ringing;
  const controller = new AbortController();
  const aborted = bell.within(60_000, controller.signal);
  controller.abort();
  await aborted;
  await bell.within(60_000, controller.signal);
  expect(timers()).toBe(before);
});
