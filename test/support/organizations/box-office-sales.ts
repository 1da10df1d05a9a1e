import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Db } from '#db/client.ts';
import { seatFlags } from '#domain/catalog/seat-features-rules.ts';
import type { Fan } from '#test/fans/fan.ts';
import { post } from '#test/fans/graphql-http.ts';
import { seedEvent } from '#test/support/databases/catalog.ts';
import type { openAttempts } from '#test/support/http/attempts.ts';

type Needs = {
  readonly db: Db;
  readonly owner: Fan;
  readonly stranger: Fan;
  readonly apiUrl: string;
  readonly attempt: ReturnType<typeof openAttempts>['attempt'];
};

/** A sale at the box office, each refusal of one, and who sees it afterwards. */
export async function sellAndBeRefused({ db, owner, stranger, apiUrl, attempt }: Needs): Promise<void> {
  const organizerId = owner.userId.replace('User_', '');
  const { accessible, companion } = seatFlags;
  const hall = await seedEvent(db, { seats: 8, flags: [accessible, companion], organizerId });
  const seats = (...seatNos: number[]) => hall.seatIds(...seatNos).map((id) => ({ seatId: `Seat_${id}` }));
  const usual = {
    eventId: `Event_${hall.eventId}`,
    lines: seats(4),
    tender: 'CASH',
    reference: 'receipt 17',
    holder: { name: 'Ann', email: 'ann@example.org' },
  };
  const sell = (more: object = {}) =>
    attempt('sellAtBoxOffice', { ...usual, idempotencyKey: randomUUID(), ...more }, owner);
  const { booking } = await sell({ idempotencyKey: 'first' });
  expect(booking).toMatchObject({
    status: 'CONFIRMED',
    tender: 'CASH',
    tenderReference: 'receipt 17',
    holder: usual.holder,
    tickets: [{ code: expect.any(String), holderName: 'Ann' }],
  });
  expect(await sell({ idempotencyKey: 'first' })).toMatchObject({ booking: { id: booking.id } });
  expect(await sell({ idempotencyKey: 'first', tender: 'INVOICE' })).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  expect(await sell()).toMatchObject({ code: 'SEATS_UNAVAILABLE', seats: [{ id: usual.lines[0]?.seatId }] });
  expect(await sell({ lines: seats(1) })).toMatchObject({ code: 'COMPANION_WITHOUT_PLACE' });
  expect(await sell({ lines: seats(5), quoteHash: 'other' })).toMatchObject({ code: 'PRICE_CHANGED' });
  expect(await sell({ lines: Array.from({ length: 101 }, () => seats(5)[0]) })).toMatchObject({
    code: 'TOO_MANY_SEATS',
    limit: 100,
  });
  expect(await sell({ holder: { name: 'a\nb' } })).toMatchObject({ field: 'holder.name' });
  const gift = await sell({ lines: seats(5), tender: 'COMPLIMENTARY', holder: null });
  expect(gift).toMatchObject({ booking: { total: { amountMinor: 0 }, holder: null, tickets: [{ holderName: null }] } });
  await db.$client`update events set status = 'POSTPONED' where id = ${hall.eventId}`;
  expect(await sell({ lines: seats(6) })).toMatchObject({ code: 'EVENT_NOT_ON_SALE', opensAt: null });

  const query =
    'query ($id: ID!) { booking(id: $id) { tender } node(id: $id) { id } viewer { bookings(first: 5) { nodes { id } } } }';
  const seenBy = async ({ token }: Fan) =>
    (await post(apiUrl, { query, variables: { id: booking.id } }, { authorization: `Bearer ${token}` })).data;
  const bookings = { nodes: [] };
  expect(await seenBy(owner)).toEqual({ booking: { tender: 'CASH' }, node: { id: booking.id }, viewer: { bookings } });
  expect(await seenBy(stranger)).toEqual({ booking: null, node: null, viewer: { bookings } });

  const exportQuery = 'query ($id: ID!) { event(id: $id) { exports { bookings { url expiresAt } tickets { url } } } }';
  const { event } = await owner.ask(exportQuery, { id: usual.eventId });
  expect((await stranger.ask(exportQuery, { id: usual.eventId })).event).toEqual({ exports: null });
  const file = await fetch(new URL(event.exports.bookings.url, apiUrl));
  expect(file.headers.get('content-disposition')).toBe(`attachment; filename="bookings-${hall.eventId}.csv"`);
  expect(await file.text()).toContain(`${booking.id.replace('Booking_', '')},CONFIRMED,`);
  const other = event.exports.tickets.url.replace('.tickets.', '.bookings.');
  expect((await fetch(new URL(other, apiUrl))).status).toBe(404);
  expect((await fetch(new URL(event.exports.tickets.url, apiUrl), { method: 'POST' })).status).toBe(405);
}
