import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { findViolations } from '#processes/invariants/violations.ts';
import { seatMapChannel } from '#redis/channels.ts';
import { someViewer } from '#test/support/databases/box.ts';
import { putPrices, seedEvent } from '#test/support/databases/catalog.ts';
import { openOrganizerBox } from '#test/support/organizations/organizer-box.ts';
import { findPrices } from '../../pricing/price-lists.ts';
import { cancelBooking } from '../cancel-booking.ts';
import { confirmBooking } from '../confirm-booking.ts';
import { createBooking } from '../create-booking.ts';
import { quoteSeats } from '../quote-seats.ts';
import { recordRefund } from '../record-refund.ts';
import { salesFiguresOf } from './sales-figures-rules.ts';
import { readSold } from './sales-queries.ts';
import { findSales, watchSales } from './watch-sales.ts';

const { box, rights, pubsub, close } = await openOrganizerBox('sales-test');
afterAll(close);
const needs = { ...box, db: box.reader };
const message = () => ({ consumer: 'test', messageId: randomUUIDv7() });

async function openEvent() {
  const event = await seedEvent(box.reader, {
    seats: 20,
    sections: 2,
    currency: 'CHF',
    cancellableForSeconds: 3_600,
  });
  const found = await findPrices(needs, event.eventId);
  const levels = (found?.prices.list.levels ?? []).map(({ key, name }, index) => ({
    key,
    name,
    prices: [
      { ticketType: 'full', amountMinor: 5_000 + 1_000 * index },
      { ticketType: 'child', amountMinor: 2_000 },
    ],
  }));
  await putPrices(box.reader, event.eventId, {
    currency: 'CHF',
    step: 1,
    levels,
    ticketTypes: [
      { key: 'full', name: 'Full price' },
      { key: 'child', name: 'Child' },
    ],
    fees: [
      { name: 'Service', percent: '5', refundable: true },
      { name: 'Handling', perBookingMinor: 250, refundable: false },
    ],
    taxes: [{ name: 'VAT', percent: '7.7', inclusive: false, appliesTo: 'ALL' }],
  });
  return event;
}

type Sale = { seatNo: number; ticketType: string }[];
type Event = Awaited<ReturnType<typeof openEvent>>;

async function hold(event: Event, sale: Sale) {
  const viewer = someViewer();
  const lines = sale.map(({ seatNo, ticketType }) => ({ seatId: event.seatIds(seatNo)[0] ?? '', ticketType }));
  const { quote } = await quoteSeats(needs, { eventId: event.eventId, lines });
  const request = { eventId: event.eventId, lines, idempotencyKey: randomUUIDv7() };
  const { booking } = await createBooking(box, viewer, request);
  return { viewer, booking, quote };
}

async function sell(event: Event, sale: Sale) {
  const made = await hold(event, sale);
  const { id: aggregateId, totalMinor: amountMinor, currency } = made.booking;
  const of = { aggregateId, eventId: event.eventId, amountMinor, currency };
  const paid = { type: 'PaymentSucceeded', ...of, capturedAt: new Date().toISOString() } as const;
  expect(await confirmBooking(box, paid, message())).toEqual({ kind: 'confirmed' });
  return { ...made, of };
}

const figures = async ({ eventId }: Event) => salesFiguresOf(await readSold(box.reader, eventId), new Map());
const sums = <T>(of: readonly T[], value: (one: T) => number) => of.reduce((sum, one) => sum + value(one), 0);

test('the figures are the sums of the quotes that were paid, and what was given back is counted as refunded', async () => {
  const event = await openEvent();
  expect(await figures(event)).toMatchObject({ soldTickets: 0, soldByType: [], soldByLevel: [], money: [] });
  const first = await sell(event, [
    { seatNo: 0, ticketType: 'full' },
    { seatNo: 1, ticketType: 'child' },
  ]);
  const second = await sell(event, [{ seatNo: 12, ticketType: 'full' }]);
  const givenBack = await sell(event, [{ seatNo: 5, ticketType: 'child' }]);
  await hold(event, [{ seatNo: 7, ticketType: 'full' }]);
  await cancelBooking(box, givenBack.viewer, { bookingId: givenBack.booking.id });
  await recordRefund(box, { type: 'PaymentRefunded', ...givenBack.of }, message());

  const quotes = [first, second, givenBack].map(({ quote }) => quote);
  const charges = (kind: 'fees' | 'taxes') =>
    sums(quotes, (quote) =>
      sums([...quote[kind], ...quote.lines.flatMap((line) => line[kind])], ({ amountMinor }) => amountMinor),
    );
  const grossMinor = sums(quotes, ({ totalMinor }) => totalMinor);
  const refundedMinor = givenBack.quote.totalMinor;
  expect(await figures(event)).toEqual({
    soldTickets: 3,
    soldByType: [
      { key: 'full', name: 'Full price', tickets: 2 },
      { key: 'child', name: 'Child', tickets: 1 },
    ],
    soldByLevel: [
      { key: 'Tier 1', name: 'Tier 1', tickets: 2 },
      { key: 'Tier 2', name: 'Tier 2', tickets: 1 },
    ],
    money: [
      {
        currency: 'CHF',
        grossMinor,
        refundedMinor,
        netMinor: grossMinor - refundedMinor,
        feesMinor: charges('fees'),
        taxesMinor: charges('taxes'),
      },
    ],
    ticketsPerMinute: 4 / 5,
  });
  expect(charges('taxes')).toBeGreaterThan(0);
  expect(await findViolations(box.url, { except: ['I17'] })).toEqual([]);
});

test('bookings from before price lists count with their one fee and the standard ticket', async () => {
  const event = await seedEvent(box.reader, { seats: 4, priceMinor: 1_000, feeMinor: 50, currency: 'EUR' });
  await sell(event as Event, [{ seatNo: 2, ticketType: 'standard' }]);
  await box.reader.execute(sql`update booking_seats set line = null where event_id = ${event.eventId}`);
  expect(await figures(event as Event)).toMatchObject({
    soldByType: [{ key: 'standard', name: 'Standard', tickets: 1 }],
    soldByLevel: [{ key: '', name: '', tickets: 1 }],
    money: [{ grossMinor: 1_050, feesMinor: 50, taxesMinor: 0, netMinor: 1_050 }],
  });
});

test('one message is enough for a watcher, also when another member has read the figures just before the change', async () => {
  const heartbeat = { onRecheck: () => () => {}, isDeaf: () => false } as never;
  const event = await openEvent();
  await sell(event, [{ seatNo: 3, ticketType: 'full' }]);
  const actor = { userId: event.organizerId } as never;
  const sales = await watchSales({ ...needs, pubsub, heartbeat, rights }, actor, event.eventId);
  expect((await sales.next()).value).toMatchObject({ money: [{ refundedMinor: 0 }] });
  // After the second for which the first reading is shared.
  await sleep(1_050);
  const next = sales.next();
  await findSales(needs, event.eventId);
  // In SQL, so that no process announces it.
  await box.reader.execute(sql`update bookings set refunded_minor = 100 where event_id = ${event.eventId}`);
  const changedAt = performance.now();
  await pubsub.publish(seatMapChannel(event.eventId), 'a change');
  expect((await next).value).toMatchObject({ money: [{ refundedMinor: 100 }] });
  // Well before the look of every ten seconds, which would find it without a message.
  expect(performance.now() - changedAt).toBeLessThan(5_000);
  await sales.return?.();
});
