import { expect, test } from 'vitest';
import type { SeatingPlan } from '../catalog/seating-plan.ts';
import type { BookingState, EventSale, Transition } from './inventory-command.ts';
import { eventOf, seatChangesOf, seatStatusAfter } from './inventory-events.ts';

const booking = {
  id: 'booking',
  eventId: 'event',
  userId: 'user',
  holdExpiresAtMs: 0,
  confirmedAtMs: 0,
  totalMinor: 100,
  currency: 'EUR',
  seats: [{ seatNo: 0, priceMinor: 90, feeMinor: 10 }],
} as unknown as BookingState;
const sale = { title: 'A match' } as EventSale;
const plan = { sections: [{ label: 'A' }], sectionOf: [0], rowOf: ['1'], labelOf: ['1'] } as unknown as SeatingPlan;

const transitions: readonly Transition[] = [
  { type: 'held', booking, version: 1 },
  { type: 'confirmed', booking, version: 2, retaken: false },
  { type: 'cancelled', booking, version: 3, refundDue: true, dueMinor: 0 },
  { type: 'expired', booking, version: 4 },
  { type: 'failed', booking, version: 5 },
];

test.each(transitions)('the writer and the reader of the event log agree on the seats of "$type"', (transition) => {
  const { type } = eventOf(transition, { sale, plan });
  const [change] = seatChangesOf([transition]);
  expect(change?.status).toBeDefined();
  expect(seatStatusAfter(type)).toBe(change?.status);
});

test('a transition without a version moves no seats', () => {
  const { type } = eventOf({ type: 'extended', booking }, { sale, plan });
  expect(seatChangesOf([{ type: 'extended', booking }])).toEqual([]);
  expect(seatStatusAfter(type)).toBeUndefined();
});
