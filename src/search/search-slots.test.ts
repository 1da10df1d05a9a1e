import { expect, it } from 'vitest';
import { SearchBusy } from './event-search.ts';
import { openSearchSlots } from './search-slots.ts';

const never = new AbortController().signal;

it('runs a limited number of calls at once and lets the others wait in line', async () => {
  const slots = openSearchSlots({ inFlight: 2, queue: 10 });
  let running = 0;
  let most = 0;
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      slots
        .run(never, async () => {
          order.push(n);
          running += 1;
          most = Math.max(most, running);
          await new Promise(setImmediate);
          running -= 1;
          if (n === 3) throw new Error('one fails');
        })
        .catch(() => {}),
    ),
  );
  expect(most).toBe(2);
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

it('refuses a caller that finds the queue full', async () => {
  const slots = openSearchSlots({ inFlight: 1, queue: 1 });
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = slots.run(never, () => promise);
  const second = slots.run(never, async () => 'second');
  await expect(slots.run(never, async () => 'third')).rejects.toBeInstanceOf(SearchBusy);
  resolve();
  await first;
  expect(await second).toBe('second');
});

it('removes a caller whose time is over, without losing the place of others', async () => {
  const slots = openSearchSlots({ inFlight: 1, queue: 5 });
  const { promise, resolve } = Promise.withResolvers<void>();
  const impatient = new AbortController();
  const first = slots.run(never, () => promise);
  const second = slots.run(impatient.signal, async () => 'second');
  const third = slots.run(never, async () => 'third');
  impatient.abort();
  await expect(second).rejects.toBeInstanceOf(SearchBusy);
  await expect(slots.run(impatient.signal, async () => 'late')).rejects.toBeInstanceOf(SearchBusy);
  resolve();
  await first;
  expect(await third).toBe('third');
});
