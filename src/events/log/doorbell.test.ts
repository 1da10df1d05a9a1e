import { expect, test } from 'vitest';
import { Doorbell } from './doorbell.ts';

/** Who has been woken, by name, in order. */
function waiters(bell: Doorbell) {
  const woken: string[] = [];
  const wait = (name: string) => void bell.wait().then(() => woken.push(name));
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { woken, wait, settle };
}

test('a ring wakes one, the longest waiting first', async () => {
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

test('rings that nobody waits for spare the next one wait, and no more than that', async () => {
  const bell = new Doorbell();
  const { woken, wait, settle } = waiters(bell);
  bell.ring();
  bell.ring();
  wait('first');
  wait('second');
  await settle();
  expect(woken).toEqual(['first']);
});

test('after the end nobody waits', async () => {
  const bell = new Doorbell();
  const { woken, wait, settle } = waiters(bell);
  wait('first');
  wait('second');
  bell.end();
  wait('third');
  await settle();
  expect(woken.sort()).toEqual(['first', 'second', 'third']);
});
