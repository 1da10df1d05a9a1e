import { expect, test } from 'vitest';
import type { HistoryRecord, SaleRecord } from '../history.ts';
import type { BookingFact, Facts, TransitionFact } from './facts.ts';
import { failuresOf, runChecks } from './run-checks.ts';
import type { SaleFacts, SoldBooking } from './sale-facts.ts';
import { EVENT, factsOf, held } from './some-history.ts';

const mayBeEmpty = ['H-LIN', 'H1', 'H2', 'H3', 'R1', 'M1', 'A1', 'A2', 'A3', 'B1', 'C1', 'K1', 'P1', 'S1'];

const sold: BookingFact = {
  ...{ id: 'the sale', user: 'counter', event: EVENT, key: 'its key', status: 'CONFIRMED' },
  ...{ paymentStatus: 'PAYMENT_SUCCESS', tender: 'CASH' },
};
const bought: BookingFact = { ...sold, id: 'booking of ann', user: 'ann', key: 'a key', tender: null };
const line = { seatNo: 1, priceMinor: 100, feeMinor: 10, level: 'front', type: 'standard' };
const inBooks: SoldBooking = {
  id: 'the sale',
  event: EVENT,
  totalMinor: 110,
  feeMinor: 0,
  tender: 'CASH',
  lines: [line],
};
const list = {
  ...{ event: EVENT, seatLevels: null, fees: [{ perTicketMinor: 10 }] },
  levels: [{ key: 'front', name: 'at first', prices: [{ ticketType: 'standard', amountMinor: 100 }] }],
};
const answer = { booking: 'the sale', status: 'CONFIRMED', seats: [1], totalMinor: 110 } as const;

function sale(changes: Partial<SaleRecord> = {}): SaleRecord {
  const base = { kind: 'sale', user: 'counter', key: 'its key', event: EVENT, outcome: 'ok', from: 2, to: 3 } as const;
  return { ...base, seats: [1], count: 1, tender: 'CASH', agreedMinor: 110, answer, ...changes };
}
const { answer: _answered, ...refused } = sale({ outcome: 'refused', code: 'SEATS_UNAVAILABLE' });
const { agreedMinor: _agreed, ...unquoted } = sale();
const gift: SaleRecord = { ...unquoted, tender: 'COMPLIMENTARY' };
const lost: SaleRecord = { ...refused, outcome: 'unknown', code: 'ECONNRESET' };

type Step = Omit<TransitionFact, 'version'>;
const made: Step = { type: 'BookingConfirmed', booking: 'the sale', user: 'counter', seats: [1], isSale: true };
const ofAnn = (type: string): Step => ({ type, booking: 'booking of ann', user: 'ann', seats: [1] });

type Books = { steps?: Step[]; booking?: BookingFact; books?: Partial<SoldBooking> };

function broken(history: readonly HistoryRecord[], of: Books = {}, more: Partial<Facts> = {}): string[] {
  const { steps = [made], booking = sold, books = {} } = of;
  const versioned = steps.map((one, index) => ({ ...one, version: index + 1 }));
  const sales: SaleFacts = { at: 1_000, bookings: [{ ...inBooks, ...books }], lists: [list], allocated: [] };
  const bookings = new Map([booking, bought].map((one) => [one.id, one]));
  const facts: Facts = { ...factsOf(versioned, { BOOKED: [1] }), bookings, sales, ...more };
  return failuresOf(runChecks(history, facts), mayBeEmpty).map(({ check }) => check);
}

test.each<[string, HistoryRecord[], Books]>([
  ['that was answered', [sale()], {}],
  ['that was answered at its second attempt', [lost, sale({ from: 5, to: 6 })], {}],
  ['whose answer was lost', [lost], {}],
  ['of an allocation', [sale()], { steps: [{ ...made, type: 'SeatsAllocated', booking: EVENT, isSale: false }, made] }],
  ['of places that the server chose', [sale({ seats: [] })], {}],
  [
    'that was given away',
    [{ ...gift, answer: { ...answer, totalMinor: 0 } }],
    {
      booking: { ...sold, tender: 'COMPLIMENTARY' },
      books: { totalMinor: 0, tender: 'COMPLIMENTARY', lines: [{ ...line, priceMinor: 0, feeMinor: 0 }] },
    },
  ],
  ['of a seat whose booking had ended', [sale()], { steps: [ofAnn('BookingCreated'), ofAnn('BookingExpired'), made] }],
])('all checks accept a sale %s', (_, history, of) => {
  expect(broken(history, of)).toEqual([]);
});

test.each<[string, HistoryRecord[], Books, string[]]>([
  ['of a seat that a fan holds', [sale()], { steps: [ofAnn('BookingCreated'), made] }, ['V1', 'B1']],
  ['of a seat that a fan is given later', [sale()], { steps: [made, ofAnn('BookingCreated')] }, ['V1', 'B1']],
  ['of other seats than it was asked for', [sale({ seats: [2] })], {}, ['B1']],
  ['of fewer places than it was asked for', [sale({ seats: [], count: 2 })], {}, ['B1']],
  ['of other seats than it was told', [sale({ answer: { ...answer, seats: [2] } })], {}, ['B1']],
  ['that does not exist', [sale({ key: 'another key' })], {}, ['B1']],
  ['that was refused', [refused], {}, ['B1']],
  ['that has two bookings', [sale(), sale({ answer: { ...answer, booking: 'another' } })], {}, ['B1']],
  ['that is not confirmed', [sale()], { booking: { ...sold, status: 'EXPIRED' } }, ['B1']],
  ['for another tender', [sale({ tender: 'INVOICE' })], {}, ['B1']],
  ['at another price than it was quoted', [sale({ agreedMinor: 100 })], {}, ['P1', 'B1']],
  ['at another price than it was told', [sale({ answer: { ...answer, totalMinor: 100 } })], {}, ['P1', 'B1']],
  [
    'that was given away for money',
    [gift],
    { booking: { ...sold, tender: 'COMPLIMENTARY' }, books: { tender: 'COMPLIMENTARY' } },
    ['P1', 'B1'],
  ],
])('B1 finds a sale %s', (_, history, of, checks) => {
  expect(broken(history, of).filter((check) => checks.includes(check))).toEqual(checks);
});

test('P1 finds a sale at no price of its moment', () => {
  const dear = { books: { totalMinor: 120, lines: [{ ...line, priceMinor: 110 }] } };
  expect(broken([{ ...unquoted, answer: { ...answer, totalMinor: 120 } }], dear)).toEqual(['P1']);
});

test('H1 and H-LIN find a fan who is told to have a seat of a sale, and a sale of a seat that a fan has', () => {
  expect(broken([sale(), held('ann', [5, 6])])).toEqual(['H-LIN', 'H1']);
  expect(broken([held('ann', [0, 1]), sale()])).toEqual(['H-LIN', 'H1']);
  expect(broken([held('ann', [0, 1]), sale({ from: 2_000, to: 2_001 })])).toEqual([]);
});

test('W4 counts no sale, because no limit of a fan holds at the box office', () => {
  const many = { steps: [{ ...made, seats: [1, 2] }] };
  const seats = { maxSeatsPerEvent: 1, maps: factsOf([{ ...made, version: 1 }], { BOOKED: [1, 2] }).maps };
  expect(broken([], many, seats as Partial<Facts>)).toEqual([]);
  const ofFan = { steps: [{ ...ofAnn('BookingCreated'), seats: [1, 2] }] };
  expect(
    broken([], ofFan, { ...seats, maps: factsOf([{ ...made, version: 1 }], { HELD: [1, 2] }).maps } as Partial<Facts>),
  ).toEqual(['W4']);
});

test('K1 finds a companion seat without its wheelchair place, whether held or sold', () => {
  const companions = new Map([[EVENT, [{ seatNo: 1, placeNo: 2 }]]]);
  expect(broken([], {}, { companions })).toEqual(['K1']);
  expect(broken([], { steps: [ofAnn('BookingCreated')] }, { companions })).toContain('K1');
  const both = { steps: [{ ...made, seats: [1, 2] }] };
  const { maps } = factsOf([{ ...made, version: 1 }], { BOOKED: [1, 2] });
  expect(broken([], both, { companions, ...(maps && { maps }) })).toEqual([]);
});
