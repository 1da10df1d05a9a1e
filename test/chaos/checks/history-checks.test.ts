import { expect, test } from 'vitest';
import type { HistoryRecord } from '../history.ts';
import type { Facts } from './facts.ts';
import { runChecks } from './run-checks.ts';
import { EVENT, ended, held, lostHold, sawBookings, sawSeat } from './some-history.ts';

/** The names of the checks that find something. */
const broken = (history: readonly HistoryRecord[]) =>
  runChecks(history)
    .filter(({ verdict }) => verdict === 'broken')
    .map(({ check }) => check);

const journey: HistoryRecord[] = [
  sawSeat('AVAILABLE', [0, 1]),
  held('ann', [2, 3]),
  held('ann', [4, 5], { reply: { replayed: true } }),
  sawSeat('HELD', [6, 7]),
  ended('confirm', 'ann', [8, 20]),
  sawBookings('ann', 'PENDING_PAYMENT', [9, 10]),
  sawBookings('ann', 'CONFIRMED', [21, 22]),
  sawSeat('BOOKED', [23, 24]),
  ended('cancel', 'ann', [30, 31]),
  sawBookings('ann', 'CANCELLED', [32, 33]),
  lostHold('cid', [34, 40]),
  held('bob', [41, 42]),
];

test('a journey that went well breaks nothing, and the checks looked at all of it', () => {
  const results = runChecks(journey);
  expect(results.map(({ check, verdict }) => [check, verdict])).toEqual([
    ['H-LIN', 'holds'],
    ['H1', 'holds'],
    ['H2', 'holds'],
    ['H3', 'holds'],
  ]);
  expect(results.map(({ looked }) => looked)).toEqual([8, 3, 3, 3]);
});

test('a hold without an answer may have happened, unless the database at rest has no booking for it', () => {
  const history = [lostHold('ann', [0, 10]), sawSeat('HELD', [20, 21])];
  const verdictWith = (facts: Facts) => runChecks(history, facts).find(({ check }) => check === 'H-LIN')?.verdict;
  const booking = { event: EVENT, key: 'a key', status: 'EXPIRED', paymentStatus: 'NONE' } as const;
  const bookings = (user: string) => new Map([['a booking', { id: 'a booking', user, ...booking }]]);
  expect(verdictWith({})).toBe('holds');
  expect(verdictWith({ bookings: bookings('ann') })).toBe('holds');
  expect(verdictWith({ bookings: bookings('bob') })).toBe('broken');
});

test('a seat may be sold again when the booking ended without its fan, and only then', () => {
  const history = [
    held('ann', [0, 1]),
    ended('confirm', 'ann', [2, 3]),
    held('bob', [10, 11], { reply: { booking: 'of bob' } }),
    ended('cancel', 'ann', [20, 21]),
  ];
  const of = { id: 'booking of ann', user: 'ann', event: EVENT, key: 'a key', paymentStatus: 'REFUNDED' };
  const found = (endsWithoutFan: boolean) =>
    runChecks(history, { bookings: new Map([[of.id, { ...of, status: 'CANCELLED', endsWithoutFan }]]) })
      .filter(({ verdict }) => verdict === 'broken')
      .map(({ check }) => check);
  expect(found(true)).toEqual([]);
  expect(found(false)).toEqual(['H-LIN', 'H1']);
});

test('an empty history is not a success', () => {
  expect(runChecks([]).map(({ verdict }) => verdict)).toEqual(['unknown', 'unknown', 'unknown', 'unknown']);
});

test.each<[string, HistoryRecord[], string[]]>([
  ['two have one seat', [held('ann', [0, 1]), held('bob', [2, 3])], ['H-LIN', 'H1']],
  [
    'a seat of two that were held is given away',
    [held('ann', [0, 1], { seats: [1, 2] }), held('bob', [2, 3], { seats: [2, 3] })],
    ['H-LIN', 'H1'],
  ],
  [
    'a seat is confirmed to one while another holds it',
    [
      held('ann', [0, 1]),
      held('bob', [1_001, 1_002], { reply: { expiresAt: 2_000 } }),
      ended('confirm', 'ann', [1_003, 1_004]),
    ],
    ['H-LIN', 'H1'],
  ],
  [
    'a confirmed seat is held',
    [held('ann', [0, 1]), ended('confirm', 'ann', [2, 3]), held('bob', [1_500, 1_501])],
    ['H-LIN', 'H1'],
  ],
  ['a read shows a held seat as free', [held('ann', [0, 1]), sawSeat('AVAILABLE', [2, 3])], ['H-LIN']],
  [
    'a booking is given back by another user',
    [held('ann', [0, 1]), { ...ended('cancel', 'ann', [2, 3]), user: 'bob' } as HistoryRecord],
    ['H1'],
  ],
  ['a hold ends before its time', [held('ann', [0, 1]), held('bob', [900, 901])], ['H-LIN', 'H1']],
  [
    'a key gives two bookings',
    [held('ann', [0, 1]), held('ann', [2, 3], { reply: { booking: 'another', replayed: true } })],
    ['H2'],
  ],
  ['a key is carried out twice', [held('ann', [0, 1]), held('ann', [2, 3])], ['H2']],
  [
    'a key answers another request',
    [held('ann', [0, 1]), held('ann', [2, 3], { seats: [2], reply: { seats: [1], replayed: true } })],
    ['H2'],
  ],
  ['more seats than asked for', [held('ann', [0, 1], { reply: { seats: [1, 2] } })], ['H2']],
  [
    'the price of a replay differs',
    [held('ann', [0, 1]), held('ann', [2, 3], { reply: { totalMinor: 1, replayed: true } })],
    ['H2'],
  ],
  [
    'a hold is extended twice',
    [
      held('ann', [0, 1]),
      held('ann', [2, 3], { reply: { expiresAt: 50_000, replayed: true } }),
      held('ann', [4, 5], { reply: { expiresAt: 100_000, replayed: true } }),
    ],
    ['H2'],
  ],
  [
    'a replay goes back',
    [held('ann', [0, 1], { reply: { status: 'CONFIRMED' } }), held('ann', [2, 3], { reply: { replayed: true } })],
    ['H2'],
  ],
  ['a booking that was acknowledged is missing', [held('ann', [0, 1]), sawBookings('ann', undefined, [2, 3])], ['H3']],
  [
    'a confirmation that was seen is undone',
    [held('ann', [0, 1]), ended('confirm', 'ann', [2, 3]), sawBookings('ann', 'PENDING_PAYMENT', [4, 5])],
    ['H3'],
  ],
  [
    'reads go back',
    [sawBookings('ann', 'PAYMENT_READY', [0, 1]), sawBookings('ann', 'PENDING_PAYMENT', [2, 3])],
    ['H3'],
  ],
])('%s, and it is found', (_, history, checks) => {
  expect(broken(history)).toEqual(checks);
});

test.each<[string, HistoryRecord[]]>([
  ['overlap', [held('ann', [0, 10]), ended('cancel', 'ann', [5, 20]), held('bob', [6, 12])]],
  ['a hold that ended', [held('ann', [0, 1]), held('bob', [1_000, 1_001], { reply: { expiresAt: 2_000 } })]],
  [
    'a lost answer to a cancellation',
    [held('ann', [0, 1]), ended('cancel', 'ann', [2, 3], 'unknown'), held('bob', [100, 101])],
  ],
  ['a declined payment', [held('ann', [0, 1]), ended('fail', 'ann', [2, 3]), held('bob', [4, 5])]],
  [
    'a lost answer that is found by its key',
    [lostHold('ann', [0, 1]), held('ann', [2, 3], { reply: { replayed: true } })],
  ],
  [
    'a late payment',
    [held('ann', [0, 1]), sawSeat('AVAILABLE', [1_001, 1_002]), ended('confirm', 'ann', [1_003, 1_004])],
  ],
  ['reads that overlap', [sawBookings('ann', 'CONFIRMED', [0, 3]), sawBookings('ann', 'PENDING_PAYMENT', [1, 2])]],
  ['the key of another user', [held('ann', [0, 1]), held('bob', [2, 3], { seats: [2] })]],
])('%s is no trouble', (_, history) => {
  expect(broken(history)).toEqual([]);
});

test('a hold that lasts shorter or longer than it should is found', () => {
  const found = (expiresAt: number) => {
    const results = runChecks([held('ann', [0, 1], { reply: { expiresAt } })], { holdTtlMs: 1_000 });
    return results.filter(({ verdict }) => verdict === 'broken').map(({ check }) => check);
  };
  expect(found(1_000)).toEqual([]);
  expect(found(900)).toEqual(['H1']);
  expect(found(1_100)).toEqual(['H1']);
});
