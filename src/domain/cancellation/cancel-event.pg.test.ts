import { execFile } from 'node:child_process';
import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { Failpoint } from '#db/failpoint.ts';
import { findViolations } from '#processes/invariants/violations.ts';
import { someViewer } from '#test/support/databases/box.ts';
import type { SeededEvent } from '#test/support/databases/catalog.ts';
import { openOrganizerBox } from '#test/support/organizations/organizer-box.ts';
import { seedEventWithFees } from '#test/support/pricing/event-with-fees.ts';
import { seedRoom } from '#test/support/waiting-room/waiting-room.ts';
import { sellAtBoxOffice } from '../allocation/sell-at-box-office.ts';
import { cancelBooking } from '../booking/cancel-booking.ts';
import { confirmBooking } from '../booking/confirm-booking.ts';
import { createBooking } from '../booking/create-booking.ts';
import { recordRefund } from '../booking/record-refund.ts';
import { pauseSales } from '../catalog/event-life/pause-sales.ts';
import { rescheduleEvent } from '../catalog/event-life/reschedule-event.ts';
import { cancelEvent } from './cancel-event.ts';
import { findCancellation, listRepayments } from './cancellation-queries.ts';
import { previewEventCancellation } from './preview-event-cancellation.ts';
import { runCancellations } from './run-cancellations.ts';
import { watchCancellation } from './watch-cancellation.ts';

const { box, rights, pubsub, close } = await openOrganizerBox('cancellation-test');
afterAll(close);
afterEach(async () => {
  // These tests make up the messages about payments, so the event log does not have them.
  expect(await findViolations(box.url, { except: ['I17'] })).toEqual([]);
});
const needs = { ...box, db: box.reader, rights };

const ownerOf = ({ organizerId }: SeededEvent) => ({ userId: organizerId });
const preview = (event: SeededEvent) => previewEventCancellation(needs, ownerOf(event), event.eventId);
const cancelWith = (event: SeededEvent, token: string, more: { refundFees?: boolean } = {}) =>
  cancelEvent(needs, ownerOf(event), { eventId: event.eventId, token, refundFees: true, reason: ' Storm ', ...more });
const cancel = async (event: SeededEvent, more: { refundFees?: boolean } = {}) => {
  const { token } = await preview(event);
  await cancelWith(event, token, more);
};
const progress = async ({ eventId }: SeededEvent) => (await findCancellation(needs, eventId)) ?? {};

const openEvent = (seats?: number) => seedEventWithFees(box.reader, seats === undefined ? {} : { seats });

async function hold(event: SeededEvent, ...seatNos: number[]) {
  const viewer = someViewer();
  const seatIds = event.seatIds(...seatNos);
  const { booking } = await createBooking(box, viewer, {
    eventId: event.eventId,
    seatIds,
    idempotencyKey: randomUUID(),
  });
  const { id: aggregateId, totalMinor: amountMinor, currency } = booking;
  const of = { aggregateId, eventId: event.eventId, amountMinor, currency };
  return { viewer, booking, of, pay: () => pay(of) };
}
type Paid = { aggregateId: string; eventId: string; amountMinor: number; currency: string };
const pay = (of: Paid) =>
  confirmBooking(box, { type: 'PaymentSucceeded', ...of, capturedAt: new Date().toISOString() });
async function buy(event: SeededEvent, ...seatNos: number[]) {
  const made = await hold(event, ...seatNos);
  expect(await made.pay()).toEqual({ kind: 'confirmed' });
  return made;
}
const sell = (event: SeededEvent, seatNo: number, tender: 'CASH' | 'COMPLIMENTARY', reference: string) =>
  sellAtBoxOffice({ ...box, rights }, ownerOf(event), {
    ...{ eventId: event.eventId, tender, reference, idempotencyKey: randomUUID() },
    lines: event.seatIds(seatNo).map((seatId) => ({ seatId })),
  });
const run = () => runCancellations(needs);
const endingsOf = async ({ eventId }: SeededEvent) =>
  (
    await box.reader.execute<{ payload: Record<string, unknown> }>(
      sql`select payload from outbox where event_id = ${eventId} and type = 'BookingCancelled' order by id`,
    )
  ).map(({ payload }) => payload);
const statesOf = async ({ eventId }: SeededEvent) =>
  await box.reader.execute(sql`
    select b.status, count(*)::int as bookings, count(t.id) filter (where t.voided_at is null)::int as valid
    from bookings b left join tickets t on t.booking_id = b.id where b.event_id = ${eventId} group by b.status`);

/** Runs a process that ends bookings in batches of four. Returns how it ended. */
const runProcess = (failpoint: Failpoint | '') =>
  new Promise<string>((resolve) => {
    const env = { PATH: process.env.PATH, DATABASE_URL: box.url, BATCH_SIZE: '4', FRONTROW_FAILPOINT: failpoint };
    const file = 'test/support/cancellation/cancelling-process.ts';
    execFile(process.execPath, [file], { env }, (error, _out, err) => resolve(error ? (error.signal ?? err) : 'done'));
  });

test('twenty bookings end as the preview said, although the process dies at each step', async () => {
  const event = await openEvent();
  for (let n = 0; n < 16; n++) await buy(event, 2 * n, 2 * n + 1);
  for (const [seatNo, of] of [32, 33, 34].entries()) await sell(event, of, 'CASH', `receipt ${seatNo}`);
  await sell(event, 35, 'COMPLIMENTARY', 'the press');
  const waiting = await hold(event, 36);
  const { token, figures } = await preview(event);
  const online = 16 * (2 * (5_000 + 250 + 100) + 250);
  expect(figures).toEqual({
    ...{ currency: 'CHF', bookings: 20, tickets: 36, onlineMinor: online, keptFeesMinor: 16 * 450 },
    ...{ byHand: 4, byHandMinor: 3 * (5_350 + 250) },
  });
  await cancelWith(event, token);
  expect(await progress(event)).toMatchObject({ state: 'CANCELLING', done: 0, figures, previewed: figures });

  const deaths = [
    'cancellation.claimed',
    'inventory.written',
    'inventory.committed',
    'cancellation.batch-ended',
    'cancellation.cursor-moved',
  ] as const;
  for (const failpoint of deaths) {
    expect(await runProcess(failpoint), failpoint).toBe('SIGKILL');
    expect(await findViolations(box.url, { except: ['I17'] }), failpoint).toEqual([]);
    // Its lease ends.
    await box.reader.execute(sql`update event_cancellations set leased_until = clock_timestamp()`);
  }
  expect(await progress(event)).toMatchObject({ state: 'CANCELLING', done: 12 });
  expect(await runProcess('')).toBe('done');

  expect(await progress(event)).toMatchObject({
    ...{ state: 'REFUNDING', done: 20, failed: 0, figures, refundMinor: online, refundedMinor: 0, reason: 'Storm' },
    finishedAt: expect.any(Date),
  });
  expect(await statesOf(event)).toEqual([{ status: 'CANCELLED', bookings: 37, valid: 0 }]);
  const endings = await endingsOf(event);
  expect(Map.groupBy(endings, ({ refundDue, tender }) => `${refundDue} ${tender}`)).toMatchObject(
    new Map([
      ['true undefined', expect.objectContaining({ length: 16 })],
      ['false CASH', expect.objectContaining({ length: 3 })],
      ['false COMPLIMENTARY', expect.objectContaining({ length: 1 })],
      ['false undefined', [expect.objectContaining({ aggregateId: waiting.booking.id })]],
    ]),
  );
  expect(endings.some((ending) => 'refundMinor' in ending)).toBe(false);
  const window = { size: 2, from: 'start' } as const;
  const { items, hasMore } = await listRepayments(needs, event.eventId, window);
  expect(items).toMatchObject([
    { tender: 'CASH', reference: 'receipt 0', amountMinor: 5_600, currency: 'CHF', tickets: 1 },
    { reference: 'receipt 1' },
  ]);
  expect(hasMore).toBe(true);
  const rest = await listRepayments(needs, event.eventId, { ...window, after: items[1]?.id });
  expect(rest).toMatchObject({ items: [{ reference: 'receipt 2' }], hasMore: false });
  expect(await run()).toEqual({ nextInMs: undefined });
}, 120_000);

test('without fees the gateway is asked for less, and the books show what it has paid back', async () => {
  const event = await openEvent();
  const [first, second] = [await buy(event, 0, 1), await buy(event, 5)];
  await cancel(event, { refundFees: false });
  await run();
  const inAnyOrder = await endingsOf(event);
  const ended = [first, second].map(({ booking }) => inAnyOrder.find(({ aggregateId }) => aggregateId === booking.id));
  expect(ended).toMatchObject([
    { aggregateId: first.booking.id, refundDue: true, refundMinor: 2 * 5_250 },
    { aggregateId: second.booking.id, refundDue: true, refundMinor: 5_250 },
  ]);
  const refundMinor = 3 * 5_250;
  expect(await progress(event)).toMatchObject({ state: 'REFUNDING', refundMinor, refundedMinor: 0 });
  for (const [index, { of }] of [first, second].entries()) {
    const { refundMinor: amountMinor } = ended[index] as { refundMinor: number };
    const message = { consumer: 'test', messageId: randomUUIDv7() };
    await recordRefund(box, { type: 'PaymentRefunded', ...of, amountMinor }, message);
  }
  expect(await progress(event)).toMatchObject({ state: 'DONE', refundedMinor: refundMinor });
});

test('a change of the event makes the preview worthless, and so does time; a booking in between is listed', async () => {
  const event = await openEvent();
  await buy(event, 0);
  const outdated = await preview(event);
  await pauseSales(needs, ownerOf(event), event.eventId);
  await expect(cancelWith(event, outdated.token)).rejects.toMatchObject({ code: 'PREVIEW_OUTDATED' });
  const expired = await preview(event);
  await box.reader.execute(sql`update event_cancellation_previews set expires_at = now() where id = ${expired.token}`);
  await expect(cancelWith(event, expired.token)).rejects.toMatchObject({ code: 'PREVIEW_OUTDATED' });
  const ofAnother = await preview(await openEvent());
  for (const token of ['', 'x', randomUUID(), ofAnother.token])
    await expect(cancelWith(event, token), token).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'token' });

  const { token } = await preview(event);
  await sell(event, 1, 'CASH', 'in between');
  await cancelWith(event, token);
  await cancelWith(event, token);
  await expect(cancelWith(event, (await preview(await openEvent())).token)).rejects.toMatchObject({ field: 'eventId' });
  await expect(preview(event)).rejects.toMatchObject({ code: 'INVALID_INPUT', field: 'eventId' });
  expect(await progress(event)).toMatchObject({
    previewed: { bookings: 1, byHand: 0 },
    figures: { bookings: 2, byHand: 1 },
  });
  const messages = await box.reader.execute<{ type: string }>(
    sql`select type from outbox where aggregateid = ${event.eventId} order by id`,
  );
  expect(messages.map(({ type }) => type)).toEqual(['EventChanged', 'EventCancelled']);
  await run();
  expect(await progress(event)).toMatchObject({ done: 2, failed: 0 });
});

test('after cancelEvent has returned no process holds or confirms; late money goes back', async () => {
  const event = await openEvent();
  const other = box.process();
  const [paid, unpaid, given] = [await buy(event, 0), await hold(event, 2), await hold(event, 4)];
  const { token } = await preview(event);
  const book = (process: typeof other, seatNo: number) =>
    createBooking(process, someViewer(), {
      ...{ eventId: event.eventId, seatIds: event.seatIds(seatNo), idempotencyKey: randomUUID() },
    }).then(
      () => 'held',
      ({ code }: { code: string }) => code,
    );
  const racing = [6, 8, 10, 12].map((seatNo, index) => book(index % 2 ? other : box, seatNo));
  await cancelWith(event, token);
  expect(await Promise.all([14, 16].map((seatNo) => book(other, seatNo)))).toEqual(Array(2).fill('EVENT_NOT_ON_SALE'));
  await Promise.all(racing);
  expect(await unpaid.pay()).toMatchObject({ kind: 'refundDue' });
  await expect(cancelBooking(box, paid.viewer, { bookingId: paid.booking.id })).rejects.toMatchObject({
    code: 'NOT_CANCELLABLE',
  });
  await cancelBooking(box, given.viewer, { bookingId: given.booking.id });
  await expect(sell(event, 20, 'CASH', 'late')).rejects.toMatchObject({ code: 'EVENT_NOT_ON_SALE' });
  await Promise.all([run(), runCancellations({ ...other, batchSize: 2 })]);
  await run();
  expect(await statesOf(event)).toMatchObject([{ status: 'CANCELLED', valid: 0 }]);
  expect(await progress(event)).toMatchObject({ done: 1, figures: { bookings: 1 } });
  expect((await endingsOf(event)).filter(({ refundDue }) => refundDue)).toHaveLength(1);
  expect(await unpaid.pay()).toMatchObject({ kind: 'refundDue' });
});

test('the waiting room ends with the event, also one that has not opened', async () => {
  const [open, closed] = [await openEvent(), await openEvent()];
  await seedRoom(box.reader, open.eventId, { joined: 3 });
  await seedRoom(box.reader, closed.eventId, { state: 'CLOSED', opensInSeconds: 3_600 });
  for (const event of [open, closed]) {
    await cancel(event);
    const [room] = await box.reader.execute(sql`select state from waiting_rooms where event_id = ${event.eventId}`);
    expect(room).toEqual({ state: 'ENDED' });
  }
  // As if the process had died before it could end the room.
  await box.reader.execute(sql`update waiting_rooms set state = 'CLOSED' where event_id = ${closed.eventId}`);
  await run();
  const [room] = await box.reader.execute(sql`select state from waiting_rooms where event_id = ${closed.eventId}`);
  expect(room).toEqual({ state: 'ENDED' });
});

test('a booking that cannot be ended is counted and tried again, and the others end', async () => {
  const event = await openEvent();
  const [stuck] = [await buy(event, 0), await buy(event, 1), await buy(event, 2)];
  await cancel(event);
  // A defect that concerns one row.
  await box.reader.execute(sql`
    create function refuse() returns trigger language plpgsql as $$ begin raise exception 'a defect'; end $$`);
  await box.reader.execute(
    sql.raw(`create trigger refuse before update on bookings for each row when (new.id = '${stuck.booking.id}')
    execute function refuse()`),
  );
  await expect(run()).rejects.toThrow('a defect');
  expect(await progress(event)).toMatchObject({ state: 'CANCELLING', done: 2, failed: 1 });
  const { nextInMs = 0 } = await run();
  expect(nextInMs).toBeGreaterThan(30_000);
  await box.reader.execute(sql`drop trigger refuse on bookings`);
  await box.reader.execute(sql`update event_cancellations set leased_until = null where event_id = ${event.eventId}`);
  await run();
  expect(await progress(event)).toMatchObject({ state: 'REFUNDING', done: 3, failed: 0 });
});

test('a member who watches gets the progress to the end', async () => {
  const heartbeat = { onRecheck: () => () => {}, isDeaf: () => false } as never;
  const event = await openEvent();
  await buy(event, 0);
  const states = await watchCancellation({ ...needs, pubsub, heartbeat }, ownerOf(event), event.eventId);
  expect((await states.next()).value).toEqual({ cancellation: undefined });
  const next = states.next();
  await cancel(event);
  await run();
  await pubsub.publish(`event:${event.eventId}`, event.eventId);
  expect((await next).value).toMatchObject({ cancellation: { state: 'REFUNDING', done: 1 } });
  await states.return?.();
});

test('after a reschedule fans can give tickets back until refundUntil, also when their time to cancel had passed', async () => {
  const event = await openEvent();
  const [late, early] = [await buy(event, 0), await buy(event, 1)];
  await box.reader.execute(
    sql`update events set cancellable_until = clock_timestamp() - interval '1 hour' where id = ${event.eventId}`,
  );
  const giveBack = ({ viewer, booking }: typeof late) => cancelBooking(box, viewer, { bookingId: booking.id });
  await expect(giveBack(early)).rejects.toMatchObject({ code: 'NOT_CANCELLABLE' });
  const refundUntil = new Date(Date.now() + 86_400_000);
  await rescheduleEvent(needs, ownerOf(event), { eventId: event.eventId, startsAt: null, refundUntil });
  expect((await giveBack(early)).booking.status).toBe('CANCELLED');
  expect(await endingsOf(event)).toMatchObject([{ aggregateId: early.booking.id, refundDue: true }]);
  await box.reader.execute(sql`
    update events set refund_until = clock_timestamp() - interval '1 s', cancellable_until = clock_timestamp() - interval '1 s'
    where id = ${event.eventId}`);
  await expect(giveBack(late)).rejects.toMatchObject({ code: 'NOT_CANCELLABLE' });
});
