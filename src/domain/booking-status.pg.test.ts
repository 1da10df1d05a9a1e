import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findViolations } from '#processes/invariants/violations.ts';
import { openBox, someViewer } from '#test/support/databases/box.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { findBooking } from './booking/booking-queries.ts';
import { cancelBooking } from './booking/cancel-booking.ts';
import { confirmBooking } from './booking/confirm-booking.ts';
import { createBooking } from './booking/create-booking.ts';
import { NotCancellable, SeatsUnavailable } from './booking/errors.ts';
import { expireBookings } from './booking/expire-bookings.ts';
import { failBooking } from './booking/fail-booking.ts';
import { recordPaymentSession } from './booking/record-payment-session.ts';
import { type BookingStatus, bookingStatuses, bookingTransitions, type PaymentStatus } from './booking-status.ts';
import type { Viewer } from './viewer.ts';

const box = await openBox();
let first: SeededEvent;
beforeAll(async () => {
  first = await seedEvent(box.reader, { seats: 2 });
});
afterAll(() => box.close());

const actions = [
  'open',
  'pay',
  'payWrong',
  'decline',
  'cancel',
  'timePasses',
  'expire',
  'rivalHolds',
  'rivalLeaves',
] as const;
type Action = (typeof actions)[number];

/** The expectations from the tables of states and the rules of late payment, independent of the code under test. */
type Model = { status: BookingStatus; payment: PaymentStatus; isExtended: boolean; isOverdue: boolean; rival: boolean };

const paymentIsOver = (model: Model): boolean =>
  ['PAYMENT_SUCCESS', 'REFUND_PENDING', 'REFUNDED'].includes(model.payment);

function expired(model: Model): Model {
  if (model.status !== 'PENDING_PAYMENT' || !model.isOverdue) return model;
  return model.payment === 'CREATING_SESSION' && !model.isExtended
    ? { ...model, isExtended: true, isOverdue: false }
    : { ...model, status: 'EXPIRED' };
}

function paid(model: Model, isRight: boolean): Model {
  if (model.status === 'CONFIRMED' || paymentIsOver(model)) return model;
  const next = { ...model, payment: 'PAYMENT_SUCCESS' as const };
  if (model.status === 'PENDING_PAYMENT') return { ...next, status: isRight ? 'CONFIRMED' : 'FAILED' };
  return model.status === 'EXPIRED' && isRight && !model.rival ? { ...next, status: 'CONFIRMED' } : next;
}

function declined(model: Model): Model {
  const isNews = model.payment === 'CREATING_SESSION' || model.payment === 'SESSION_CREATED';
  const next = isNews ? { ...model, payment: 'PAYMENT_FAILED' as const } : model;
  return model.status === 'PENDING_PAYMENT' ? { ...next, status: 'FAILED' } : next;
}

const rules: Record<Action, (model: Model) => Model> = {
  open: (model) => (model.payment === 'CREATING_SESSION' ? { ...model, payment: 'SESSION_CREATED' } : model),
  pay: (model) => paid(model, true),
  payWrong: (model) => paid(model, false),
  decline: declined,
  cancel: (model) =>
    model.status === 'PENDING_PAYMENT' || model.status === 'CONFIRMED' ? { ...model, status: 'CANCELLED' } : model,
  timePasses: (model) => (model.status === 'PENDING_PAYMENT' ? { ...model, isOverdue: true } : model),
  expire: expired,
  rivalHolds: (model) => {
    const next = expired(model);
    return { ...next, rival: next.status !== 'PENDING_PAYMENT' && next.status !== 'CONFIRMED' };
  },
  rivalLeaves: (model) => ({ ...model, rival: false }),
};

async function begin() {
  const event = await seedEvent(box.reader, {
    seats: 2,
    like: first,
    cancellableForSeconds: 3600,
    organizerId: first.organizerId,
  });
  const hold = (viewer: Viewer, seatNos: readonly number[]) =>
    createBooking(box, viewer, { eventId: event.eventId, seatIds: event.seatIds(...seatNos), idempotencyKey: 'k' });
  const viewer = someViewer();
  const { booking } = await hold(viewer, [0, 1]);
  let rival: { viewer: Viewer; bookingId: string } | undefined;
  const of = { aggregateId: booking.id, eventId: event.eventId };
  const pay = (amountMinor: number) =>
    confirmBooking(box, { type: 'PaymentSucceeded', ...of, amountMinor, currency: 'USD', capturedAt: '' }, message());
  const perform: Record<Action, () => Promise<unknown>> = {
    // Not late: instead of time passing, the hold's end is moved nearer.
    open: () =>
      recordPaymentSession(
        box,
        { type: 'PaymentSessionOpened', ...of, url: 'https://pay.example', openedAt: '' },
        message(),
      ),
    pay: () => pay(booking.totalMinor),
    payWrong: () => pay(booking.totalMinor - 1),
    decline: () => failBooking(box, { type: 'PaymentFailed', ...of, reason: 'declined' }, message()),
    cancel: () => cancelBooking(box, viewer, { bookingId: booking.id }).catch(unless(NotCancellable)),
    timePasses: () =>
      box.reader.execute(sql`
        with b as (update bookings set hold_expires_at = now() where id = ${booking.id} and status = 'PENDING_PAYMENT'
          returning id, hold_expires_at)
        update event_seats e set hold_expires_at = b.hold_expires_at from b where e.booking_id = b.id`),
    expire: () => expireBookings(box),
    rivalHolds: async () => {
      if (rival) return;
      const other = someViewer();
      const held = await hold(other, [1]).catch(unless(SeatsUnavailable));
      rival = held && { viewer: other, bookingId: held.booking.id };
    },
    rivalLeaves: async () => {
      if (rival) await cancelBooking(box, rival.viewer, { bookingId: rival.bookingId });
      rival = undefined;
    },
  };
  return { perform, now: () => findBooking(box.reader, viewer, booking.id) };
}

const message = () => ({ consumer: 'walk', messageId: randomUUIDv7() });
const unless = (refusal: new (...args: never[]) => Error) => (error: unknown) => {
  if (!(error instanceof refusal)) throw error;
  return undefined;
};

test('for any order of actions, a booking follows its table of states and the invariants hold', async () => {
  const taken = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...actions), { minLength: 1, maxLength: 8 }), async (walk) => {
      const { perform, now } = await begin();
      let model: Model = {
        status: 'PENDING_PAYMENT',
        payment: 'CREATING_SESSION',
        isExtended: false,
        isOverdue: false,
        rival: false,
      };
      for (const action of walk) {
        const before = model.status;
        // A rival that has the seats already does not come again.
        if (!(action === 'rivalHolds' && model.rival)) model = rules[action](model);
        await perform[action]();
        if (before !== model.status) {
          expect(bookingTransitions[before]).toContain(model.status);
          taken.add(`${before} -> ${model.status}`);
        }
        const { status, payment: paymentStatus } = model;
        expect(await now(), `${walk.join(', ')}: after ${action}`).toMatchObject({ status, paymentStatus });
      }
    }),
    { numRuns: 120, examples: EDGES.map((walk) => [walk]) },
  );
  // The walks make up their messages, so the event log does not have them.
  expect(await findViolations(box.url, { except: ['I17'] })).toEqual([]);
  const edges = bookingStatuses.flatMap((from) => bookingTransitions[from].map((to) => `${from} -> ${to}`));
  expect([...taken].sort(), 'an edge was never taken').toEqual(edges.sort());
});

const EDGES: Action[][] = [
  ['open', 'timePasses', 'expire', 'pay', 'cancel', 'rivalHolds'],
  ['timePasses', 'expire', 'timePasses', 'rivalHolds', 'pay', 'rivalLeaves', 'pay'],
  ['decline', 'pay'],
  ['payWrong', 'pay', 'rivalHolds'],
  ['cancel', 'pay', 'decline'],
];
