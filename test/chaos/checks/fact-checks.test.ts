import { expect, test } from 'vitest';
import type { Ack, HistoryRecord } from '../history.ts';
import type { BookingFact, Facts } from './facts.ts';
import { failuresOf, reportOf, runChecks } from './run-checks.ts';
import { EVENT, factsOf, frame, sawMap, transitions, view } from './some-history.ts';

const ofHistory = ['H-LIN', 'H1', 'H2', 'H3'];
const broken = (history: readonly HistoryRecord[], facts: Facts) =>
  failuresOf(runChecks(history, facts), [...ofHistory, 'R1', 'M1']).map(({ check }) => check);

const booking = { id: 'b', user: 'ann', event: EVENT, key: 'k', status: 'CONFIRMED', paymentStatus: 'PAYMENT_SUCCESS' };
const ack: Ack = { at: 1, what: 'confirmed', booking: 'b', user: 'ann', event: EVENT };
const acked = (changes: Partial<BookingFact>, what: Ack['what'] = 'confirmed'): Facts => {
  return { acks: [{ ...ack, what }], bookings: new Map([['b', { ...booking, ...changes }]]) };
};

test('an acknowledged change that exists was not lost', () => {
  expect(broken([], acked({}))).toEqual([]);
  expect(broken([], acked({ status: 'CANCELLED' }))).toEqual([]);
  expect(broken([], acked({ status: 'EXPIRED' }, 'held'))).toEqual([]);
  // The bank sent the refund back.
  expect(broken([], acked({ status: 'CANCELLED', hasFailedRefund: true }, 'refunding'))).toEqual([]);
});

test.each<[string, Facts]>([
  ['is gone', { acks: [ack], bookings: new Map() }],
  ['is undone', acked({ status: 'EXPIRED' })],
  ['belongs to another user', acked({ user: 'bob' })],
  ['was a cancellation', acked({}, 'cancelled')],
  ['was a refund', acked({ status: 'EXPIRED' }, 'refunding')],
])('D1 finds an acknowledged booking that %s', (_, facts) => {
  expect(broken([], facts)).toEqual(['D1']);
});

const life = transitions(
  ['BookingCreated', 'ann'],
  ['BookingExpired', 'ann'],
  ['BookingCreated', 'bob'],
  ['BookingConfirmed', 'bob'],
  ['BookingCancelled', 'bob'],
  ['BookingConfirmed', 'ann'],
);
const sold = { BOOKED: [1] };

test('a booking goes on without the tickets that were refunded', () => {
  const steps = transitions(
    ['BookingCreated', 'ann'],
    ['BookingConfirmed', 'ann'],
    ['TicketsVoided', 'ann'],
    ['BookingCreated', 'bob'],
  );
  expect(broken([], factsOf(steps, { HELD: [1] }))).toEqual([]);
});

test('the legal transitions of an event make its map', () => {
  expect(broken([sawMap(0, {}), sawMap(3, { HELD: [1] }), sawMap(6, sold)], factsOf(life, sold))).toEqual([]);
});

test.each<[string, Facts]>([
  [
    'a double sale that was undone',
    factsOf(transitions(['BookingCreated', 'ann'], ['BookingCreated', 'bob'], ['BookingExpired', 'bob']), {}),
  ],
  [
    'a confirmation of who has lost the seat',
    factsOf(transitions(['BookingCreated', 'ann'], ['BookingCancelled', 'ann'], ['BookingConfirmed', 'ann']), sold),
  ],
  [
    'a refund of tickets of a booking that was never paid',
    factsOf(transitions(['BookingCreated', 'ann'], ['TicketsVoided', 'ann']), {}),
  ],
  [
    'a hold that ended twice',
    factsOf(transitions(['BookingCreated', 'ann'], ['BookingExpired', 'ann'], ['BookingExpired', 'ann']), {}),
  ],
  [
    'a version that is missing',
    factsOf(
      life.filter(({ version }) => version !== 2),
      sold,
    ),
  ],
  ['a version that is there twice', factsOf(life.toSpliced(1, 0, ...life.slice(0, 1)), sold)],
  ['a map that is another', factsOf(life, { BOOKED: [1, 2] })],
])('V1 finds %s', (_, facts) => {
  expect(broken([], facts)).toEqual(['V1']);
});

test('M1 finds a map that never existed, by its version or its seats', () => {
  const facts = factsOf(life, sold);
  expect(broken([sawMap(7, sold)], facts)).toEqual(['M1']);
  expect(broken([sawMap(2, { HELD: [1] })], facts)).toEqual(['M1']);
});

test('M1 finishes when a version is there twice', () => {
  const twice = life.map((step) => ({ ...step, version: Math.min(step.version, 2) }));
  expect(broken([sawMap(6, sold)], factsOf(twice, sold))).toEqual(['V1', 'M1']);
});

test('W4 finds a user who had too many seats for a moment', () => {
  const steps = transitions(['BookingCreated', 'ann'], ['BookingExpired', 'ann']).map((step) => ({
    ...step,
    seats: [1, 2, 3],
  }));
  expect(broken([], { ...factsOf(steps, {}), maxSeatsPerEvent: 3 })).toEqual([]);
  expect(broken([], { ...factsOf(steps, {}), maxSeatsPerEvent: 2 })).toEqual(['W4']);
});

test('a view that follows, with a gap that is healed in time, is not a violation', () => {
  const frames = [frame(0, null, 2), frame(1, 2, 3), frame(2, 5, 6), frame(1_900, null, 6)];
  expect(broken([...frames, view(6, sold)], factsOf(life, sold))).toEqual([]);
});

test.each<[string, HistoryRecord[]]>([
  ['a version that goes back', [frame(0, null, 3), frame(1, 3, 2)]],
  ['a reset that goes back', [frame(0, null, 3), frame(1, null, 2)]],
  ['a gap that is never healed', [frame(0, null, 3), frame(1, 4, 5)]],
  ['a gap that is healed too late', [frame(0, null, 3), frame(1, 4, 5), frame(2_500, null, 6)]],
  ['a view that stays behind', [view(5, {})]],
  ['a view that shows another seat', [view(6, { BOOKED: [2] })]],
  [
    'a booking that goes back',
    (['CONFIRMED', 'PENDING_PAYMENT'] as const).map((status) => {
      return { kind: 'bookingFrame', subscription: 'b', at: 1, user: 'ann', booking: 'b', status };
    }),
  ],
])('R1 finds %s', (_, history) => {
  expect(broken(history, factsOf(life, sold))).toEqual(['R1']);
});

test.each<[string, ReadonlyMap<string, number>, string[]]>([
  [
    'the same',
    new Map([
      ['b', 2],
      ['a', 1],
    ]),
    [],
  ],
  ['one too few', new Map([['a', 1]]), ['X2']],
  [
    'one too many',
    new Map([
      ['a', 1],
      ['b', 2],
      ['c', 1],
    ]),
    ['X2'],
  ],
  [
    'an old version',
    new Map([
      ['a', 1],
      ['b', 1],
    ]),
    ['X2'],
  ],
])('an index that has %s', (_, indexed, checks) => {
  expect(
    broken([], {
      search: {
        published: new Map([
          ['a', 1],
          ['b', 2],
        ]),
        indexed,
      },
    }),
  ).toEqual(checks);
});

test('an invariant that found something is reported with it', () => {
  const results = runChecks([], { queries: [{ id: 'I04', promise: 'counters are rows', found: ['event e'] }] });
  expect(failuresOf(results, ofHistory).map(({ check }) => check)).toEqual(['I04']);
  expect(reportOf(results)).toContain('event e');
});
