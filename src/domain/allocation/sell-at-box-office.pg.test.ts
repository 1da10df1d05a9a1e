import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, expect, test } from 'vitest';
import { findViolations } from '#processes/invariants/violations.ts';
import { type BoxProcess, someViewer } from '#test/support/databases/box.ts';
import { type SeedEventOptions, type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { openOrganizerBox } from '#test/support/organizations/organizer-box.ts';
import { listBookings } from '../booking/booking-queries.ts';
import { createBooking } from '../booking/create-booking.ts';
import { findSales } from '../booking/sales/watch-sales.ts';
import { findSoldBooking } from '../booking/sold-booking-queries.ts';
import { verifyTicketCode } from '../booking/ticket-code.ts';
import { type SellInput, sellAtBoxOffice } from './sell-at-box-office.ts';
import { setAllocation } from './set-allocation.ts';

const { box, rights, close } = await openOrganizerBox('box-office-test');
afterAll(close);
afterEach(async () => {
  expect(await findViolations(box.url)).toEqual([]);
});

const open = (options: Partial<SeedEventOptions> = {}) => seedEvent(box.reader, { seats: 20, ...options });
const owner = ({ organizerId }: SeededEvent) => ({ userId: organizerId }) as never;
const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
type Wish = Partial<SellInput> & { process?: BoxProcess };
const sell = (event: SeededEvent, seatNos: readonly number[], { process = box, ...wish }: Wish = {}) =>
  sellAtBoxOffice({ ...process, rights }, owner(event), {
    eventId: event.eventId,
    lines: event.seatIds(...seatNos).map((seatId) => ({ seatId })),
    tender: 'CASH',
    idempotencyKey: randomUUIDv7(),
    ...wish,
  });
const hold = (event: SeededEvent, seatNos: readonly number[], by: BoxProcess = box) =>
  createBooking(by, someViewer(), {
    eventId: event.eventId,
    seatIds: event.seatIds(...seatNos),
    idempotencyKey: randomUUIDv7(),
  });
const count = async (table: string, { eventId }: SeededEvent) => {
  const [row] = await box.reader.execute<{ count: number }>(
    sql`select count(*)::int as count from ${sql.raw(table)} where event_id = ${eventId}`,
  );
  return row?.count;
};
const outboxOf = async ({ eventId }: SeededEvent) => {
  const rows = await box.reader.execute<{ type: string }>(
    sql`select type from outbox where event_id = ${eventId} order by (payload ->> 'version')::bigint`,
  );
  return rows.map(({ type }) => type);
};

test('a sale is confirmed at once, with signed tickets, one message, its audit row, and in no list of a viewer', async () => {
  const event = await open();
  const holder = { name: ' Ann ', email: 'ann@example.org' };
  const { booking } = await sell(event, [3, 4], { holder, reference: 'receipt 17' });
  expect(booking).toMatchObject({
    status: 'CONFIRMED',
    paymentStatus: 'PAYMENT_SUCCESS',
    tender: 'CASH',
    tenderReference: 'receipt 17',
    holderName: 'Ann',
    holderEmail: 'ann@example.org',
  });
  const codes = await box.reader.execute<{ code: string; seat_no: number }>(
    sql`select code, seat_no from tickets where booking_id = ${booking.id} order by seat_no`,
  );
  expect(codes.map(({ code }) => verifyTicketCode(code, box.ticketSigner.publicKeys)?.seatNo)).toEqual([3, 4]);
  expect(await outboxOf(event)).toEqual(['BookingConfirmed']);
  const [audit] = await box.reader.execute(
    sql`select operation, role, after::text as after from organizer_audit where subject_id = ${event.eventId}`,
  );
  expect(audit).toMatchObject({ operation: 'sellAtBoxOffice', role: 'OWNER' });
  expect(JSON.stringify(audit)).not.toMatch(/Ann|ann@/);
  const own = await listBookings(box.reader, owner(event), { window: { size: 5, from: 'start' } });
  expect(own.items).toEqual([]);
  expect(await findSoldBooking({ db: box.reader, rights }, owner(event), booking.id)).toMatchObject({
    id: booking.id,
    tender: 'CASH',
  });
  const stranger = owner(await open());
  expect(await findSoldBooking({ db: box.reader, rights }, stranger, booking.id)).toBeUndefined();
  expect(
    await refusal(
      sellAtBoxOffice({ ...box, rights }, stranger, {
        eventId: event.eventId,
        lines: [],
        tender: 'CASH',
        idempotencyKey: 'k',
      }),
    ),
  ).toMatchObject({ code: 'NOT_FOUND' });
});

test('the same key is one sale, also when it is sent twice at once, and another request with it is refused', async () => {
  const event = await open();
  const idempotencyKey = randomUUIDv7();
  const processes = [box, box.process(), box.process()];
  const sales = await Promise.all(processes.map((process) => sell(event, [0], { process, idempotencyKey })));
  expect(new Set(sales.map(({ booking }) => booking.id)).size).toBe(1);
  expect((await sell(event, [0], { idempotencyKey })).booking).toMatchObject({ tender: 'CASH', holderName: null });
  expect(await refusal(sell(event, [1], { idempotencyKey }))).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  expect(await refusal(sell(event, [0], { idempotencyKey, tender: 'INVOICE' }))).toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
  expect(await count('bookings', event)).toBe(1);
  const audits = await box.reader.execute(sql`select 1 from organizer_audit where subject_id = ${event.eventId}`);
  expect(audits).toHaveLength(1);
});

test('gifts cost nothing and are counted with what was sold', async () => {
  const event = await open();
  const gift = await sell(event, [0, 1, 2], { tender: 'COMPLIMENTARY', reference: 'press' });
  expect(gift.booking).toMatchObject({ totalMinor: 0, feeMinor: 0, tender: 'COMPLIMENTARY' });
  const paid = await sell(event, [3], { tender: 'CARD_TERMINAL' });
  expect(paid.booking.totalMinor).toBeGreaterThan(0);
  const sales = await findSales({ db: box.reader, priceLists: box.priceLists }, event.eventId);
  expect(sales).toMatchObject({ soldTickets: 4 });
  expect(sales.money).toMatchObject([{ grossMinor: paid.booking.totalMinor }]);
  expect(await refusal(sell(event, [5], { tender: 'COMPLIMENTARY', quoteHash: 'x' }))).toMatchObject({
    field: 'quoteHash',
  });
  expect(await refusal(sell(event, [5], { quoteHash: 'x' }))).toMatchObject({ code: 'PRICE_CHANGED' });
});

test('the box office has seats of allocations, and of places those of the public first', async () => {
  const event = await open();
  const give = (of: SeededEvent, seatNos: readonly number[]) =>
    setAllocation({ ...box, rights }, owner(of), {
      eventId: of.eventId,
      seats: { seatIds: of.seatIds(...seatNos) },
      allocation: 'house',
    });
  await give(event, [0, 1]);
  expect((await sell(event, [1, 2])).booking.seats?.map(({ seatNo }) => seatNo)).toEqual([1, 2]);
  const area = await open({ seats: 6, standing: true });
  await give(area, [0, 1]);
  const places = (quantity: number) =>
    sell(area, [], { lines: [{ sectionId: area.sectionIds[0] ?? '', quantity }] }).then(({ booking }) =>
      booking.seats?.map(({ seatNo }) => seatNo),
    );
  expect(await places(2)).toEqual([2, 3]);
  expect(await places(3)).toEqual([0, 1, 4]);
  expect(await refusal(places(2))).toMatchObject({ code: 'SEATS_UNAVAILABLE' });
});

test('it sells while the sale is paused and before it opens, and not when the event is off', async () => {
  const event = await open();
  const change = (values: string) =>
    box.reader.execute(sql.raw(`update events set ${values} where id = '${event.eventId}'`));
  await change(`sales_paused = true, on_sale_at = now() + interval '1 day', off_sale_at = now() + interval '2 days'`);
  await sell(event, [0]);
  await change(`status = 'POSTPONED'`);
  expect(await refusal(sell(event, [1]))).toMatchObject({ code: 'EVENT_NOT_ON_SALE' });
  await change(`status = 'CANCELLED'`);
  expect(await refusal(sell(event, [1]))).toMatchObject({ code: 'EVENT_NOT_ON_SALE' });
  await change(
    `status = 'PUBLISHED', starts_at = now() - interval '1 hour', ends_at = null, on_sale_at = now() - interval '2 days', off_sale_at = now() - interval '2 hours'`,
  );
  expect(await refusal(sell(event, [1]))).toMatchObject({ code: 'EVENT_NOT_ON_SALE' });
  await change(`ends_at = now() + interval '1 hour'`);
  await sell(event, [1]);
});

test('what cannot be meant is refused by field', async () => {
  const event = await open();
  const wrong: [Partial<SellInput>, string][] = [
    [{ lines: [] }, 'lines'],
    [{ lines: [{ seatId: 'x' }] }, 'lines'],
    [{ reference: ' ' }, 'reference'],
    [{ reference: 'x'.repeat(201) }, 'reference'],
    [{ holder: { name: 'a\nb' } }, 'holder.name'],
    [{ holder: { name: 'Ann', email: 'x' } }, 'holder.email'],
    [{ idempotencyKey: '' }, 'idempotencyKey'],
  ];
  for (const [wish, field] of wrong) expect(await refusal(sell(event, [0], wish))).toMatchObject({ field });
  expect(await count('bookings', event)).toBe(0);
});

test('sales in a storm of holds, through three processes, are whole or not made, and no seat is sold twice', async () => {
  const event = await open({ seats: 240, rows: 12 });
  const processes = [box, box.process(), box.process()];
  const by = (index: number) => processes[index % 3] ?? box;
  const rowOf = (row: number) => Array.from({ length: 20 }, (_, seat) => 20 * row + seat);
  // No fan wants a seat of the last row, so that some sale is made in every order.
  const holds = Array.from({ length: 220 }, (_, n) => refusal(hold(event, [(n * 97) % 220], by(n))));
  const sales = Array.from({ length: 36 }, (_, n) =>
    refusal(sell(event, rowOf(n % 12).slice(5 * (n % 4)), { process: by(n) })),
  );
  const [held, sold] = await Promise.all([Promise.all(holds), Promise.all(sales)]);
  for (const answer of [...held, ...sold].filter((one) => one !== undefined))
    expect(answer).toMatchObject({ code: 'SEATS_UNAVAILABLE' });
  const [seats] = await box.reader.execute<{ held: number; booked: number }>(
    sql`select held, booked from seat_inventories where event_id = ${event.eventId}`,
  );
  const booked = sold.reduce<number>((sum, answer, n) => sum + (answer ? 0 : 20 - 5 * (n % 4)), 0);
  expect(seats).toEqual({ held: held.filter((answer) => answer === undefined).length, booked });
  expect(await count('tickets', event)).toBe(booked);
  expect(booked).toBeGreaterThan(0);
});
