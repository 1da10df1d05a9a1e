import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, expect, test } from 'vitest';
import { domainEvent } from '#events/contracts.ts';
import { findViolations } from '#processes/invariants/violations.ts';
import { type BoxProcess, someViewer } from '#test/support/databases/box.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { openOrganizerBox } from '#test/support/organizations/organizer-box.ts';
import { seedEventWithFees } from '#test/support/pricing/event-with-fees.ts';
import { sellAtBoxOffice } from '../allocation/sell-at-box-office.ts';
import { setAllocation } from '../allocation/set-allocation.ts';
import { cancelBooking } from '../booking/cancel-booking.ts';
import { confirmBooking } from '../booking/confirm-booking.ts';
import { createBooking } from '../booking/create-booking.ts';
import { salesFiguresOf } from '../booking/sales/sales-figures-rules.ts';
import { readSold } from '../booking/sales/sales-queries.ts';
import { cancelEvent } from '../cancellation/cancel-event.ts';
import { findCancellation } from '../cancellation/cancellation-queries.ts';
import { previewEventCancellation } from '../cancellation/preview-event-cancellation.ts';
import { runCancellations } from '../cancellation/run-cancellations.ts';
import { type RefundInput, refundTickets } from './refund-tickets.ts';

const { box, rights, close } = await openOrganizerBox('refund-test');
afterAll(close);
afterEach(async () => {
  // These tests make up the messages about payments, so the event log does not have them.
  expect(await findViolations(box.url, { except: ['I17'] })).toEqual([]);
});

const ownerOf = ({ organizerId }: SeededEvent) => ({ userId: organizerId });
const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

/** With a tax on the fees. */
const openEvent = (seats?: number) =>
  seedEventWithFees(box.reader, {
    ...(seats !== undefined && { seats }),
    taxes: [{ name: 'VAT', percent: '10', inclusive: false, appliesTo: 'FEES' }],
  });
const TICKET = 5_000 + 350 + 35;
const BOOKING = 250 + 25;

async function buy(event: SeededEvent, ...seatNos: number[]) {
  const viewer = someViewer();
  const { booking } = await createBooking(box, viewer, {
    eventId: event.eventId,
    seatIds: event.seatIds(...seatNos),
    idempotencyKey: randomUUIDv7(),
  });
  const { id: aggregateId, totalMinor: amountMinor, currency } = booking;
  const paid = { aggregateId, eventId: event.eventId, amountMinor, currency, capturedAt: new Date().toISOString() };
  expect(await confirmBooking(box, { type: 'PaymentSucceeded', ...paid })).toEqual({ kind: 'confirmed' });
  const tickets = await box.reader.execute<{ id: string; seat_no: number }>(
    sql`select id, seat_no from tickets where booking_id = ${booking.id}`,
  );
  const ticketIds = (...wanted: number[]) =>
    wanted.map((seatNo) => tickets.find(({ seat_no }) => seat_no === seatNo)?.id);
  return { viewer, booking, ticketIds };
}
type Bought = Awaited<ReturnType<typeof buy>>;

type Wish = Partial<RefundInput> & { process?: BoxProcess };
const refund = (event: SeededEvent, { booking }: Bought, { process = box, ...wish }: Wish = {}) =>
  refundTickets({ ...process, rights }, ownerOf(event), {
    bookingId: booking.id,
    refundFees: true,
    seats: 'FREE',
    reason: 'Ill',
    idempotencyKey: randomUUIDv7(),
    ...wish,
  });
const messagesOf = async ({ booking }: Bought) =>
  (
    await box.reader.execute<{ payload: Record<string, unknown> }>(
      sql`select payload from outbox where aggregateid = ${booking.id} order by (payload ->> 'version')::bigint`,
    )
  ).map(({ payload }) => payload);
const seatsOf = async ({ eventId }: SeededEvent) =>
  Object.fromEntries(
    (
      await box.reader.execute<{ seat_no: number; status: string }>(
        sql`select seat_no, status from event_seats where event_id = ${eventId} order by seat_no`,
      )
    ).map(({ seat_no, status }) => [seat_no, status]),
  );

test('one ticket of four is void, its seat is sold again, and the others stay valid', async () => {
  const event = await openEvent();
  const bought = await buy(event, 0, 1, 2, 3);
  const done = await refund(event, bought, { ticketIds: bought.ticketIds(1), reason: ' Ill ' });
  // A quarter of 250 and of 25, a half upwards.
  const amountMinor = TICKET + 63 + 6;
  expect(done.refund).toMatchObject({ status: 'PENDING', amountMinor, reason: 'Ill', seatNos: [1] });
  expect(done.booking).toMatchObject({ status: 'CONFIRMED', totalMinor: 4 * TICKET + BOOKING, voidedTickets: 1 });
  expect(done.booking.tickets?.map(({ seatNo, code }) => [seatNo, code])).toEqual([
    [0, ''],
    [2, ''],
    [3, ''],
  ]);
  const voided = (await messagesOf(bought)).at(-1);
  expect(voided).toMatchObject({ type: 'TicketsVoided', seatNos: [1], refund: { id: done.refund.id, amountMinor } });
  expect(await seatsOf(event)).toEqual({ 0: 'BOOKED', 1: 'AVAILABLE', 2: 'BOOKED', 3: 'BOOKED' });
  await buy(event, 1);
  await cancelBooking(box, bought.viewer, { bookingId: bought.booking.id });
  const ended = (await messagesOf(bought)).at(-1);
  expect(ended).toMatchObject({ type: 'BookingCancelled', seatNos: [0, 2, 3], refundDue: true });
  expect(ended).not.toHaveProperty('refundMinor');
});

test('the same key finds its refund, sent twice at once as well; another request with it is refused, at any event', async () => {
  const event = await openEvent();
  const bought = await buy(event, 0, 1, 2);
  const idempotencyKey = randomUUIDv7();
  const same = { ticketIds: bought.ticketIds(0), idempotencyKey };
  const processes = [box, box.process(), box.process()];
  const made = await Promise.all(processes.map((process) => refund(event, bought, { ...same, process })));
  expect(new Set(made.map(({ refund: { id } }) => id)).size).toBe(1);
  const [first] = made;
  expect((await refund(event, bought, same)).refund).toEqual(first?.refund);
  const reused = { code: 'IDEMPOTENCY_KEY_REUSED' };
  expect(await refusal(refund(event, bought, { ...same, refundFees: false }))).toMatchObject(reused);
  expect(await refusal(refund(event, bought, { idempotencyKey }))).toMatchObject(reused);
  const other = await seedEvent(box.reader, { seats: 4, organizerId: event.organizerId });
  expect(await refusal(refund(other, await buy(other, 0), { idempotencyKey }))).toMatchObject(reused);
  const audits = await box.reader.execute(
    sql`select 1 from organizer_audit where subject_id = ${event.eventId} and operation = 'refundTickets'`,
  );
  expect(audits).toHaveLength(1);
});

test('what cannot be refunded is refused as a whole, and strangers find nothing', async () => {
  const event = await openEvent();
  const bought = await buy(event, 0, 1, 2);
  const { viewer, booking, ticketIds } = bought;
  await refund(event, bought, { ticketIds: ticketIds(1) });
  expect(await refusal(refund(event, bought, { ticketIds: ticketIds(0, 1) }))).toMatchObject({
    code: 'NOT_REFUNDABLE',
    ticketIds: ticketIds(1),
  });
  const wrong: [Wish, string][] = [
    [{ ticketIds: [] }, 'ticketIds'],
    [{ ticketIds: [randomUUIDv7()] }, 'ticketIds'],
    [{ ticketIds: [undefined] }, 'ticketIds'],
    [{ ticketIds: ticketIds(0, 0) }, 'ticketIds'],
    [{ reason: ' ' }, 'reason'],
    [{ reason: 'x'.repeat(501) }, 'reason'],
    [{ idempotencyKey: '' }, 'idempotencyKey'],
  ];
  for (const [wish, field] of wrong) expect(await refusal(refund(event, bought, wish)), field).toMatchObject({ field });
  for (const wish of [{ bookingId: randomUUIDv7() }, { bookingId: 'x' }])
    expect(await refusal(refund(event, bought, wish))).toMatchObject({ code: 'NOT_FOUND' });
  const stranger = await openEvent();
  expect(await refusal(refund(stranger, bought))).toMatchObject({ code: 'NOT_FOUND' });
  await cancelBooking(box, viewer, { bookingId: booking.id });
  expect(await refusal(refund(event, bought))).toMatchObject({ code: 'NOT_REFUNDABLE', ticketIds: [] });
  const off = await buy(event, 5);
  await box.reader.execute(sql`update events set status = 'CANCELLED' where id = ${event.eventId}`);
  expect(await refusal(refund(event, off))).toMatchObject({ code: 'NOT_REFUNDABLE' });
  await box.reader.execute(sql`update events set status = 'PUBLISHED' where id = ${event.eventId}`);
});

test('the last ticket ends the booking; kept fees stay kept, with the tax on them, and are not refunded later', async () => {
  const event = await openEvent();
  const bought = await buy(event, 0, 1, 2);
  const part = await refund(event, bought, { ticketIds: bought.ticketIds(0), refundFees: false });
  const partMinor = 5_000 + 250 + 25;
  expect(part.refund).toMatchObject({ amountMinor: partMinor });
  await refund(event, bought, { ticketIds: bought.ticketIds(1) });
  const last = await refund(event, bought, { refundFees: true });
  expect(last).toMatchObject({
    booking: { status: 'CANCELLED', tickets: [] },
    refund: { id: bought.booking.id, status: 'PENDING', seatNos: [2] },
  });
  // Of the first ticket its printing with the tax on it, and a third of what the booking paid as a whole, were kept.
  const kept = 110 + 83 + 8;
  expect((await messagesOf(bought)).at(-1)).toMatchObject({
    type: 'BookingCancelled',
    refundMinor: 3 * TICKET + BOOKING - kept,
  });
  expect(await seatsOf(event)).toEqual({ 0: 'AVAILABLE', 1: 'AVAILABLE', 2: 'AVAILABLE' });
});

test('seats can be blocked: only the organizer can then open them', async () => {
  const event = await openEvent();
  const bought = await buy(event, 0, 1);
  await refund(event, bought, { ticketIds: bought.ticketIds(0), seats: 'BLOCKED' });
  expect(await seatsOf(event)).toEqual({ 0: 'BLOCKED', 1: 'BOOKED' });
  expect(await refusal(buy(event, 0))).toMatchObject({ code: 'SEATS_UNAVAILABLE' });
  await refund(event, bought, { seats: 'BLOCKED' });
  expect(await seatsOf(event)).toEqual({ 0: 'BLOCKED', 1: 'BLOCKED' });
  const give = { eventId: event.eventId, seats: { seatIds: event.seatIds(0, 1) }, allocation: null };
  expect(await setAllocation({ ...box, rights }, ownerOf(event) as never, give)).toMatchObject({ changed: 2 });
  await buy(event, 0, 1);
});

test('a sale of the box office is given back by hand: done at once, in the figures, and named for the journal', async () => {
  const event = await openEvent();
  const sell = async (seatNos: number[], tender: 'CASH' | 'COMPLIMENTARY') => {
    const { booking } = await sellAtBoxOffice({ ...box, rights }, ownerOf(event) as never, {
      ...{ eventId: event.eventId, tender, idempotencyKey: randomUUIDv7() },
      lines: event.seatIds(...seatNos).map((seatId) => ({ seatId })),
    });
    const tickets = await box.reader.execute<{ id: string; seat_no: number }>(
      sql`select id, seat_no from tickets where booking_id = ${booking.id}`,
    );
    const ticketIds = (...wanted: number[]) => wanted.map((no) => tickets.find(({ seat_no }) => seat_no === no)?.id);
    return { viewer: someViewer(), booking, ticketIds };
  };
  const sold = await sell([0, 1], 'CASH');
  const part = await refund(event, sold, { ticketIds: sold.ticketIds(0) });
  const half = TICKET + 125 + 13;
  expect(part.refund).toMatchObject({ status: 'SUCCEEDED', origin: 'BOX_OFFICE', amountMinor: half });
  expect(part.booking).toMatchObject({ status: 'CONFIRMED', refundedMinor: half, paymentStatus: 'PAYMENT_SUCCESS' });
  const sales = () => readSold(box.reader, event.eventId).then((of) => salesFiguresOf(of, new Map()));
  const grossMinor = 2 * TICKET + BOOKING;
  expect(await sales()).toMatchObject({
    soldTickets: 1,
    money: [{ grossMinor, refundedMinor: half, netMinor: grossMinor - half, feesMinor: 2 * 350 + 250 }],
  });
  const rest = await refund(event, sold);
  expect(rest.refund).toMatchObject({ status: 'SUCCEEDED', amountMinor: grossMinor - half, seatNos: [1] });
  expect(rest.booking).toMatchObject({ status: 'CANCELLED', refundedMinor: grossMinor, paymentStatus: 'REFUNDED' });
  expect(await sales()).toMatchObject({ soldTickets: 0, money: [{ refundedMinor: grossMinor, netMinor: 0 }] });
  const messages = await messagesOf(sold);
  expect(messages.map(({ type }) => type).sort()).toEqual(
    ['BookingCancelled', 'BookingConfirmed', 'BoxOfficeRefunded', 'BoxOfficeRefunded', 'TicketsVoided'].sort(),
  );
  expect(messages.filter(({ type }) => type === 'TicketsVoided')[0]).not.toHaveProperty('refund');
  const byHand = messages.filter(({ type }) => type === 'BoxOfficeRefunded');
  expect(byHand).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        ...{ refundId: part.refund.id, tender: 'CASH', currency: 'CHF', amountMinor: half, seatNos: [0] },
        organizationId: event.organizationId,
      }),
      expect.objectContaining({ refundId: rest.refund.id, amountMinor: grossMinor - half }),
    ]),
  );
  for (const message of messages) expect(domainEvent.parse(message)).toEqual(message);
  const gift = await sell([4], 'COMPLIMENTARY');
  expect((await refund(event, gift)).refund).toMatchObject({ status: 'SUCCEEDED', amountMinor: 0 });
});

test('fifty parts of one booking at once with its cancellation, through three processes, are each made once or refused', async () => {
  const event = await openEvent(60);
  await box.reader.execute(
    sql`update events set seats_per_booking = 60, seats_per_viewer = 60 where id = ${event.eventId}`,
  );
  const bought = await buy(event, ...Array.from({ length: 51 }, (_, seatNo) => seatNo));
  const processes = [box, box.process(), box.process()];
  const parts = Array.from({ length: 50 }, (_, n) =>
    refund(event, bought, {
      process: processes[n % 3] ?? box,
      ticketIds: bought.ticketIds(n),
      refundFees: n % 2 === 0,
      seats: n % 5 === 0 ? 'BLOCKED' : 'FREE',
    }).then(
      (done) => ({ done, code: undefined }),
      ({ code }: { code: string }) => ({ done: undefined, code }),
    ),
  );
  const cancelling = cancelBooking(processes[1] ?? box, bought.viewer, { bookingId: bought.booking.id });
  const made = await Promise.all(parts);
  await cancelling;
  expect(made.filter(({ code }) => code !== undefined && code !== 'NOT_REFUNDABLE')).toEqual([]);
  const messages = await messagesOf(bought);
  const parted = messages.flatMap(({ refund: part }) => (part ? [part as { amountMinor: number; id: string }] : []));
  expect(new Set(parted.map(({ id }) => id))).toEqual(new Set(made.flatMap(({ done }) => done?.refund.id ?? [])));
  const end = messages.at(-1) as { type: string; refundMinor?: number; seatNos: number[] };
  expect(end).toMatchObject({ type: 'BookingCancelled' });
  const gone = parted.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  const { totalMinor } = bought.booking;
  expect(end.refundMinor ?? totalMinor).toBeGreaterThanOrEqual(gone);
  expect(end.refundMinor ?? totalMinor).toBeLessThanOrEqual(totalMinor);
  expect(end.seatNos).toHaveLength(51 - parted.length);
  expect(Object.values(await seatsOf(event))).not.toContain('BOOKED');
});

test('an event that is cancelled after parts were refunded gives back what the preview says, and no kept fee', async () => {
  const event = await openEvent();
  const needs = { ...box, db: box.reader, rights };
  const [first, second] = [await buy(event, 0, 1, 2), await buy(event, 5, 6)];
  await refund(event, first, { ticketIds: first.ticketIds(1), refundFees: false });
  await refund(event, second, { ticketIds: second.ticketIds(5) });
  const { token, figures } = await previewEventCancellation(needs, ownerOf(event), event.eventId);
  const rest = 3 * TICKET + (BOOKING - 83 - 8) + (BOOKING - 125 - 13);
  expect(figures).toMatchObject({ bookings: 2, tickets: 3, onlineMinor: rest });
  expect(figures.keptFeesMinor).toBe(3 * 110 + (BOOKING - 83 - 8) + (BOOKING - 125 - 13));
  const asked = { eventId: event.eventId, token, refundFees: false, reason: 'Storm' };
  await cancelEvent(needs, ownerOf(event), asked);
  await runCancellations(needs);
  const ended = [(await messagesOf(first)).at(-1), (await messagesOf(second)).at(-1)];
  expect(ended).toMatchObject([
    { type: 'BookingCancelled', refundMinor: 5_275 + 2 * 5_275 },
    { refundMinor: TICKET + 125 + 13 + 5_275 },
  ]);
  expect(await findCancellation(needs, event.eventId)).toMatchObject({ done: 2, refundMinor: 3 * 5_275 });
  const [job] = await box.reader.execute<{ asked: number }>(
    sql`select asked_minor::float8 as asked from event_cancellations where event_id = ${event.eventId}`,
  );
  expect(job?.asked).toBe(3 * 5_275);
});
