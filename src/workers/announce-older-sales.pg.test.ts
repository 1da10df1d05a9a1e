import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { sellAtBoxOffice } from '#domain/allocation/sell-at-box-office.ts';
import { announceOlderSales } from '#domain/booking/sales/announce-older-sales.ts';
import { refundTickets } from '#domain/refunds/refund-tickets.ts';
import { type DomainEvent, domainEvent } from '#events/contracts.ts';
import { readBookingFacts } from '#processes/invariants/money.ts';
import { findViolations } from '#processes/invariants/violations.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import { openOrganizerBox } from '#test/support/organizations/organizer-box.ts';
import { openPaymentsWorld } from '#test/support/payments/payments-world.ts';

const [{ box, rights, close }, world] = await Promise.all([openOrganizerBox('older-sales-test'), openPaymentsWorld()]);
afterAll(() => Promise.all([close(), world.close()]));

const event = await seedEvent(box.reader, { seats: 20 });
const owner = { userId: event.organizerId } as never;

const sell = (seatNos: number[], tender: 'CASH' | 'INVOICE' | 'COMPLIMENTARY') =>
  sellAtBoxOffice({ ...box, rights }, owner, {
    eventId: event.eventId,
    lines: event.seatIds(...seatNos).map((seatId) => ({ seatId })),
    tender,
    idempotencyKey: randomUUIDv7(),
  });
const giveBack = async (bookingId: string, seatNo: number) => {
  const [ticket] = await box.reader.execute<{ id: string }>(
    sql`select id from tickets where booking_id = ${bookingId} and seat_no = ${seatNo}`,
  );
  return refundTickets({ ...box, rights }, owner, {
    ...{ bookingId, ticketIds: [ticket?.id ?? ''], refundFees: true, seats: 'FREE', reason: 'x' },
    idempotencyKey: randomUUIDv7(),
  });
};
const published = async (type: DomainEvent['type']): Promise<{ id: string; event: DomainEvent }[]> => {
  const rows = await box.reader.execute<{ id: string; payload: unknown }>(
    sql`select id, payload from outbox where type = ${type} order by id`,
  );
  return rows.map(({ id, payload }) => ({ id, event: domainEvent.parse(payload) }));
};
const begin = (beginsAt: string) =>
  box.reader.execute(sql`
    update older_sales set finished_at = null, cursor = ${'00000000-0000-0000-0000-000000000000'}, announced = 0,
      begins_at = now() + ${beginsAt}::interval`);
const announceAll = async () => {
  while (await announceOlderSales({ db: box.reader }, 2));
};
const job = async () => {
  const [row] = await box.reader.execute(sql`select announced, finished_at is not null as "isDone" from older_sales`);
  return row;
};

test('an empty system has nothing to announce', async () => {
  expect(await job()).toEqual({ announced: 0, isDone: true });
  expect(await announceOlderSales({ db: box.reader })).toBe(false);
});

test('sales from before messages had them are entered once, with what was given back before and after', async () => {
  const bookings = [];
  for (const [seatNos, tender] of [
    [[0, 1], 'CASH'],
    [[2], 'INVOICE'],
    [[3], 'COMPLIMENTARY'],
    [[4, 5], 'CASH'],
  ] as const)
    bookings.push((await sell([...seatNos], tender)).booking);
  const [first, , , priced] = bookings;
  // As the release before wrote them: without the sale in the message, and one without lines at its seats.
  await box.reader.execute(sql`update outbox set payload = payload - 'sale' where type = 'BookingConfirmed'`);
  await box.reader.execute(sql`update booking_seats set line = null where booking_id = ${priced?.id ?? ''}`);
  await giveBack(first?.id ?? '', 0);
  for (const { id, event: message } of [
    ...(await published('BookingConfirmed')),
    ...(await published('BoxOfficeRefunded')),
  ])
    await world.arrives(message, id);
  expect(await world.sql`select from box_office_sales`).toHaveLength(0);
  const waits = { invariant: 'M8', detail: 'a refund of the box office waits for the sale' };
  expect(await world.violations(await facts())).toContainEqual(expect.objectContaining(waits));

  await begin('1 hour');
  await announceAll();
  expect(await published('BoxOfficeSold')).toEqual([]);
  await begin('0 seconds');
  await Promise.all([announceAll(), announceAll(), announceAll()]);
  await announceAll();
  expect(await job()).toEqual({ announced: 4, isDone: true });
  const messages = await published('BoxOfficeSold');
  expect(messages.map(({ event: { aggregateId } }) => aggregateId).sort()).toEqual(bookings.map(({ id }) => id).sort());
  const later = (await sell([7], 'CASH')).booking;
  for (const { id, event: message } of [...messages, ...messages]) await world.arrives(message, id);
  // A second announcement has other ids.
  for (const { event: message } of messages) await world.arrives(message, randomUUID());
  for (const { event: message, id } of await published('BookingConfirmed')) await world.arrives(message, id);
  await giveBack(first?.id ?? '', 1);
  for (const { id, event: message } of await published('BoxOfficeRefunded')) await world.arrives(message, id);
  expect(await world.violations(await facts())).toEqual([]);
  const sales = await world.sql`select booking_id, tender, total_minor, refunded_minor from box_office_sales`;
  const of = (id: string | undefined) => sales.find(({ booking_id }) => booking_id === id);
  expect(sales).toHaveLength(5);
  expect(of(first?.id)).toMatchObject({
    tender: 'CASH',
    total_minor: first?.totalMinor,
    refunded_minor: first?.totalMinor,
  });
  expect(of(priced?.id)).toMatchObject({ total_minor: priced?.totalMinor, refunded_minor: 0 });
  expect(of(later.id)).toMatchObject({ total_minor: later.totalMinor });
  expect(await world.sql`select from waiting_sale_refunds`).toHaveLength(0);
  // These tests deliver the messages, so the event log does not have them.
  expect(await findViolations(box.url, { except: ['I17'] })).toEqual([]);
});

const facts = () => readBookingFacts(box.url);
