import { sql } from 'drizzle-orm';
import { afterAll, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { closeDb, openDb } from '#db/client.ts';
import { decodeGlobalId, encodeGlobalId } from '#domain/global-id-rules.ts';
import { statusAt } from '#domain/inventory/packed-statuses-rules.ts';
import { loadSeatMap } from '#domain/inventory/seat-map-source.ts';
import { bookingWhen, decideAt, type Fan, hold, signInAsGuest } from '#test/fans/fan.ts';
import { SeatMapWatcher, watchOnce } from '#test/fans/seat-map-watcher.ts';
import { expectAllInvariants } from '#test/support/databases/all-invariants.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { merchantCall } from '#test/support/payments/sandbox-gateway.ts';
import { startSystem } from '#test/support/system/system.ts';

const system = await startSystem({ env: { HOLD_TTL_SECONDS: '2', LOG_LEVEL: 'warn' } });
const db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
const gateway = merchantCall(system.gatewayUrl);
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

const book = (fan: Fan, event: SeededEvent, ...seatNos: number[]) => hold(fan, event, seatNos);
const isReady = ({ status }: { status: string }) => status === 'PAYMENT_READY';
const isExpired = ({ status }: { status: string }) => status === 'EXPIRED';

async function watch(event: SeededEvent) {
  const map = await loadSeatMap(db, event.eventId);
  if (!map) throw new Error('There is no such event.');
  const watcher = new SeatMapWatcher(map);
  let socket: WebSocket | undefined;
  const over = watchOnce(system.apiUrl, watcher, encodeGlobalId('Event', event.eventId), (opened) => {
    socket = opened;
  });
  return {
    watcher,
    statuses: (...seatNos: number[]) => seatNos.map((seatNo) => statusAt(watcher.packed, seatNo)),
    async close() {
      socket?.terminate();
      await over;
      expect(watcher.wrong).toEqual([]);
    },
  };
}

test('an unpaid hold is released within a second after its time, the map shows it, and the session is closed', async () => {
  const event = await seedEvent(db, { seats: 40 });
  const map = await watch(event);
  const fans = await Promise.all(Array.from({ length: 10 }, () => signInAsGuest(system.apiUrl)));
  const held = await Promise.all(fans.map((fan, index) => book(fan, event, 2 * index, 2 * index + 1)));
  await vi.waitUntil(() => map.watcher.version === 10, 25_000);
  expect(new Set(map.statuses(...Array(20).keys()))).toEqual(new Set(['HELD']));
  const ready = await Promise.all(fans.map((fan, index) => bookingWhen(fan, held[index].booking.id, isReady)));
  await Promise.all(fans.map((fan, index) => bookingWhen(fan, held[index].booking.id, isExpired)));
  // By the clock of the database, which alone decides when a hold ends.
  const lateness = await db.execute<{ ms: number }>(sql`
    select (extract(epoch from o.created_at - b.hold_expires_at) * 1000)::float8 as ms
    from bookings b join outbox o on o.aggregateid = b.id::text and o.type = 'BookingExpired'
    where b.event_id = ${event.eventId}`);
  expect(lateness).toHaveLength(10);
  for (const { ms } of lateness) {
    expect(ms).toBeGreaterThanOrEqual(0);
    expect(ms).toBeLessThan(1_000);
  }
  await vi.waitUntil(() => map.watcher.version === 20, 25_000);
  expect(new Set(map.statuses(...Array(40).keys()))).toEqual(new Set(['AVAILABLE']));
  await map.close();
  await expectAllInvariants(system);
  for (const [index, { payment }] of ready.entries()) {
    const id = decodeGlobalId(held[index].booking.id)?.id;
    const { json } = await gateway('GET', `/v1/sessions?booking_id=${id}`);
    expect(json.data).toMatchObject([{ status: 'expired', url: null }]);
    const tooLate = await decideAt(payment.url, 'pay');
    expect(tooLate.ok).toBe(false);
    expect(JSON.stringify(await tooLate.json())).toMatch(/expired/i);
  }
  expect((await gateway('GET', '/v1/ledger')).json.captures).toEqual([]);
});

test('a seat whose hold ended unpaid can be held by the next fan', async () => {
  const event = await seedEvent(db, { seats: 2 });
  const [first, second] = [await signInAsGuest(system.apiUrl), await signInAsGuest(system.apiUrl)];
  const lost = await book(first, event, 0, 1);
  expect(await book(second, event, 1)).toMatchObject({ __typename: 'SeatsUnavailable', seats: [{ seatNo: 1 }] });
  await bookingWhen(first, lost.booking.id, isExpired);
  expect(await book(second, event, 1)).toMatchObject({ __typename: 'CreateBookingSuccess' });
});

test('the next fan who requests its seat ends an overdue hold, while the worker is away', async () => {
  const event = await seedEvent(db, { seats: 3 });
  const [first, second] = [await signInAsGuest(system.apiUrl), await signInAsGuest(system.apiUrl)];
  const lost = await book(first, event, 0, 1);
  await bookingWhen(first, lost.booking.id, isReady);
  await system.kill('worker');
  const isOver = sql`select from bookings where event_id = ${event.eventId} and hold_expires_at < clock_timestamp()`;
  await vi.waitUntil(async () => (await db.execute(isOver)).length === 1, 25_000);
  expect(await book(second, event, 1)).toMatchObject({ __typename: 'CreateBookingSuccess' });
  expect(await bookingWhen(first, lost.booking.id, isExpired)).toMatchObject({ tickets: [] });
  await system.start('worker');
  const overdue = sql`select from bookings where status = 'PENDING_PAYMENT' and hold_expires_at < clock_timestamp()`;
  await vi.waitUntil(async () => (await db.execute(overdue)).length === 0, 25_000);
  await expectAllInvariants(system);
});

test('a hold whose payment could not begin is extended, once and on record, and can be paid then', async () => {
  const event = await seedEvent(db, { seats: 2 });
  const fan = await signInAsGuest(system.apiUrl);
  await system.kill('payments');
  const { booking } = await book(fan, event, 0);
  const extended = await bookingWhen(fan, booking.id, ({ holdExtendedAt }) => holdExtendedAt !== null);
  expect(extended).toMatchObject({ status: 'PENDING_PAYMENT', payment: { status: 'CREATING_SESSION', url: null } });
  const [row] = await db.execute(sql`
    select extract(epoch from hold_expires_at - created_at)::float8 as seconds from bookings
    where event_id = ${event.eventId}`);
  expect(row).toEqual({ seconds: 122 });
  await system.start('payments');
  const ready = await bookingWhen(fan, booking.id, isReady);
  expect(ready.holdExtendedAt).toBe(extended.holdExtendedAt);
  await decideAt(ready.payment.url, 'pay');
  expect(await bookingWhen(fan, booking.id, ({ status }) => status === 'CONFIRMED')).toMatchObject({
    payment: { status: 'PAYMENT_SUCCESS' },
  });
  await expectAllInvariants(system);
});
