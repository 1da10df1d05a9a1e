import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { openRedis } from '#redis/client.ts';
import { EPOCH } from '#redis/keys.ts';
import { asEvents } from '#test/fans/event-stream.ts';
import { bookingWhen, createBooking, decideAt, signInAsGuest } from '#test/fans/fan.ts';
import { post, send } from '#test/fans/graphql-http.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { holdUpLog } from '#test/support/databases/hold-up-log.ts';
import { type Series, seriesOf } from '#test/support/system/scrape.ts';
import { type ProcessName, type System, startSystem } from '#test/support/system/system.ts';

let system: System;
let db: Db;
let event: SeededEvent;
beforeAll(async () => {
  system = await startSystem();
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  event = await seedEvent(db, { seats: 40, cancellableForSeconds: 3600 });
});
afterAll(async () => {
  await closeDb(db);
  await system.stop();
});

const scrape = async (name: ProcessName): Promise<Series> => seriesOf(await system.metrics(name));
/** Sampled gauges are at most five seconds old. */
const untilScraped = (name: ProcessName, series: string, wanted: (value: number | undefined) => boolean) =>
  expect.poll(async () => wanted((await scrape(name)).get(series)), { interval: 250 }).toBe(true);
const seat = (seatNo: number) => encodeGlobalId('Seat', event.seatId(seatNo));

describe('a journey', () => {
  test('changes the right metrics: operations, holds, writes, messages, gateway calls, notices', async () => {
    const eventId = encodeGlobalId('Event', event.eventId);
    const fan = await signInAsGuest(system.apiUrl);
    const held = await createBooking(fan, eventId, [seat(0)], 'the-key');
    await createBooking(fan, eventId, [seat(0)], 'the-key');
    await createBooking(await signInAsGuest(system.apiUrl), eventId, [seat(0)]);
    await post(system.apiUrl, { query: 'query OfAClient1234 { nothing }' });
    const ready = await bookingWhen(fan, held.booking.id, ({ status }) => status === 'PAYMENT_READY');
    await decideAt(ready.payment.url, 'pay');
    await bookingWhen(fan, held.booking.id, ({ status }) => status === 'CONFIRMED');

    const api = await scrape('api');
    expect(api.get('frontrow_holds_total{result="HELD"}')).toBe(1);
    expect(api.get('frontrow_holds_total{result="REPLAYED"}')).toBe(1);
    expect(api.get('frontrow_holds_total{result="SEATS_UNAVAILABLE"}')).toBe(1);
    expect(api.get('frontrow_holds_total{result="TOO_MANY_SEATS"}')).toBe(0);
    const created = 'transport="http",operation="createBooking"';
    expect(api.get(`frontrow_operations_total{${created},outcome="ok"}`)).toBe(2);
    expect(api.get(`frontrow_operations_total{${created},outcome="SEATS_UNAVAILABLE"}`)).toBe(1);
    expect(api.get('frontrow_operations_total{transport="http",operation="none",outcome="BAD_REQUEST"}')).toBe(1);
    expect(api.get(`frontrow_operation_duration_seconds_count{${created}}`)).toBe(3);
    expect(api.get('frontrow_writer_batch_commands_sum')).toBeGreaterThanOrEqual(2);
    expect([...api.keys()].join()).not.toContain('OfAClient1234');

    const handled = 'frontrow_messages_total{worker="follow-payments",outcome="handled"}';
    await untilScraped('worker', handled, (count = 0) => count >= 2);
    expect((await scrape('worker')).get('frontrow_messages_total{worker="follow-payments",outcome="parked"}')).toBe(0);
    const payments = await scrape('payments');
    expect(payments.get('frontrow_gateway_calls_total{call="openSession",result="ok"}')).toBe(1);
    expect(payments.get('frontrow_settlement_steps_total{step="OPEN_SESSION",outcome="SESSION_OPENED"}')).toBe(1);
    expect(payments.get('frontrow_notices_total{outcome="APPLIED"}')).toBe(1);
    const relay = await scrape('relay');
    const slot = [...relay.keys()].find((key) => key.startsWith('frontrow_relay_streaming')) ?? '';
    expect(relay.get(slot)).toBe(1);
    expect(relay.get(slot.replace('frontrow_relay_streaming', 'frontrow_relayed_messages_total'))).toBeGreaterThan(0);
  });

  test('breaks no promise, as a worker that queries the database reports', async () => {
    await untilScraped('worker', 'frontrow_invariant_violations{id="I01"}', (found) => found === 0);
    await untilScraped('worker', 'frontrow_invariant_violations{id="I24"}', (found) => found === 0);
  });

  test('counts watchers, on each transport', async () => {
    const fan = await signInAsGuest(system.apiUrl);
    const client = fan.socket();
    const query = 'subscription ($id: ID!) { seatMapChanged(eventId: $id) { __typename } }';
    const variables = { id: encodeGlobalId('Event', event.eventId) };
    const stop = client.subscribe({ query, variables }, { next: () => {}, error: () => {}, complete: () => {} });
    const ending = new AbortController();
    const stream = await send(system.apiUrl, { query, variables }, { headers: asEvents, signal: ending.signal });
    await untilScraped('api', 'frontrow_seat_map_watchers', (count) => count === 2);
    const before = await scrape('api');
    expect(before.get('frontrow_sockets')).toBe(1);
    expect(before.get('frontrow_subscriptions{transport="websocket"}')).toBe(1);
    expect(before.get('frontrow_subscriptions{transport="sse"}')).toBe(1);
    await createBooking(fan, encodeGlobalId('Event', event.eventId), [seat(9)]);
    await untilScraped('api', 'frontrow_seat_map_frames_total{kind="delta"}', (count = 0) => count >= 2);
    stop();
    await client.dispose();
    ending.abort();
    await stream.body?.cancel().catch(() => {});
    await untilScraped('api', 'frontrow_sockets', (count) => count === 0);
    for (const transport of ['websocket', 'sse'])
      expect(
        (await scrape('api')).get(
          `frontrow_operations_total{transport="${transport}",operation="seatMapChanged",outcome="ok"}`,
        ),
      ).toBe(1);
  });
});

describe('a fault', () => {
  test('without a worker holds are overdue, with their age, and messages wait for it', async () => {
    const fan = await signInAsGuest(system.apiUrl);
    await system.kill('worker');
    const held = await createBooking(fan, encodeGlobalId('Event', event.eventId), [seat(12)]);
    const sql = postgres(system.bookingUrl, { max: 1 });
    const bookingId = held.booking.id.replace('Booking_', '');
    await sql`update event_seats set hold_expires_at = now() - interval '60 s' where booking_id = ${bookingId}`;
    await sql`update bookings set hold_expires_at = now() - interval '60 s' where id = ${bookingId}`;
    await untilScraped('api', 'frontrow_overdue_holds', (count) => count === 1);
    expect((await scrape('api')).get('frontrow_oldest_overdue_hold_age_seconds')).toBeGreaterThan(59);
    const lag = 'frontrow_consumer_lag_messages{group="push-changes",topic="booking"}';
    await untilScraped('relay', lag, (count = 0) => count >= 1);
    await system.start('worker');
    await untilScraped('api', 'frontrow_overdue_holds', (count) => count === 0);
    await untilScraped('relay', lag, (count) => count === 0);
    await sql.end();
  });

  test('while the log accepts nothing, the outbox grows and its slot lags; then both are worked off', async () => {
    const [bytes = ''] = [...(await scrape('relay')).keys()].filter((key) => /slot_lag_bytes.*booking/.test(key));
    const of = (name: string) => bytes.replace('frontrow_slot_lag_bytes', name);
    await untilScraped('relay', of('frontrow_outbox_unpublished_rows'), (count) => count === 0);
    const sql = postgres(system.bookingUrl, { max: 1 });
    const letThrough = await holdUpLog(sql);
    const fan = await signInAsGuest(system.apiUrl);
    await createBooking(fan, encodeGlobalId('Event', event.eventId), [seat(20)]);
    await untilScraped('relay', of('frontrow_outbox_unpublished_rows'), (count = 0) => count >= 1);
    await untilScraped('relay', of('frontrow_slot_lag_seconds'), (seconds = 0) => seconds > 0);
    const stuck = await scrape('relay');
    expect(stuck.get(bytes)).toBeGreaterThan(0);
    expect(stuck.get(of('frontrow_slot_active'))).toBe(1);
    await letThrough();
    await untilScraped('relay', of('frontrow_outbox_unpublished_rows'), (count) => count === 0);
    await untilScraped('relay', bytes, (lag = 1) => lag < 1000);
    expect((await scrape('relay')).get(of('frontrow_slot_lost'))).toBe(0);
    await sql.end();
  });

  test('seat locks that another process rebuilds are not believed until it is done or dead', async () => {
    const modeIs = async (wanted: string) => {
      const api = await scrape('api');
      const modes = ['normal', 'postgresql-only', 'rebuilding'];
      return modes.every((mode) => api.get(`frontrow_redis_mode{mode="${mode}"}`) === Number(mode === wanted));
    };
    await expect.poll(() => modeIs('normal')).toBe(true);
    const redis = openRedis({ url: system.redisUrl, name: 'test' });
    await expect
      .poll(
        async () => {
          await redis.set(EPOCH, 'rebuilding:elsewhere', 'PX', 3000);
          return modeIs('rebuilding');
        },
        { interval: 250 },
      )
      .toBe(true);
    await expect.poll(() => modeIs('normal'), { interval: 250 }).toBe(true);
    redis.disconnect();
  });

  test('a payment gateway that is away shows in its calls and in readiness', async () => {
    await system.kill('gateway-sandbox');
    const fan = await signInAsGuest(system.apiUrl);
    await createBooking(fan, encodeGlobalId('Event', event.eventId), [seat(24)]);
    const unknown = 'frontrow_gateway_calls_total{call="openSession",result="unknown"}';
    await untilScraped('payments', unknown, (count = 0) => count >= 1);
    const ready = async () => (await fetch(`${system.metricsUrl('payments')}/ready?verbose`)).json();
    await expect.poll(ready).toMatchObject({
      status: 'ready',
      dependencies: { gateway: { state: 'impaired' }, 'payments-database': { state: 'up' } },
      degradations: [{ dependency: 'gateway' }],
    });
    await system.start('gateway-sandbox');
    await untilScraped('payments', 'frontrow_dependency_up{dependency="gateway"}', (value) => value === 1);
  });
});
