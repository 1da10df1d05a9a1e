import fc from 'fast-check';
import { expect, test } from 'vitest';
import { after, empty, hold, NOW, open, policy, rules, SEATS, sale } from '#test/support/inventory/allocation.ts';
import { allocate } from './allocate-rules.ts';
import type { InventoryCommand, InventoryOutcome, SeatState, SellCommand } from './inventory-command.ts';
import type { InventoryState } from './inventory-state.ts';

let sales = 0;
const sell = (seatNos: readonly number[], of: Partial<SellCommand> = {}): SellCommand => {
  sales += 1;
  const id = `s${sales}`;
  return {
    kind: 'sell',
    bookingId: id,
    userId: 'counter',
    planId: 'p',
    seatNos,
    idempotencyKey: id,
    requestHash: seatNos.join(),
    sale: { tender: 'CASH', tenderReference: null, holderName: null, holderEmail: null },
    soldBy: 'seller',
    ticketFor: (seatNo) => ({ id: `ticket ${seatNo}`, seatNo, code: `code ${seatNo}` }),
    audit: {
      author: { actor: { userId: 'seller' }, role: 'BOX_OFFICE' },
      change: { organizationId: 'o', operation: 'sellAtBoxOffice', subject: { type: 'Event', id: 'e' } },
    },
    ...of,
  };
};
const outcomeOf = (command: InventoryCommand, state: InventoryState = empty): InventoryOutcome | undefined =>
  allocate([command], state, rules).outcomes[0];
const blocked = (allocation?: string): SeatState => ({
  status: 'BLOCKED',
  bookingId: null,
  holdExpiresAtMs: null,
  ...(allocation !== undefined && { allocation }),
});

test('a sale is one confirmed version with a ticket for each seat, and counts for no unpaid limit', () => {
  const { outcomes, transitions, tickets, seats, created } = allocate([sell([0, 1])], empty, rules);
  expect(outcomes).toMatchObject([
    { kind: 'sold', replayed: false, booking: { status: 'CONFIRMED', totalMinor: 220 } },
  ]);
  expect(transitions.map(({ type }) => type)).toEqual(['confirmed']);
  expect(tickets[0]?.tickets.map(({ seatNo }) => seatNo)).toEqual([0, 1]);
  expect(seats.get(1)).toMatchObject({ status: 'BOOKED', holdExpiresAtMs: null });
  expect(created).toMatchObject([{ holdExpiresAtMs: NOW, confirmedAtMs: NOW, paymentStatus: 'PAYMENT_SUCCESS' }]);
});

test('more seats than a fan may have, a paused sale and a wrong time of sale are no obstacle', () => {
  const many = Array.from({ length: SEATS }, (_, seatNo) => seatNo);
  expect(many.length).toBeGreaterThan(policy.maxSeatsPerEvent);
  const odd = {
    ...sale,
    salesPaused: true,
    onSaleAtMs: 2 * NOW,
    offSaleAtMs: NOW / 2,
    orphanPolicy: 'STRICT',
  } as const;
  expect(outcomeOf(sell(many), { ...empty, sale: odd })?.kind).toBe('sold');
});

test.each([
  [{ status: 'CANCELLED' }, 'notOnSale'],
  [{ status: 'POSTPONED' }, 'salePaused'],
  [{ status: 'DRAFT' }, 'noEvent'],
  [{ endsAtMs: NOW }, 'notOnSale'],
  [{ planId: 'other' }, 'noSeat'],
] as const)('an event that is %o sells nothing: %s', (change, kind) => {
  expect(outcomeOf(sell([0]), { ...empty, sale: { ...sale, ...change } })?.kind).toBe(kind);
});

test('a seat of an allocation is for the box office, and one that is blocked without an allocation is not', () => {
  const state = { ...empty, seats: new Map([[0, blocked('house')] as const, [1, blocked()] as const]) };
  expect(outcomeOf(hold([0]), state)).toMatchObject({ kind: 'seatsUnavailable', seatNos: [0] });
  const done = allocate([sell([0])], state, rules);
  expect(done.outcomes[0]?.kind).toBe('sold');
  expect(done.seats.get(0)).toMatchObject({ status: 'BOOKED', allocation: 'house' });
  expect(outcomeOf(sell([0, 1]), state)).toMatchObject({ kind: 'seatsUnavailable', seatNos: [1] });
});

test('gifts have neither a price nor fees, and each line keeps its ticket type', () => {
  const gift = { tender: 'COMPLIMENTARY', tenderReference: null, holderName: null, holderEmail: null } as const;
  const outcome = outcomeOf(sell([0, 1], { sale: gift }));
  expect(outcome).toMatchObject({ kind: 'sold', booking: { totalMinor: 0, feeMinor: 0, charges: null } });
  if (outcome?.kind !== 'sold') return;
  for (const seat of outcome.booking.seats)
    expect(seat).toMatchObject({ priceMinor: 0, feeMinor: 0, line: { name: 'Standard', fees: [], taxes: [] } });
});

test('the same key is one sale, and another request with it is refused', () => {
  const first = sell([0], { idempotencyKey: 'k' });
  const state = after(empty, allocate([first], empty, rules));
  expect(outcomeOf(sell([0], { idempotencyKey: 'k' }), state)).toMatchObject({ kind: 'sold', replayed: true });
  expect(outcomeOf(first, state)).toMatchObject({ kind: 'sold', replayed: false });
  expect(outcomeOf(sell([1], { idempotencyKey: 'k' }), state)?.kind).toBe('keyReused');
  expect(outcomeOf(sell([1], { quoteHash: 'other' }), state)?.kind).toBe('priceChanged');
});

const seatNos = fc
  .uniqueArray(fc.nat(SEATS - 1), { minLength: 1, maxLength: 4 })
  .map((list) => list.sort((a, b) => a - b));
const wishes = fc.array(fc.record({ seatNos, isSale: fc.boolean() }), { minLength: 1, maxLength: 25 });

test('among holds and sales in any order no seat has two owners, and each is whole or refused', () => {
  fc.assert(
    fc.property(wishes, fc.uniqueArray(fc.nat(SEATS - 1), { maxLength: 4 }), (list, house) => {
      const before = { ...empty, seats: new Map(house.map((seatNo) => [seatNo, blocked('house')] as const)) };
      const commands = list.map((one) => (one.isSale ? sell(one.seatNos) : hold(one.seatNos)));
      const done = allocate(commands, before, rules);
      const owners = new Map<number, string>();
      for (const booking of open(after(before, done).bookings))
        for (const { seatNo } of booking.seats) {
          expect(owners.has(seatNo)).toBe(false);
          owners.set(seatNo, booking.id);
          expect(done.seats.get(seatNo)?.bookingId).toBe(booking.id);
          expect(done.seats.get(seatNo)?.status).toBe(booking.status === 'CONFIRMED' ? 'BOOKED' : 'HELD');
        }
      done.outcomes.forEach((outcome, index) => {
        const wish = list[index];
        const isClosed = (seatNo: number) => !wish?.isSale && house.includes(seatNo);
        if ('booking' in outcome) {
          expect(outcome.booking.seats.map(({ seatNo }) => seatNo)).toEqual(wish?.seatNos);
          expect(wish?.seatNos.some(isClosed)).toBe(false);
          return;
        }
        const missing = 'seatNos' in outcome ? outcome.seatNos : [];
        expect(missing.length).toBeGreaterThan(0);
        expect(missing.filter((seatNo) => !owners.has(seatNo) && !isClosed(seatNo))).toEqual([]);
      });
    }),
    { numRuns: 300 },
  );
});
