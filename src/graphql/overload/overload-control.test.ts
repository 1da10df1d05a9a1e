import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TryAgain } from '#domain/errors.ts';
import { Loop } from '#test/support/http/hand-moved-loop.ts';
import { LoopDelay } from './loop-delay.ts';
import { type Arrival, isBusy, OverloadControl, tryAgain } from './overload-control.ts';

let loop: Loop;
beforeEach(() => {
  loop = new Loop();
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

test('a request that an idle loop reads has not waited', () => {
  const delay = new LoopDelay(loop);
  for (let turn = 0; turn < 5; turn++) {
    loop.rest(20);
    expect(delay.read(loop.now())).toMatchObject({ waitedMs: 0, isOverloaded: false });
    loop.work(30);
    expect(delay.read(loop.now())).toMatchObject({ waitedMs: 30, isFirst: false });
    loop.turn();
  }
});

test('what a busy loop reads arrived in the middle of the turn before, and a loop that stays busy is overloaded', () => {
  const delay = new LoopDelay(loop);
  let isOverloaded = false;
  for (let turn = 0; turn < 10; turn++) {
    isOverloaded = delay.read(loop.now()).isOverloaded;
    loop.work(40);
    loop.turn();
  }
  expect(isOverloaded).toBe(true);
  loop.work(3);
  expect(delay.read(loop.now())).toEqual({ waitedMs: 23, isFirst: true, isOverloaded: true });
});

const open = (random = () => 0) => new OverloadControl({ targetMs: 100, clock: loop, random });
const asked = {
  pay: { query: 'mutation { cancelBooking { __typename } }' },
  hold: { query: 'mutation { createBooking { __typename } }' },
  map: { query: '{ seatMap { version } }' },
  search: { query: '{ searchEvents { edges { cursor } } }' },
} as const;
type Class = keyof typeof asked;
const fan = () => false;

/** Each turn reads requests of these classes, each of which takes a millisecond when it is accepted. */
function storm(control: OverloadControl, classes: readonly Class[], turns: number, atEnd = () => {}) {
  const counts: Record<Class, { accepted: number; refused: number }> = {
    pay: { accepted: 0, refused: 0 },
    hold: { accepted: 0, refused: 0 },
    map: { accepted: 0, refused: 0 },
    search: { accepted: 0, refused: 0 },
  };
  for (let turn = 0; turn < turns; turn++) {
    for (let request = 0; request < 100; request++)
      for (const of of classes) {
        const arrival = control.arrive(asked[of], fan);
        counts[of][isBusy(arrival) ? 'refused' : 'accepted'] += 1;
        loop.work(isBusy(arrival) ? 0.03 : 1);
      }
    atEnd();
    loop.turn();
  }
  return counts;
}

test('accepts everything while the loop has idle time', () => {
  const control = open();
  for (let turn = 0; turn < 50; turn++) {
    for (const of of ['pay', 'hold', 'map', 'search'] as const) {
      expect(control.arrive(asked[of], fan)).toMatchObject({ of });
      loop.work(5);
    }
    loop.turn();
    loop.rest(5);
  }
});

test('a storm of searches leaves turns in which every hold and payment is accepted', () => {
  const control = open();
  storm(control, ['search'], 20);
  const startedAt = loop.now();
  const searches = storm(control, ['search'], 50).search;
  // Some are done, and a turn is as long as the share of searches and their refusals.
  expect(searches.accepted).toBeGreaterThan(200);
  expect(searches.refused).toBeGreaterThan(searches.accepted);
  expect((loop.now() - startedAt) / 50).toBeLessThan(15);
  const others: ReturnType<OverloadControl['arrive']>[] = [];
  storm(control, ['search'], 20, () => {
    expect(control.arrive(asked.search, fan)).toHaveProperty('retryAfterSeconds');
    others.push(control.arrive(asked.hold, fan), control.arrive(asked.pay, fan));
    loop.work(2);
  });
  expect(others).toHaveLength(40);
  expect(others.filter(isBusy)).toEqual([]);
});

test('refuses searches first, then maps, then holds, and does work however many are refused', () => {
  const control = open();
  storm(control, ['hold', 'map', 'search'], 20);
  const { hold, map, search } = storm(control, ['hold', 'map', 'search'], 100);
  expect(hold.accepted).toBeGreaterThan(map.accepted);
  expect(map.accepted).toBeGreaterThan(search.accepted);
  expect(search.accepted).toBeGreaterThan(0);
});

test('a viewer who has a hold gets through with everything', () => {
  const control = open();
  storm(control, ['hold'], 20);
  for (let request = 0; request < 40; request++) {
    control.arrive(asked.hold, fan);
    loop.work(1);
  }
  expect(control.arrive(asked.map, () => control.holders.has('ann'))).toHaveProperty('retryAfterSeconds');
  control.holders.add('ann');
  expect(control.arrive(asked.map, () => control.holders.has('bob'))).toHaveProperty('retryAfterSeconds');
  expect(control.arrive(asked.map, () => control.holders.has('ann'))).toMatchObject({ of: 'pay' });
});

test('the retry time of refusals is spread, in whole seconds', () => {
  const times = new Set<number>();
  for (const random of [0, 0.3, 0.6, 0.99]) {
    const control = open(() => random);
    storm(control, ['search'], 20);
    for (let request = 0; request < 100; request++) {
      const arrival = control.arrive(asked.search, fan);
      if (isBusy(arrival)) times.add(arrival.retryAfterSeconds);
      loop.work(1);
    }
  }
  expect([...times].toSorted()).toEqual([2, 4, 6, 8]);
});

function arrived(control: OverloadControl, of: Class): Arrival {
  const arrival = control.arrive(asked[of], fan);
  if (isBusy(arrival)) throw tryAgain(arrival);
  return arrival;
}

test('holds that a store keeps waiting refuse further holds, and neither maps nor searches', async () => {
  const control = open();
  const { limit } = control.stats().hold;
  const slots = Array.from({ length: limit }, () => control.enter(arrived(control, 'hold')));
  expect(slots.every(({ ready }) => ready === undefined)).toBe(true);
  const waiting = control.enter(arrived(control, 'hold'));
  expect(waiting.ready).toBeDefined();
  const refused = expect(waiting.ready).rejects.toBeInstanceOf(TryAgain);
  loop.rest(41);
  await vi.advanceTimersByTimeAsync(50);
  await refused;
  expect(control.enter(arrived(control, 'map')).ready).toBeUndefined();
  expect(control.enter(arrived(control, 'search')).ready).toBeUndefined();
});

test('who waits gets the place of an operation that ends, and an operation that ends unserved gives nothing back', async () => {
  const control = open();
  const { limit } = control.stats().hold;
  const slots = Array.from({ length: limit }, () => control.enter(arrived(control, 'hold')));
  const first = control.enter(arrived(control, 'hold'));
  const second = control.enter(arrived(control, 'hold'));
  loop.rest(10);
  slots[0]?.leave(true);
  await first.ready;
  expect(control.stats().hold).toMatchObject({ running: limit, waiting: 1 });
  const late = expect(second.ready).rejects.toBeInstanceOf(TryAgain);
  loop.rest(40);
  await vi.advanceTimersByTimeAsync(50);
  await late;
  second.leave(false);
  await vi.advanceTimersByTimeAsync(50);
  expect(control.stats().hold).toMatchObject({ running: limit, waiting: 0 });
  first.leave(true);
  for (const slot of slots.slice(1)) slot.leave(true);
  expect(control.stats().hold.running).toBe(0);
});
