import { expect, test } from 'vitest';
import { Doorbell } from './doorbell.ts';

/** The names of the woken callers, in order. */
function waiters(bell: Doorbell) {
  const woken: string[] = [];
  const wait = (name: string) => void bell.wait().then(() => woken.push(name));
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { woken, wait, settle };
}

test('a ring wakes one caller, the longest waiting first', async () => {
  const bell = new Doorbell();
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
  const bell = new Doorbell();
  const { woken, wait, settle } = waiters(bell);
  bell.ring();
  bell.ring();
  wait('first');
  wait('second');
  await settle();
  expect(woken).toEqual(['first']);
});

test('after the end no call waits', async () => {
  const bell = new Doorbell();
  const { woken, wait, settle } = waiters(bell);
  wait('first');
  wait('second');
  bell.end();
  wait('third');
  await settle();
  expect(woken.sort()).toEqual(['first', 'second', 'third']);
});
