import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { bookingWhen, createBooking, decideAt, fanAt, signInAsGuest } from '#test/fans/fan.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { type CollectedSpan, type OtlpCollector, openOtlpCollector } from '#test/support/system/otlp-collector.ts';
import { type System, startSystem } from '#test/support/system/system.ts';

let collector: OtlpCollector;
let system: System;
let db: Db;
let event: SeededEvent;
beforeAll(async () => {
  collector = await openOtlpCollector();
  system = await startSystem({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: '1' } });
  db = openDb({ url: system.bookingUrl, poolMax: 2, name: 'test' });
  event = await seedEvent(db, { seats: 20 });
});
afterAll(async () => {
  await closeDb(db);
  await system.stop();
  await collector.close();
});

const traceId = '0af7651916cd43dd8448eb211c80319c';
const clientSpan = 'b7ad6b7169203331';
const CONFIRMED = 'follow-bookings BookingConfirmed';

/** From the span back to the start of the trace: `service name`. */
function wayBack(spans: readonly CollectedSpan[], last: CollectedSpan | undefined): string[] {
  const way: string[] = [];
  for (let span = last; span; span = spans.find(({ spanId }) => spanId === span?.parentSpanId))
    way.push(`${span.service} ${span.name}`);
  return way;
}

test('one trace leads from the booking through outbox, log, payments, gateway and webhook to the confirmation', async () => {
  const email = 'canary-trace-5512@example.org';
  const fan = await signInAsGuest(system.apiUrl, email);
  const traced = fanAt(system.apiUrl, fan, {
    traceparent: `00-${traceId}-${clientSpan}-01`,
    baggage: 'canary-baggage=1',
  });
  const seats = [encodeGlobalId('Seat', event.seatId(2))];
  const held = await createBooking(traced, encodeGlobalId('Event', event.eventId), seats, 'canary-key-5512');
  const ready = await bookingWhen(fan, held.booking.id, ({ status }) => status === 'PAYMENT_READY');
  await decideAt(ready.payment.url, 'pay');
  await bookingWhen(fan, held.booking.id, ({ status }) => status === 'CONFIRMED');

  const own = () => collector.spans.filter((span) => span.traceId === traceId);
  const toTheConfirmation = () =>
    wayBack(
      own(),
      own().find(({ name }) => name === CONFIRMED),
    );
  await expect
    .poll(toTheConfirmation)
    .toEqual([
      `frontrow-payments ${CONFIRMED}`,
      'frontrow-relay relay booking',
      'frontrow-worker follow-payments PaymentSucceeded',
      'frontrow-relay relay payment',
      'frontrow-payments notice',
      'frontrow-payments follow-bookings BookingCreated',
      'frontrow-relay relay booking',
      'frontrow-api mutation createBooking',
    ]);
  const spans = own();
  const root = spans.find(({ name }) => name === 'mutation createBooking');
  expect(root?.parentSpanId).toBe(clientSpan);
  expect(
    wayBack(
      spans,
      spans.find(({ name }) => name === 'gateway openSession'),
    ).slice(0, 3),
  ).toEqual([
    'frontrow-payments gateway openSession',
    'frontrow-payments settle-PROMISED',
    'frontrow-payments follow-bookings BookingCreated',
  ]);
  expect(spans.find(({ name }) => name === 'write inventory')?.parentSpanId).toBe(root?.spanId);
  // The log lines of the same operation have the trace id.
  expect(system.lines.filter((line) => line.includes(traceId)).map((line) => line.split(':', 1)[0])).toEqual(
    expect.arrayContaining(['api', 'payments', 'worker']),
  );

  const everything = [
    collector.text(),
    ...(await Promise.all((['api', 'payments', 'worker', 'relay'] as const).map(system.metrics))),
  ].join();
  for (const secret of ['canary-', email, fan.token, fan.userId.replace('User_', ''), system.gatewayApiKey])
    expect(everything.includes(secret), secret.slice(0, 20)).toBe(false);
});

test('writes of several requests are one span, linked to each of them', async () => {
  const fans = await Promise.all(Array.from({ length: 12 }, () => signInAsGuest(system.apiUrl)));
  const hold = (index: number) =>
    createBooking(fans[index] ?? (fans[0] as never), encodeGlobalId('Event', event.eventId), [
      encodeGlobalId('Seat', event.seatId(3 + index)),
    ]);
  await Promise.all(fans.map((_, index) => hold(index)));
  const linked = () => collector.spans.find(({ name, links }) => name === 'write inventory' && links.length > 0);
  await expect.poll(linked).toBeDefined();
  const mutations = collector.spans.filter(({ name }) => name === 'mutation createBooking').map(({ spanId }) => spanId);
  expect(mutations).toEqual(expect.arrayContaining([...(linked()?.links ?? [])]));
});
