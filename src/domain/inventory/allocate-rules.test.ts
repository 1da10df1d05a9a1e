import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { after, empty, hold, NOW, open, policy, rules, SEATS, sale } from '#test/support/inventory/allocation.ts';
import { bookingTransitions } from '../booking-status.ts';
import { allocate } from './allocate-rules.ts';
import type { BookingState, HoldCommand, InventoryCommand, SeatState } from './inventory-command.ts';
import type { InventoryState } from './inventory-state.ts';

const seatNos = fc
  .uniqueArray(fc.nat(SEATS - 1), { minLength: 1, maxLength: 5 })
  .map((list) => list.sort((a, b) => a - b));
type Step =
  | { do: 'hold'; seatNos: number[]; user: number; key: number }
  | { do: 'confirm' | 'fail' | 'cancel' | 'expire' | 'open'; nth: number; wrongAmount: boolean };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('hold' as const), seatNos, user: fc.nat(4), key: fc.nat(9) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('confirm' as const, 'fail' as const, 'cancel' as const, 'expire' as const, 'open' as const),
      nth: fc.nat(9),
      wrongAmount: fc.boolean(),
    }),
  },
);
const batches = fc.array(fc.record({ steps: fc.array(step, { maxLength: 12 }), wait: fc.nat(400_000) }), {
  maxLength: 8,
});

function commandsOf(steps: readonly Step[], known: readonly BookingState[]): InventoryCommand[] {
  return steps.flatMap((one): InventoryCommand[] => {
    if (one.do === 'hold') return [hold(one.seatNos, { userId: `u${one.user}`, idempotencyKey: `k${one.key}` })];
    const booking = known[one.nth % Math.max(1, known.length)];
    if (!booking) return [];
    const bookingId = booking.id;
    if (one.do === 'open') return [{ kind: 'openSession', bookingId, url: 'https://pay.example' }];
    if (one.do === 'cancel') return [{ kind: 'release', reason: 'CANCELLED', bookingId, userId: booking.userId }];
    if (one.do === 'fail') return [{ kind: 'release', reason: 'FAILED', bookingId }];
    if (one.do === 'expire') return [{ kind: 'release', reason: 'EXPIRED', bookingId }];
    const amountMinor = booking.totalMinor + (one.wrongAmount ? 1 : 0);
    return [{ kind: 'confirm', bookingId, amountMinor, currency: 'USD', tickets: [] }];
  });
}

function expectSound(state: InventoryState): void {
  const owners = new Map<number, BookingState>();
  for (const booking of open(state.bookings)) {
    for (const { seatNo } of booking.seats) {
      expect(owners.get(seatNo), `seat ${seatNo} has two owners`).toBeUndefined();
      owners.set(seatNo, booking);
    }
  }
  for (let seatNo = 0; seatNo < SEATS; seatNo++) {
    const owner = owners.get(seatNo);
    const seat = state.seats.get(seatNo) ?? { status: 'AVAILABLE', bookingId: null, holdExpiresAtMs: null };
    const isHeld = owner?.status === 'PENDING_PAYMENT';
    const expected: SeatState = owner
      ? {
          status: isHeld ? 'HELD' : 'BOOKED',
          bookingId: owner.id,
          holdExpiresAtMs: isHeld ? owner.holdExpiresAtMs : null,
        }
      : { status: 'AVAILABLE', bookingId: null, holdExpiresAtMs: null };
    expect(seat).toEqual(expected);
  }
  for (const count of state.seatCountByUser.values()) expect(count).toBeLessThanOrEqual(policy.maxSeatsPerEvent);
}

test('no seat has two owners, bookings are whole, limits hold and versions have no gaps, for any order of commands', () => {
  fc.assert(
    fc.property(batches, (list) => {
      let state = empty;
      let nowMs = NOW;
      for (const { steps, wait } of list) {
        nowMs += wait / 2;
        state = { ...state, nowMs, sale: { ...sale, offSaleAtMs: nowMs + 1, cancellableUntilMs: nowMs + 1 } };
        const frozen = JSON.stringify([...state.seats, ...state.bookings]);
        const done = allocate(commandsOf(steps, [...state.bookings.values()]), state, rules);
        expect(JSON.stringify([...state.seats, ...state.bookings]), 'the input was changed').toBe(frozen);
        const versions = done.transitions.flatMap((one) => ('version' in one ? [one.version] : []));
        expect(versions).toEqual(Array.from({ length: done.version - state.version }, (_, i) => state.version + 1 + i));
        for (const booking of done.updated.values()) {
          const before = state.bookings.get(booking.id)?.status;
          if (before && before !== booking.status && !twoEdges(before, booking.status))
            expect(bookingTransitions[before]).toContain(booking.status);
        }
        state = after(state, done);
        expectSound(state);
      }
    }),
    { numRuns: 500 },
  );
});

/** Within one batch a booking may take two steps, such as PENDING_PAYMENT, EXPIRED, CONFIRMED. */
const twoEdges = (from: keyof typeof bookingTransitions, to: string): boolean =>
  bookingTransitions[from].some((middle) => (bookingTransitions[middle] as readonly string[]).includes(to));

test('one batch decides the same as the commands one by one', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), fc.array(step, { maxLength: 20 }), (first, second) => {
      const before = after(empty, allocate(commandsOf(first, []), empty, rules));
      const commands = commandsOf(second, [...before.bookings.values()]);
      const together = allocate(commands, before, rules);
      let state = before;
      const apart = commands.map((command) => {
        const done = allocate([command], state, rules);
        state = after(state, done);
        return done.outcomes[0];
      });
      expect(together.outcomes).toEqual(apart);
      expect(after(before, together)).toEqual(state);
    }),
  );
});

test('a refused hold loses only to bookings that have its seats', () => {
  fc.assert(
    fc.property(fc.array(seatNos, { maxLength: 20 }), (wishes) => {
      const commands = wishes.map((wish) => hold(wish));
      const { outcomes, seats } = allocate(commands, empty, rules);
      outcomes.forEach((outcome, index) => {
        if (outcome.kind !== 'seatsUnavailable') return;
        const earlier = outcomes.slice(0, index).flatMap((other) => (other.kind === 'held' ? [other.booking.id] : []));
        for (const seatNo of outcome.seatNos) expect(earlier).toContain(seats.get(seatNo)?.bookingId);
      });
    }),
  );
});

test('no command loses to a rival that was itself refused', () => {
  const taken = after(empty, allocate([hold([0])], empty, rules));
  const { outcomes } = allocate([hold([0, 1]), hold([1, 2])], taken, rules);
  expect(outcomes.map((outcome) => outcome.kind)).toEqual(['seatsUnavailable', 'held']);
});

const ready = (state: InventoryState): InventoryState => ({
  ...state,
  bookings: new Map(
    [...state.bookings].map(([id, one]) => [id, { ...one, paymentStatus: 'SESSION_CREATED' as const }]),
  ),
});

test('an overdue hold on a wanted seat ends as a whole before the seat is taken', () => {
  const held = ready(after(empty, allocate([hold([0, 1])], empty, rules)));
  const late = { ...held, nowMs: NOW + 300_000 };
  const done = allocate([hold([1, 2])], late, rules);
  expect(done.outcomes[0]?.kind).toBe('held');
  expect(done.transitions.map((one) => one.type)).toEqual(['expired', 'held']);
  expect(done.seats.get(0)?.status).toBe('AVAILABLE');
});

test('an overdue hold whose session is not open yet is extended by at most two minutes, and only once', () => {
  const command = hold([0]);
  const held = after(empty, allocate([command], empty, rules));
  const expire = { kind: 'release', reason: 'EXPIRED', bookingId: command.bookingId } as const;
  const at = (state: InventoryState, seconds: number) => ({ ...state, nowMs: NOW + seconds * 1000 });
  expect(allocate([expire], at(held, 299), rules).outcomes[0]?.kind).toBe('kept');
  const extended = allocate([expire], at(held, 301), rules);
  expect(extended.outcomes[0]).toMatchObject({ kind: 'extended', booking: { holdExpiresAtMs: NOW + 420_000 } });
  const again = after(held, extended);
  expect(allocate([expire], at(again, 419), rules).outcomes[0]?.kind).toBe('kept');
  expect(allocate([expire], at(again, 420), rules).outcomes[0]?.kind).toBe('released');
  expect(allocate([expire], at(held, 421), rules).outcomes[0]?.kind).toBe('released');
});

test('money after the end takes exactly the same seats if they are free; otherwise it is refunded, once', () => {
  const command = hold([0, 1]);
  const held = ready(after(empty, allocate([command], empty, rules)));
  const late = { ...held, nowMs: NOW + 300_000 };
  const expire = { kind: 'release', reason: 'EXPIRED', bookingId: command.bookingId } as const;
  const confirm = {
    kind: 'confirm',
    bookingId: command.bookingId,
    amountMinor: 220,
    currency: 'USD',
    tickets: [],
  } as const;
  const free = allocate([expire, confirm], late, rules);
  expect(free.outcomes[1]).toMatchObject({ kind: 'confirmed', retaken: true, booking: { status: 'CONFIRMED' } });
  const gone = allocate([expire, hold([1]), confirm, confirm], late, rules);
  expect(gone.outcomes[2]).toMatchObject({
    kind: 'unconfirmable',
    reason: 'SEATS_TAKEN',
    booking: { status: 'EXPIRED' },
  });
  // Each message gets a result: payments may have forgotten that it was asked for the money.
  expect(gone.transitions.filter((one) => one.type === 'unconfirmable')).toHaveLength(2);
  const wrong = allocate([{ ...confirm, amountMinor: 219 }], held, rules);
  expect(wrong.transitions.map((one) => one.type)).toEqual(['failed', 'unconfirmable']);
  expect(wrong.outcomes[0]).toMatchObject({ booking: { status: 'FAILED', paymentStatus: 'PAYMENT_SUCCESS' } });
});

test('money after the end does not retake seats when the user has reached the limit of seats since', () => {
  const first = hold([0, 1], { userId: 'fan' });
  const held = ready(after(empty, allocate([first], empty, rules)));
  const late = { ...held, nowMs: NOW + 300_000 };
  const expire = { kind: 'release', reason: 'EXPIRED', bookingId: first.bookingId } as const;
  const money = { amountMinor: 220, currency: 'USD', tickets: [] } as const;
  const confirm = { kind: 'confirm', bookingId: first.bookingId, ...money } as const;
  const mine = (seatNos: number[]) => hold(seatNos, { userId: 'fan' });
  const full = allocate([expire, mine([2, 3, 4]), mine([5, 6]), confirm], late, rules);
  expect(full.outcomes[3]).toMatchObject({ kind: 'unconfirmable', reason: 'TOO_MANY_SEATS' });
  const room = allocate([expire, mine([2, 3, 4, 5]), confirm], late, rules);
  expect(room.outcomes[2]).toMatchObject({ kind: 'confirmed', retaken: true });
});

test('refuses a hold for each of the reasons', () => {
  const refusal = (command: HoldCommand, of: Partial<typeof sale | { status: 'DRAFT' | 'CANCELLED' }> = {}) =>
    allocate([command], { ...empty, sale: { ...sale, ...of } }, rules).outcomes[0];
  expect(refusal(hold([0]), { status: 'DRAFT' })).toEqual({ kind: 'noEvent' });
  expect(refusal(hold([0]), { status: 'CANCELLED' })?.kind).toBe('notOnSale');
  expect(refusal(hold([0]), { onSaleAtMs: NOW + 5 } as never)).toMatchObject({ kind: 'notOnSale', opensInMs: 5 });
  expect(refusal(hold([0]), { offSaleAtMs: NOW } as never)).toMatchObject({ kind: 'notOnSale', opensInMs: null });
  expect(refusal(hold([SEATS]))).toEqual({ kind: 'noSeat' });
  expect(refusal(hold([0], { planId: 'other' }))).toEqual({ kind: 'noSeat' });
  expect(refusal(hold([0, 1, 2, 3, 4]))).toEqual({ kind: 'tooManySeats', limit: 4 });
  const mine = { userId: 'me' };
  const { outcomes } = allocate([hold([0, 1, 2, 3], mine), hold([4, 5, 6], mine), hold([7, 8], mine)], empty, rules);
  expect(outcomes.map((outcome) => outcome.kind)).toEqual(['held', 'tooManySeats', 'held']);
});

test('the same key is one booking; with another request it is refused', () => {
  const first = hold([0], { userId: 'me', idempotencyKey: 'key' });
  const again = { ...first, bookingId: 'again' };
  const other = { ...hold([1]), userId: 'me', idempotencyKey: 'key' };
  const { outcomes, created } = allocate([first, again, other], empty, rules);
  expect(outcomes).toMatchObject([
    { kind: 'held', replayed: false },
    { kind: 'held', replayed: true, booking: { id: first.bookingId } },
    { kind: 'keyReused' },
  ]);
  expect(created).toHaveLength(1);
});

describe('the settings of an event', () => {
  const at = (settings: object, state = empty) => ({ ...state, sale: { ...sale, ...settings } });
  const refused = (settings: object, seatNos = [0]) => allocate([hold(seatNos)], at(settings), rules).outcomes[0];

  it('a paused sale and a postponed event refuse new holds', () => {
    expect(refused({ salesPaused: true })).toEqual({ kind: 'salePaused', why: 'PAUSED' });
    expect(refused({ status: 'POSTPONED' })).toEqual({ kind: 'salePaused', why: 'POSTPONED' });
    expect(refused({ salesPaused: true, offSaleAtMs: NOW })).toMatchObject({ kind: 'notOnSale' });
  });

  it('a repeated request gets its hold, and the hold can be paid and cancelled, while the sale is paused', () => {
    const command = hold([0]);
    const held = allocate([command], empty, rules);
    const paused = at({ salesPaused: true }, after(empty, held));
    const again = allocate([{ ...command, bookingId: 'other' }], paused, rules);
    expect(again.outcomes[0]).toMatchObject({ kind: 'held', replayed: true });
    const { bookingId, userId } = command;
    const money = { amountMinor: 110, currency: 'USD', tickets: [] };
    const paid = allocate([{ kind: 'confirm', bookingId, ...money }], paused, rules);
    expect(paid.outcomes[0]).toMatchObject({ kind: 'confirmed' });
    const left = allocate([{ kind: 'release', reason: 'CANCELLED', bookingId, userId }], paused, rules);
    expect(left.outcomes[0]).toMatchObject({ kind: 'released' });
  });

  it('decide instead of those of the process', () => {
    expect(refused({ seatsPerBooking: 1 }, [0, 1])).toEqual({ kind: 'tooManySeats', limit: 1 });
    expect(refused({ seatsPerBooking: 5 }, [0, 1, 2, 3, 4])).toMatchObject({ kind: 'held' });
    expect(refused({ seatsPerViewer: 2 }, [0, 1, 2])).toEqual({ kind: 'tooManySeats', limit: 2 });
    const held = refused({ holdSeconds: 10 });
    expect(held).toMatchObject({ booking: { holdExpiresAtMs: NOW + 10_000 } });
  });
});
