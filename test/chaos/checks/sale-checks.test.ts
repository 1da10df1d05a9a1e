import { expect, test } from 'vitest';
import type { HistoryRecord, HoldRecord, OrganizerAct, OrganizerRecord, Outcome } from '../history.ts';
import type { BookingFact, Facts, TransitionFact } from './facts.ts';
import { countInPauses } from './pauses.ts';
import { failuresOf, runChecks } from './run-checks.ts';
import type { PriceListFact, SaleFacts, SoldBooking } from './sale-facts.ts';
import { EVENT, factsOf, held } from './some-history.ts';

const mayBeEmpty = ['H-LIN', 'H1', 'H2', 'H3', 'R1', 'M1', 'A1', 'A2', 'A3', 'B1', 'C1', 'P1', 'S1'];

const booking = (user: string): BookingFact => ({
  ...{ id: `booking of ${user}`, user, event: EVENT, key: 'a key' },
  ...{ status: 'CONFIRMED', paymentStatus: 'PAYMENT_SUCCESS' },
});
const noSales: SaleFacts = { at: 1_000, bookings: [], lists: [], allocated: [] };
const bookings = new Map(['ann', 'bob', 'cid'].map((user) => [`booking of ${user}`, booking(user)]));

function act(what: OrganizerAct, [from, to]: readonly [number, number], outcome: Outcome = 'ok'): OrganizerRecord {
  return { kind: 'organizer', event: EVENT, outcome, from, to, ...what };
}
const step = (type: string, of: Partial<TransitionFact> = {}): Omit<TransitionFact, 'version'> => ({
  ...{ type, booking: EVENT, user: '', seats: [1], allocation: type === 'SeatsAllocated' ? 'house' : null, ...of },
});
const ofBooking = (type: string, user: string) => step(type, { booking: `booking of ${user}`, user });

function broken(history: readonly HistoryRecord[], steps: Omit<TransitionFact, 'version'>[], sales = noSales) {
  const versioned = steps.map((one, index) => ({ ...one, version: index + 1 }));
  const facts: Facts = { ...factsOf(versioned, {}), bookings, sales };
  return failuresOf(runChecks(history, facts), mayBeEmpty)
    .map(({ check }) => check)
    .filter((check) => check !== 'V1');
}

const allocate = (seats: number[], outcome: Outcome = 'ok') =>
  act({ act: 'allocate', name: 'house', seats, releaseAt: 500 }, [0, 1], outcome);
const whole = step('SeatsAllocated', { seats: [1, 2] });

test.each<[string, HistoryRecord[], Omit<TransitionFact, 'version'>[], string[]]>([
  ['all of its seats', [allocate([1, 2])], [whole], []],
  ['its seats without an answer', [allocate([1, 2], 'unknown')], [whole], []],
  ['none without an answer', [allocate([1, 2], 'unknown')], [], []],
  ['some of its seats', [allocate([1, 2, 3])], [whole], ['A1']],
  ['some of its seats without an answer', [allocate([1, 2, 3], 'unknown')], [whole], ['A1']],
  ['none of its seats', [allocate([1, 2])], [], ['A1']],
  ['seats although it was refused', [allocate([1, 2], 'refused')], [whole], ['A1']],
])('A1 judges an allocation that got %s', (_, history, steps, checks) => {
  expect(broken(history, steps)).toEqual(checks);
});

test('A1 finds an acknowledged release of seats that were not released', () => {
  const release = act({ act: 'allocate', name: null, seats: [1, 2], changed: 2 }, [2, 3]);
  expect(broken([release], [whole, step('SeatsOpened', { seats: [1, 2] })])).toEqual([]);
  expect(broken([release], [whole, step('SeatsOpened', { seats: [1] })])).toEqual(['A1']);
});

const codes = act({ act: 'codes', codes: ['ONE'], opens: ['house'], percent: 0, uses: 1 }, [0, 1]);
const withCode = (user: string, code: string): HoldRecord => held(user, [2, 3], { codes: [code] });

test('A2 finds a seat of an allocation that was sold without a code that opens it', () => {
  const sale = [step('SeatsAllocated'), ofBooking('BookingCreated', 'ann')];
  expect(broken([codes, withCode('ann', 'ONE')], sale)).toEqual([]);
  expect(broken([codes, held('ann', [2, 3])], sale)).toEqual(['A2']);
  expect(broken([codes, withCode('ann', 'OTHER')], sale)).toEqual(['A2', 'C1']);
  expect(broken([codes, held('ann', [2, 3])], sale.toSpliced(1, 0, step('SeatsOpened')))).toEqual([]);
});

test('A2 finds a seat that went back to its allocation, and was sold to all', () => {
  const life = [step('SeatsAllocated'), ofBooking('BookingCreated', 'ann'), ofBooking('BookingExpired', 'ann')];
  const sale = ofBooking('BookingCreated', 'bob');
  const history = [codes, withCode('ann', 'ONE'), held('bob', [2_000, 2_001])];
  expect(broken(history, [...life, sale])).toEqual([]);
  expect(broken(history, [...life, step('SeatsAllocated'), sale])).toEqual(['A2']);
});

test('A3 finds what is left of an allocation whose time is over', () => {
  const left = { ...noSales, allocated: [{ event: EVENT, name: 'house', seatNo: 1 }] };
  expect(broken([allocate([1, 2])], [whole])).toEqual([]);
  expect(broken([allocate([1, 2])], [whole], left)).toEqual(['A3']);
  expect(broken([allocate([1, 2])], [whole], { ...left, at: 400 })).toEqual([]);
});

test('C1 counts the bookings of a code that wait or were paid', () => {
  const seat = (type: string, user: string, seats: number[]) => ({ ...ofBooking(type, user), seats });
  const history = [codes, withCode('ann', 'ONE'), held('bob', [4, 5], { codes: ['ONE'], seats: [2] })];
  const [first, second] = [seat('BookingCreated', 'ann', [1]), seat('BookingCreated', 'bob', [2])];
  expect(broken(history, [first, seat('BookingExpired', 'ann', [1]), second])).toEqual([]);
  expect(broken(history, [first, second])).toEqual(['C1']);
  const paid = [first, seat('BookingConfirmed', 'ann', [1]), seat('BookingCancelled', 'ann', [1])];
  expect(broken(history, [...paid, second])).toEqual(['C1']);
});

const listOf = (name: string, amountMinor: number): PriceListFact => ({
  event: EVENT,
  levels: [{ key: 'front', name, prices: [{ ticketType: 'standard', amountMinor }] }],
  fees: [{ perTicketMinor: 10 }, { perBookingMinor: 5 }],
  seatLevels: new Uint8Array(8),
});
const line = { seatNo: 1, priceMinor: 100, feeMinor: 10, level: 'front', type: 'standard' };
const sold: SoldBooking = { id: 'booking of ann', event: EVENT, totalMinor: 115, feeMinor: 5, lines: [line] };
const told = { reply: { totalMinor: 115 } };
const salesOf = (one: SoldBooking, ...lists: PriceListFact[]): SaleFacts => ({ ...noSales, bookings: [one], lists });
const first = listOf('at first', 100);
const changed = (outcome: Outcome = 'ok') => act({ act: 'prices', edition: 'later' }, [10, 20], outcome);
const cheap = act({ act: 'codes', codes: ['TENTH'], opens: [], percent: 10, uses: 9 }, [0, 1]);
const tenthOff = { ...sold, totalMinor: 105, lines: [{ ...line, priceMinor: 90 }] };

test.each<[string, HistoryRecord[], SaleFacts]>([
  ['by the only list', [held('ann', [2, 3], told)], salesOf(sold, first)],
  [
    'by the old list while it changed',
    [changed(), held('ann', [12, 30], told)],
    salesOf(sold, first, listOf('later', 200)),
  ],
  [
    'by a list that came without an answer',
    [changed('unknown'), held('ann', [12, 30], told)],
    salesOf(sold, listOf('x', 1), listOf('later', 100)),
  ],
  [
    'less a discount',
    [cheap, held('ann', [2, 3], { codes: ['TENTH'], reply: { totalMinor: 105 } })],
    salesOf(tenthOff, first),
  ],
  ['what was agreed', [held('ann', [2, 3], { ...told, agreedMinor: 115 })], salesOf(sold, first)],
])('P1 accepts a booking %s', (_, history, sales) => {
  expect(broken(history, [ofBooking('BookingCreated', 'ann')], sales)).toEqual([]);
});

test.each<[string, HistoryRecord[], SaleFacts]>([
  ['by a list of before', [changed(), held('ann', [21, 30], told)], salesOf(sold, first, listOf('later', 200))],
  [
    'by a list of later',
    [changed(), held('ann', [2, 3], told)],
    salesOf(sold, listOf('at first', 50), listOf('later', 100)),
  ],
  [
    'at a discount without a code',
    [cheap, held('ann', [2, 3], { reply: { totalMinor: 105 } })],
    salesOf(tenthOff, first),
  ],
  [
    'without its fee',
    [held('ann', [2, 3], { reply: { totalMinor: 110 } })],
    salesOf({ ...sold, feeMinor: 0, totalMinor: 110 }, first),
  ],
  [
    'with another sum',
    [held('ann', [2, 3], { reply: { totalMinor: 99 } })],
    salesOf({ ...sold, totalMinor: 99 }, first),
  ],
  ['at another price than it was told', [held('ann', [2, 3])], salesOf(sold, first)],
  ['at another price than was agreed', [held('ann', [2, 3], { ...told, agreedMinor: 100 })], salesOf(sold, first)],
])('P1 finds a booking %s', (_, history, sales) => {
  expect(broken(history, [ofBooking('BookingCreated', 'ann')], sales)).toEqual(['P1']);
});

const pause = act({ act: 'pause' }, [10, 20]);
const resume = (outcome: Outcome = 'ok') => act({ act: 'resume' }, [40, 50], outcome);

test('S1 finds what was sold during a pause', () => {
  const sale = (from: number, to: number, replayed = false) => held('ann', [from, to], { reply: { replayed } });
  for (const hold of [sale(12, 30), sale(25, 45), sale(60, 61), sale(25, 30, true)])
    expect(broken([pause, resume(), hold], [])).toEqual([]);
  expect(broken([pause, resume(), sale(25, 30)], [])).toEqual(['S1']);
});

test('S1 has looked at nothing when no hold was made, or refused for the pause, during a pause', () => {
  const lookedAt = (...holds: HistoryRecord[]) =>
    runChecks([pause, resume(), ...holds], { ...factsOf([], {}), bookings, sales: noSales }).find(
      ({ check }) => check === 'S1',
    )?.looked;
  const { answer: _none, ...refused } = held('ann', [25, 30], { outcome: 'refused', code: 'EVENT_NOT_ON_SALE' });
  expect(lookedAt(refused)).toBe(1);
  expect(lookedAt({ ...refused, code: 'SEATS_UNAVAILABLE' }, { ...refused, to: 45 })).toBe(0);
  expect(countInPauses([pause, resume(), refused, held('ann', [26, 27])])).toEqual({ refused: 1, sold: 0 });
});

test('S1 waits until a request to resume without an answer can no longer take effect', () => {
  const again = [act({ act: 'pause' }, [60, 70]), act({ act: 'resume' }, [90, 95])];
  const history = [pause, resume('unknown'), act({ act: 'resume' }, [52, 53]), ...again, held('ann', [75, 80])];
  expect(broken(history, [])).toEqual([]);
  expect(broken(history.toSpliced(1, 1, resume()), [])).toEqual(['S1']);
  const refused = act({ act: 'resume' }, [40, 50], 'unknown');
  expect(broken(history.toSpliced(1, 1, { ...refused, code: 'ECONNREFUSED' }), [])).toEqual(['S1']);
});

test('seats that the server chose are those of the answer, or of the booking', () => {
  const best = (user: string, change: Partial<HoldRecord>) => ({
    ...held(user, [2, 3], { seats: [1] }),
    seats: [],
    ...change,
  });
  const { answer: _lost, ...lost } = best('bob', { outcome: 'unknown' });
  const created = ['ann', 'bob'].map((user, index) => ({ ...ofBooking('BookingCreated', user), version: index + 1 }));
  const facts: Facts = { bookings, transitions: new Map([[EVENT, created]]) };
  const checks = runChecks([best('ann', {}), lost, held('cid', [5, 6])], facts);
  expect(failuresOf(checks, mayBeEmpty).map(({ check }) => check)).toEqual(['H-LIN', 'H1']);
  expect(failuresOf(runChecks([lost, held('cid', [5, 6])], facts), mayBeEmpty)).toEqual([]);
});
