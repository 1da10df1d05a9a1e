import { expect, it } from 'vitest';
import { SearchBusy } from './event-search.ts';
import { openGate } from './gate.ts';

const never = new AbortController().signal;

it('runs a limited number of calls at once and lets the others wait in line', async () => {
  const gate = openGate({ inFlight: 2, queue: 10 });
  let running = 0;
  let most = 0;
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      gate
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
  const gate = openGate({ inFlight: 1, queue: 1 });
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = gate.run(never, () => promise);
  const second = gate.run(never, async () => 'second');
  await expect(gate.run(never, async () => 'third')).rejects.toBeInstanceOf(SearchBusy);
  resolve();
  await first;
  expect(await second).toBe('second');
});

it('removes a caller whose time is over, without losing the place of others', async () => {
  const gate = openGate({ inFlight: 1, queue: 5 });
  const { promise, resolve } = Promise.withResolvers<void>();
  const impatient = new AbortController();
  const first = gate.run(never, () => promise);
  const second = gate.run(impatient.signal, async () => 'second');
  const third = gate.run(never, async () => 'third');
  impatient.abort();
  await expect(second).rejects.toBeInstanceOf(SearchBusy);
  await expect(gate.run(impatient.signal, async () => 'late')).rejects.toBeInstanceOf(SearchBusy);
  resolve();
  await first;
  expect(await third).toBe('third');
});
