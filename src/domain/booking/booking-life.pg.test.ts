import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { DomainEventOf } from '#events/contracts.ts';
import { findViolations } from '#processes/invariants/violations.ts';
import { openBox, policy, someViewer } from '#test/support/databases/box.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import type { PageWindow } from '../page-window.ts';
import type { Viewer } from '../viewer.ts';
import { findBooking, findTicket, listBookings, listTicketsOfBookings, positionOf } from './booking-queries.ts';
import { cancelBooking } from './cancel-booking.ts';
import { confirmBooking } from './confirm-booking.ts';
import { createBooking } from './create-booking.ts';
import { expireBookings } from './expire-bookings.ts';
import { failBooking } from './fail-booking.ts';
import { recordPaymentSession } from './record-payment-session.ts';
import { recordRefund } from './record-refund.ts';
import { verifyTicketCode } from './ticket-code.ts';

const box = await openBox();
afterAll(() => box.close());
afterEach(async () => {
  // These tests make up their messages, so the event log does not have them.
  expect(await findViolations(box.url, { except: ['I17'] })).toEqual([]);
});

let seated: SeededEvent | undefined;
async function someEvent(options: Partial<Parameters<typeof seedEvent>[1]> = {}): Promise<SeededEvent> {
  const event = await seedEvent(box.reader, { seats: 20, ...(seated && { like: seated }), ...options });
  seated ??= event;
  return event;
}

async function held(event: SeededEvent, seatNos: readonly number[], viewer: Viewer = someViewer()) {
  const seatIds = event.seatIds(...seatNos);
  const { booking } = await createBooking(box, viewer, {
    eventId: event.eventId,
    seatIds,
    idempotencyKey: randomUUIDv7(),
  });
  const of = { aggregateId: booking.id, eventId: event.eventId };
  const { totalMinor: amountMinor, currency } = booking;
  const paid: DomainEventOf<'PaymentSucceeded'> = {
    type: 'PaymentSucceeded',
    ...of,
    amountMinor,
    currency,
    capturedAt: new Date().toISOString(),
  };
  const opened = {
    type: 'PaymentSessionOpened',
    ...of,
    url: 'https://pay.example/1',
    openedAt: paid.capturedAt,
  } as const;
  const declined = { type: 'PaymentFailed', ...of, reason: 'declined' } as const;
  const now = async () => {
    const found = await findBooking(box.reader, viewer, booking.id);
    if (!found) throw new Error('The booking is gone.');
    return found;
  };
  /** Moves the booking so many seconds into the past. */
  const age = (seconds: number) =>
    box.reader.execute(sql`
      with b as (update bookings set created_at = created_at - make_interval(secs => ${seconds}),
        hold_expires_at = hold_expires_at - make_interval(secs => ${seconds}) where id = ${booking.id} returning id, hold_expires_at)
      update event_seats e set hold_expires_at = b.hold_expires_at from b where e.booking_id = b.id`);
  return { viewer, booking, paid, opened, declined, now, age, of };
}

const message = (consumer = 'test') => ({ consumer, messageId: randomUUIDv7() });

const published = async (bookingId: string): Promise<unknown[]> => {
  const rows = await box.reader.execute(
    sql`select type from outbox where aggregateid = ${bookingId} order by created_at, id`,
  );
  return rows.map((row) => row.type);
};

test('paid: the seats are booked and each has a ticket that can be verified', async () => {
  const event = await someEvent();
  const { viewer, booking, paid, opened, now } = await held(event, [3, 4]);
  await recordPaymentSession(box, opened, message());
  expect(await now()).toMatchObject({ paymentStatus: 'SESSION_CREATED', paymentUrl: 'https://pay.example/1' });
  expect(await confirmBooking(box, paid, message())).toEqual({ kind: 'confirmed' });
  expect(await now()).toMatchObject({ status: 'CONFIRMED', paymentStatus: 'PAYMENT_SUCCESS', version: 2 });
  const [tickets = []] = await listTicketsOfBookings(box.reader, [booking.id]);
  const contents = tickets.map(({ code }) => verifyTicketCode(code, box.ticketSigner.publicKeys));
  expect(contents).toEqual(tickets.map(({ id, seatNo }) => ({ ticketId: id, eventId: event.eventId, seatNo })));
  expect(tickets.map((ticket) => ticket.seatNo)).toEqual([3, 4]);
  expect(await findTicket(box.reader, viewer, tickets[0]?.id ?? '')).toEqual(tickets[0]);
  expect(await findTicket(box.reader, someViewer(), tickets[0]?.id ?? '')).toBeUndefined();
});

test('the same news twice, as the same message or as another one, has one effect', async () => {
  const { booking, paid, opened } = await held(await someEvent(), [0]);
  const same = message();
  expect(await confirmBooking(box, paid, same)).toEqual({ kind: 'confirmed' });
  expect(await confirmBooking(box, paid, same)).toEqual({ kind: 'seenBefore' });
  expect(await confirmBooking(box, paid, message())).toEqual({ kind: 'confirmed' });
  await recordPaymentSession(box, opened, message());
  expect(await published(booking.id)).toEqual(['BookingCreated', 'BookingConfirmed']);
  const [row] = await box.reader.execute(
    sql`select payment_status, payment_url from bookings where id = ${booking.id}`,
  );
  expect(row, 'older news changed something').toEqual({ payment_status: 'PAYMENT_SUCCESS', payment_url: null });
});

test('a message that reaches twenty workers at once is handled once', async () => {
  const { booking, paid, of } = await held(await someEvent(), [0]);
  const same = message();
  const others = [box.process(), box.process()];
  const kinds = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => (await confirmBooking(others[index % 2] ?? box, paid, same)).kind),
  );
  expect(kinds.filter((kind) => kind === 'confirmed')).toHaveLength(1);
  expect(await published(booking.id)).toEqual(['BookingCreated', 'BookingConfirmed']);
  expect(of.aggregateId).toBe(booking.id);
});

test('declined: the booking has failed and the seats are free', async () => {
  const event = await someEvent();
  const { booking, declined, now } = await held(event, [0, 1]);
  expect(await failBooking(box, declined, message())).toEqual({ kind: 'failed' });
  expect(await failBooking(box, declined, message())).toEqual({ kind: 'kept' });
  expect(await now()).toMatchObject({ status: 'FAILED', paymentStatus: 'PAYMENT_FAILED' });
  await held(event, [0, 1]);
  expect(await published(booking.id)).toEqual(['BookingCreated', 'BookingFailed']);
});

test('abandoned: the hold ends when its time is over, and not before', async () => {
  const event = await someEvent();
  const { booking, opened, now, age } = await held(event, [0, 1]);
  await recordPaymentSession(box, opened, message());
  const early = await expireBookings(box);
  expect(early).toMatchObject({ expired: 0, extended: 0 });
  expect(early.nextDueInMs).toBeGreaterThan(0);
  await age(301);
  expect(await expireBookings(box)).toMatchObject({ expired: 1, extended: 0, failed: 0 });
  expect(await now()).toMatchObject({ status: 'EXPIRED' });
  expect(await expireBookings(box)).toMatchObject({ expired: 0 });
  expect(await published(booking.id)).toEqual(['BookingCreated', 'BookingExpired']);
});

test('a thousand holds end in one run', async () => {
  const event = await seedEvent(box.reader, { seats: 1000 });
  await Promise.all(Array.from({ length: 1000 }, (_, seatNo) => held(event, [seatNo])));
  await box.reader.execute(sql`update bookings set payment_status = 'SESSION_CREATED', created_at = created_at - interval '301 s',
    hold_expires_at = hold_expires_at - interval '301 s' where event_id = ${event.eventId}`);
  await box.reader.execute(sql`update event_seats e set hold_expires_at = b.hold_expires_at from bookings b
    where b.id = e.booking_id and e.event_id = ${event.eventId}`);
  const both = await Promise.all([expireBookings(box), expireBookings(box.process())]);
  expect(both.map(({ expired }) => expired).reduce((sum, one) => sum + one)).toBe(1000);
  const [row] = await box.reader.execute(sql`
    select version::int, available, held from seat_inventories where event_id = ${event.eventId}`);
  expect(row).toEqual({ version: 2000, available: 1000, held: 0 });
});

test('a rival that wants the seats of an overdue hold gets them before a worker runs; the hold ends as a whole', async () => {
  const event = await someEvent();
  const first = await held(event, [0, 1, 2]);
  await recordPaymentSession(box, first.opened, message());
  await first.age(301);
  await held(event, [2, 3]);
  expect(await first.now()).toMatchObject({ status: 'EXPIRED' });
  await held(event, [0, 1]);
});

test('a hold without a session gets two more minutes at its end, once', async () => {
  const { booking, now, age } = await held(await someEvent(), [0]);
  await age(301);
  expect(await expireBookings(box)).toMatchObject({ expired: 0, extended: 1 });
  const extended = await now();
  expect(extended.holdExtendedAt).not.toBeNull();
  expect(extended.holdExpiresAt.getTime() - extended.createdAt.getTime()).toBe(420_000);
  await age(121);
  expect(await expireBookings(box)).toMatchObject({ expired: 1, extended: 0 });
  expect(await published(booking.id)).toEqual(['BookingCreated', 'HoldExtended', 'BookingExpired']);
});

test('a session that opens late extends the hold by the delay, once', async () => {
  const { booking, opened, now, age } = await held(await someEvent(), [0]);
  await age(60);
  const before = await now();
  expect(await recordPaymentSession(box, opened, message())).toEqual({ kind: 'extended' });
  const extended = await now();
  const moreMs = extended.holdExpiresAt.getTime() - before.holdExpiresAt.getTime();
  expect(moreMs).toBeGreaterThanOrEqual(60_000);
  expect(moreMs).toBeLessThanOrEqual(120_000);
  expect(extended).toMatchObject({ paymentStatus: 'SESSION_CREATED', paymentUrl: opened.url });
  expect(await recordPaymentSession(box, opened, message())).toEqual({ kind: 'recorded' });
  expect(await published(booking.id)).toEqual(['BookingCreated', 'HoldExtended']);
});

test('paid late: takes exactly the same seats if they are free', async () => {
  const { booking, paid, opened, now, age } = await held(await someEvent(), [0, 1]);
  await recordPaymentSession(box, opened, message());
  await age(301);
  await expireBookings(box);
  expect(await confirmBooking(box, paid, message())).toEqual({ kind: 'retaken' });
  expect(await now()).toMatchObject({ status: 'CONFIRMED' });
  expect(await published(booking.id)).toEqual(['BookingCreated', 'BookingExpired', 'BookingConfirmed']);
});

test('paid late when the seats are gone: the money is refunded and the fan sees each step', async () => {
  const event = await someEvent();
  const { booking, paid, opened, now, age, of } = await held(event, [0, 1]);
  await recordPaymentSession(box, opened, message());
  await age(301);
  await expireBookings(box);
  await held(event, [1]);
  const mark = message();
  expect(await confirmBooking(box, paid, mark)).toEqual({ kind: 'refundDue' });
  expect(await confirmBooking(box, paid, mark)).toEqual({ kind: 'seenBefore' });
  expect(await published(booking.id)).toEqual(['BookingCreated', 'BookingExpired', 'BookingConfirmationFailed']);
  const { amountMinor, currency } = paid;
  await recordRefund(box, { type: 'PaymentRefunded', ...of, amountMinor, currency }, message());
  await recordRefund(box, { type: 'RefundRequested', ...of, amountMinor, currency, reason: 'late' }, message());
  expect(await now(), 'older news turned it back').toMatchObject({
    status: 'EXPIRED',
    paymentStatus: 'REFUNDED',
    refundedMinor: amountMinor,
  });
});

test('paid late by a user who has reached the limit of seats since: the money is refunded', async () => {
  const event = await someEvent();
  const viewer = someViewer();
  const { booking, paid, opened, age } = await held(event, [0], viewer);
  await recordPaymentSession(box, opened, message());
  await age(301);
  await expireBookings(box);
  const { maxSeatsPerBooking, maxSeatsPerEvent } = policy;
  for (let first = 1; first <= maxSeatsPerEvent; first += maxSeatsPerBooking) {
    const count = Math.min(maxSeatsPerBooking, maxSeatsPerEvent + 1 - first);
    await held(
      event,
      Array.from({ length: count }, (_, index) => first + index),
      viewer,
    );
  }
  expect(await confirmBooking(box, paid, message())).toEqual({ kind: 'refundDue' });
  expect(await published(booking.id)).toEqual(['BookingCreated', 'BookingExpired', 'BookingConfirmationFailed']);
});

test('another amount or currency than the booking’s is not accepted as its payment', async () => {
  const event = await someEvent();
  for (const wrong of [{ amountMinor: 1 }, { currency: 'EUR' }]) {
    const { booking, paid, now } = await held(event, [0]);
    expect(await confirmBooking(box, { ...paid, ...wrong }, message())).toEqual({ kind: 'refundDue' });
    expect(await now()).toMatchObject({ status: 'FAILED', paymentStatus: 'PAYMENT_SUCCESS' });
    expect(await published(booking.id)).toEqual(['BookingCreated', 'BookingFailed', 'BookingConfirmationFailed']);
  }
});

test('cancels at any time before payment, and after it while the event allows it', async () => {
  const open = await someEvent({ cancellableForSeconds: 3600 });
  const unpaid = await held(open, [0]);
  const cancel = (of: { viewer: Viewer; booking: { id: string } }, viewer = of.viewer) =>
    cancelBooking(box, viewer, { bookingId: of.booking.id });
  await expect(cancel(unpaid, someViewer())).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(cancelBooking(box, someViewer(), { bookingId: 'nonsense' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  expect(await cancel(unpaid)).toMatchObject({ booking: { status: 'CANCELLED' } });
  expect(await cancel(unpaid)).toMatchObject({ booking: { status: 'CANCELLED' } });
  expect(await confirmBooking(box, unpaid.paid, message())).toEqual({ kind: 'refundDue' });

  const paid = await held(open, [0]);
  await confirmBooking(box, paid.paid, message());
  expect(await cancel(paid)).toMatchObject({ booking: { status: 'CANCELLED', releasedAt: expect.any(Date) } });
  expect(await listTicketsOfBookings(box.reader, [paid.booking.id])).toEqual([[]]);
  const [row] = await box.reader.execute(sql`
    select payload -> 'refundDue' as due from outbox where aggregateid = ${paid.booking.id} and type = 'BookingCancelled'`);
  expect(row).toEqual({ due: true });
  await held(open, [0]);

  const closed = await held(await someEvent({ cancellableForSeconds: -1 }), [0]);
  await confirmBooking(box, closed.paid, message());
  await expect(cancel(closed)).rejects.toMatchObject({ code: 'NOT_CANCELLABLE' });
  const never = await held(await someEvent(), [0]);
  await failBooking(box, never.declined, message());
  await expect(cancel(never)).rejects.toMatchObject({ code: 'NOT_CANCELLABLE' });
});

test('history has only the viewer’s bookings, latest first, page by page, by the status that clients see', async () => {
  const viewer = someViewer();
  const event = await someEvent();
  const made = [];
  for (let seatNo = 0; seatNo < 5; seatNo++) made.push(await held(event, [seatNo], viewer));
  await held(event, [9]);
  const [first, second] = made;
  if (!first || !second) throw new Error('no bookings');
  await recordPaymentSession(box, first.opened, message());
  await confirmBooking(box, second.paid, message());
  const ids = made.map(({ booking }) => booking.id).reverse();
  const page = async (window: PageWindow<ReturnType<typeof positionOf>>) => {
    const { items, hasMore } = await listBookings(box.reader, viewer, { window });
    const [start, end] = [items[0], items.at(-1)];
    return { ids: items.map(({ id }) => id), start: start && positionOf(start), end: end && positionOf(end), hasMore };
  };
  const forth = await page({ size: 2, from: 'start' });
  const further = await page({ size: 2, from: 'start', after: forth.end });
  const furthest = await page({ size: 2, from: 'start', after: further.end });
  expect([forth, further, furthest].map((one) => one.hasMore)).toEqual([true, true, false]);
  expect([forth, further, furthest].flatMap((one) => one.ids)).toEqual(ids);
  const back = await page({ size: 2, from: 'end' });
  const furtherBack = await page({ size: 3, from: 'end', before: back.start });
  expect([back, furtherBack].map((one) => one.hasMore)).toEqual([true, false]);
  expect([...furtherBack.ids, ...back.ids]).toEqual(ids);
  const between = { after: forth.start, before: back.end };
  expect((await page({ size: 2, from: 'start', ...between })).ids).toEqual(ids.slice(1, 3));
  expect((await page({ size: 2, from: 'end', ...between })).ids).toEqual(ids.slice(2, 4));
  const of = async (...statuses: ('PAYMENT_READY' | 'PENDING_PAYMENT' | 'CONFIRMED' | 'EXPIRED')[]) =>
    (await listBookings(box.reader, viewer, { window: { size: 50, from: 'start' }, statuses })).items.map(
      ({ id }) => id,
    );
  expect(await of('PAYMENT_READY')).toEqual([first.booking.id]);
  expect(await of('CONFIRMED', 'PAYMENT_READY')).toEqual([second.booking.id, first.booking.id]);
  expect(await of('PENDING_PAYMENT')).toHaveLength(3);
  expect(await of('EXPIRED')).toEqual([]);
  expect(await findBooking(box.reader, someViewer(), first.booking.id)).toBeUndefined();
});

test('the time to pay is as configured', async () => {
  const short = box.process({ policy: { ...policy, holdTtlSeconds: 7 } });
  const event = await someEvent();
  const request = { eventId: event.eventId, seatIds: event.seatIds(0), idempotencyKey: 'short' };
  const { booking } = await createBooking(short, someViewer(), request);
  expect(booking.holdExpiresAt.getTime() - booking.createdAt.getTime()).toBe(7000);
  // Otherwise it would be overdue when the next test looks.
  await failBooking(short, { type: 'PaymentFailed', aggregateId: booking.id, eventId: event.eventId, reason: 'test' });
});
