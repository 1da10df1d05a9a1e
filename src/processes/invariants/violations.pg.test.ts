import { randomUUIDv7 } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { confirmBooking } from '#domain/booking/confirm-booking.ts';
import { createBooking } from '#domain/booking/create-booking.ts';
import { readInvariants } from '#domain/invariants.ts';
import { openRoomSessions } from '#domain/waiting-room/room-sessions.ts';
import { tickRoom } from '#domain/waiting-room/tick-room.ts';
import { openBox, someViewer } from '#test/support/databases/box.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { seedSoldBooking } from '#test/support/organizations/seed-sold-booking.ts';
import { seedRoom } from '#test/support/waiting-room/waiting-room.ts';
import { findViolations } from './violations.ts';

const box = await openBox();
const sql = postgres(box.url, { max: 1, onnotice: () => undefined });
/** A client that begins a transaction and does not end it. */
const other = postgres(box.url, { max: 1, onnotice: () => undefined });
let event: SeededEvent;
const ids = { held: '', sold: '', other: '', parted: '', repaid: '' };

beforeAll(async () => {
  event = await seedEvent(box.reader, { seats: 20 });
  for (const [index, name] of (['held', 'sold', 'other', 'parted'] as const).entries()) {
    const seatIds = event.seatIds(2 * index, 2 * index + 1);
    const { booking } = await createBooking(box, someViewer(), {
      eventId: event.eventId,
      seatIds,
      idempotencyKey: name,
    });
    ids[name] = booking.id;
    if (name === 'held') continue;
    const { totalMinor: amountMinor, currency, id: aggregateId } = booking;
    const paid = {
      type: 'PaymentSucceeded',
      aggregateId,
      eventId: event.eventId,
      amountMinor,
      currency,
      capturedAt: '',
    } as const;
    await confirmBooking(box, paid);
  }
  await refund(ids.parted, [6]);
  ids.repaid = await seedSoldBooking(box.reader, (await seedEvent(box.reader, { seats: 4 })).eventId);
  await fillWaitingRoom(event.eventId);
});

async function refund(bookingId: string, ticketSeatNos: number[]): Promise<void> {
  const author = { actor: undefined, role: 'OPERATOR' } as const;
  const change = {
    organizationId: event.organizationId,
    operation: 'refundTickets',
    subject: { type: 'Event', id: event.eventId },
  };
  const [refundId, requestedBy] = [randomUUIDv7(), randomUUIDv7()];
  const answer = await box.writer.submit(event.eventId, {
    ...{ kind: 'refund', bookingId, ticketSeatNos, refundFees: true, blocks: false, audit: { author, change } },
    request: { refundId, requestedBy, idempotencyKey: 'key', requestHash: 'hash', reason: 'x' },
  });
  expect(answer.kind).toBe('refunded');
}

/** Three fans joined, and one of them left. */
async function fillWaitingRoom(eventId: string): Promise<void> {
  const { userIds } = await seedRoom(box.reader, eventId, { capacity: 2, joined: 4 });
  const sessions = openRoomSessions({ db: box.reader, changed: () => undefined });
  const tick = () => tickRoom(box.reader, eventId, { fence: 1, canAdmit: true });
  const enter = async (ordinal: number) => {
    const userId = userIds[ordinal] ?? '';
    const { kind } = await sessions.enter(eventId, { ordinal, position: ordinal + 1, userId, signInId: userId });
    expect(kind).toBe('inside');
  };
  await tick();
  await enter(0);
  await enter(1);
  await sessions.end(eventId, userIds[0] ?? '', 'LEFT');
  await tick();
  await enter(2);
}
afterAll(async () => {
  await Promise.all([sql.end(), other.end()]);
  await box.close();
});

/** The rows that a bug could write, by the invariant that they break. Undone after each test. */
const corruptions: Record<string, (tx: postgres.TransactionSql) => Promise<unknown>> = {
  I01: (tx) => tx`update booking_seats set seat_no = 2 where booking_id = ${ids.other} and seat_no = 4`,
  I02: (tx) =>
    tx`update event_seats set status = 'AVAILABLE', booking_id = null where booking_id = ${ids.sold} and seat_no = 2`,
  I03: (tx) => tx`update tickets set voided_at = now() where booking_id = ${ids.sold} and seat_no = 3`,
  I04: (tx) =>
    tx`update seat_inventories set held = held - 1, available = available + 1 where event_id = ${event.eventId}`,
  I05: (tx) => tx`update event_seats set hold_expires_at = now() - interval '6 s' where booking_id = ${ids.held}`,
  I06: (tx) => tx`update bookings set hold_expires_at = created_at + interval '301 s' where id = ${ids.held}`,
  I07: (tx) => tx`update bookings set status = 'EXPIRED' where id = ${ids.sold}`,
  I08: (tx) => tx`update bookings set payment_status = 'SESSION_CREATED' where id = ${ids.sold}`,
  I10: (tx) => tx`update bookings set payment_status = 'REFUNDED', refunded_minor = 1 where id = ${ids.sold}`,
  I13: async (tx) => {
    await tx`alter table bookings drop constraint bookings_idempotency_key`;
    await tx`update bookings set (user_id, idempotency_key) = (
      select user_id, idempotency_key from bookings where id = ${ids.held}) where id = ${ids.sold}`;
  },
  I14: async (tx) => {
    await other.unsafe('begin');
    await other`select pg_current_xact_id()`;
    await tx`select set_config('frontrow.locked_for', '0 seconds', true)`;
  },
  I15: (tx) => tx`update bookings set status = 'EXPIRED' where id = ${ids.sold}`,
  I16: (tx) => tx`delete from outbox where aggregateid = ${ids.sold} and type = 'BookingConfirmed'`,
  I17: (tx) => tx`insert into inbox (consumer, message_id) values ('someone', ${randomUUIDv7()})`,
  I18: (tx) => tx`update bookings set version = 99 where id = ${ids.sold}`,
  I19: (tx) =>
    tx`update booking_seats set price_minor = price_minor + 1 where booking_id = ${ids.sold} and seat_no = 2`,
  I20: (tx) => tx`update waiting_room_sessions set capacity_at_entry = 1 where ordinal = 2`,
  I21: (tx) => tx`update waiting_room_places set ordinal = 0 where ordinal = 1`,
  I22: (tx) => tx`update waiting_room_sessions set user_id = ${randomUUIDv7()} where ordinal = 1`,
  I23: (tx) => tx`update waiting_rooms set watermark = watermark + 1`,
  I24: (tx) => tx`update waiting_room_sessions set expires_at = now() - interval '16 s' where ordinal = 2`,
  I25: (tx) => tx`update bookings set code_ids = array[gen_random_uuid()] where id = ${ids.held}`,
  I26: (tx) => tx`update event_seats set allocation = 'house' where booking_id = ${ids.sold}`,
  I27: (tx) => tx`insert into allocations (event_id, name, release_at)
    values (${event.eventId}, 'house', now() - interval '61 s')`,
  I28: (tx) => tx`update bookings set tender = 'COMPLIMENTARY' where id = ${ids.sold}`,
  I29: (tx) => tx`insert into event_cancellations
      (event_id, state, token, refund_fees, reason, created_by, created_at, previewed, figures)
    values (${event.eventId}, 'DONE', gen_random_uuid(), true, 'x', gen_random_uuid(), now(), '{}', '{"bookings":2}')`,
  I30: (tx) => tx`update tickets set voided_at = null where booking_id = ${ids.parted} and seat_no = 6`,
};

/** What a bug in refunds of single tickets could write. */
const ofRefunds: Record<string, (tx: postgres.TransactionSql) => Promise<unknown>> = {
  'I01 a seat was sold before its refund': (tx) =>
    tx`update booking_seats set seat_no = 6 where booking_id = ${ids.sold} and seat_no = 2`,
  'I03 the ticket of a seat that left is valid': (tx) =>
    tx`update tickets set voided_at = null where booking_id = ${ids.parted} and seat_no = 6`,
  'I08 a booking with a refund of a part counts as unpaid': (tx) =>
    tx`update bookings set payment_status = 'SESSION_CREATED' where id = ${ids.parted}`,
  'I10 money of a booking that goes on is back, and no refund says so': (tx) =>
    tx`update bookings set refunded_minor = 1 where id = ${ids.parted}`,
  'I10 more is back than it cost': (tx) =>
    tx`update bookings set refunded_minor = total_minor + 1, payment_status = 'REFUNDED', status = 'CANCELLED' where id = ${ids.parted}`,
  'I15 tickets are void before they were paid': (tx) =>
    tx`update outbox set payload = jsonb_set(payload, '{version}', '0') where aggregateid = ${ids.parted} and type = 'TicketsVoided'`,
  'I16 a refund without its message': (tx) =>
    tx`delete from outbox where aggregateid = ${ids.parted} and type = 'TicketsVoided'`,
  'I19 a refunded seat costs something else': (tx) =>
    tx`update refunded_seats set price_minor = price_minor + 1 where booking_id = ${ids.parted}`,
  'I28 a sale is refunded, and no refund says so': (tx) =>
    tx`update bookings set refunded_minor = 1 where id = ${ids.repaid}`,
  'I28 a sale has ended without a refund of its last ticket': (tx) =>
    tx`update bookings set status = 'CANCELLED', payment_status = 'REFUNDED', released_at = now() where id = ${ids.repaid}`,
  'I30 a refunded seat is still in its booking': (tx) => tx`
    insert into booking_seats (booking_id, event_id, seat_no, price_minor, fee_minor) values (${ids.parted}, ${event.eventId}, 6, 0, 0)`,
  'I30 a refunded seat is still sold to its booking': (tx) => tx`
    update event_seats set status = 'BOOKED', booking_id = ${ids.parted} where event_id = ${event.eventId} and seat_no = 6`,
  'I30 no refund names the seat': (tx) => tx`delete from booking_refunds where booking_id = ${ids.parted}`,
  'I30 the booking does not count it': (tx) => tx`update bookings set voided_tickets = 2 where id = ${ids.parted}`,
  'I30 more went back than was asked for': (tx) =>
    tx`update booking_refunds set amount_minor = amount_minor + 1 where booking_id = ${ids.parted}`,
  'I30 two refunds of one ticket': (tx) => tx`
    insert into booking_refunds (id, booking_id, event_id, status, origin, amount_minor, currency, reason, seat_nos)
    select gen_random_uuid(), booking_id, event_id, status, origin, 0, currency, reason, seat_nos
    from booking_refunds where booking_id = ${ids.parted}`,
};

test('the operations break no invariant', async () => {
  expect(await findViolations(box.url)).toEqual([]);
});

test('every invariant has a corruption in this file', () => {
  expect(readInvariants().map(({ id }) => id)).toEqual(Object.keys(corruptions));
});

test.each(Object.keys(ofRefunds))('%s', (name) => expectFound(name.slice(0, 3), ofRefunds[name]));

test.each(Object.keys(corruptions))('%s finds the rows that break it', (id) => expectFound(id, corruptions[id]));

async function expectFound(id: string, corrupt: (typeof corruptions)[string] | undefined): Promise<void> {
  const { query } = readInvariants().find((one) => one.id === id) ?? { query: '' };
  const undo = new Error('undo');
  let found: readonly unknown[] = [];
  await sql
    .begin(async (tx) => {
      await corrupt?.(tx);
      found = await tx.unsafe(query);
      throw undo;
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error;
    });
  expect(found.length).toBeGreaterThan(0);
  expect(await findViolations(box.url)).toEqual([]);
}

test('I18 finds a message that overtook a parked one', async () => {
  const overtaken = { id: randomUUIDv7(), offset: 1 };
  const later = { id: randomUUIDv7(), offset: 2 };
  const place = { topic: 'payment', partition: 0, key: event.eventId };
  for (const { id, offset } of [overtaken, later])
    await sql`insert into event_log.messages (topic, partition, "offset", id, key, event, created_at)
      values (${place.topic}, ${place.partition}, ${offset}, ${id}, ${place.key}, '{}', now())`;
  await sql`insert into event_log.parked_keys (consumer_group, key) values ('someone', ${place.key})`;
  await sql`insert into event_log.parked (consumer_group, id, topic, partition, "offset", key, event, reason)
    values ('someone', ${overtaken.id}, ${place.topic}, ${place.partition}, ${overtaken.offset}, ${place.key}, '{}', 'poison')`;
  expect(await findViolations(box.url)).toEqual([]);
  await sql`insert into inbox (consumer, message_id) values ('someone', ${later.id})`;
  expect((await findViolations(box.url)).map(({ id }) => id)).toEqual(['I18']);
});
