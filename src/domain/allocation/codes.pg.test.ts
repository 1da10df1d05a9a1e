import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, afterEach, expect, test } from 'vitest';
import { findViolations } from '#processes/invariants/violations.ts';
import { type BoxProcess, someViewer } from '#test/support/databases/box.ts';
import { putPrices, type SeedEventOptions, type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { openOrganizerBox } from '#test/support/organizations/organizer-box.ts';
import { cancelBooking } from '../booking/cancel-booking.ts';
import { confirmBooking } from '../booking/confirm-booking.ts';
import { type CreateBookingRequest, createBooking } from '../booking/create-booking.ts';
import { expireBookings } from '../booking/expire-bookings.ts';
import { holdBestAvailable } from '../booking/hold-best-available.ts';
import { quoteSeats } from '../booking/quote-seats.ts';
import type { PriceList } from '../pricing/price-list.ts';
import { type CreateCodesInput, createCodes } from './create-codes.ts';

const { box, rights, close } = await openOrganizerBox('codes-test');
afterAll(close);
afterEach(async () => {
  expect(await findViolations(box.url)).toEqual([]);
});

const member: PriceList = {
  currency: 'USD',
  step: 1,
  ticketTypes: [
    { key: 'full', name: 'Full' },
    { key: 'member', name: 'Member', needsCode: true },
  ],
  levels: [
    {
      key: 'Tier 1',
      name: 'Tier 1',
      prices: [
        { ticketType: 'full', amountMinor: 5_000 },
        { ticketType: 'member', amountMinor: 3_000 },
      ],
    },
  ],
  fees: [],
  taxes: [],
};

async function open(options: Partial<SeedEventOptions> = {}): Promise<SeededEvent> {
  const event = await seedEvent(box.reader, { seats: 20, ...options });
  await putPrices(box.reader, event.eventId, member);
  return event;
}
const make = async (event: SeededEvent, input: Partial<CreateCodesInput>) => {
  const owner = { userId: event.organizerId } as never;
  const wanted = { eventId: event.eventId, opens: [], usesPerCode: 1, ...input };
  const { codes } = await createCodes({ ...box, rights }, owner, wanted);
  return codes;
};
const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
type More = Partial<CreateBookingRequest> & { by?: BoxProcess; viewer?: ReturnType<typeof someViewer> };
const book = (event: SeededEvent, seatNo: number, { by = box, viewer = someViewer(), ...more }: More = {}) =>
  createBooking(by, viewer, {
    eventId: event.eventId,
    lines: [{ seatId: event.seatId(seatNo) }],
    idempotencyKey: randomUUIDv7(),
    ...more,
  });
const usesOf = async ({ eventId }: SeededEvent) => {
  const [row] = await box.reader.execute(sql`select uses from codes where event_id = ${eventId}`);
  return row?.uses;
};

test('a thousand buyers at once with a code of a hundred uses, through three processes: a hundred bookings', async () => {
  const event = await open({ seats: 1_000, rows: 20 });
  const codes = await make(event, { count: 1, discountPercent: '20', usesPerCode: 100 });
  const processes = [box, box.process(), box.process()];
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, (_, index) => {
      const by = processes[index % 3] ?? box;
      if (index % 5 !== 0) return refusal(book(event, index, { codes, by }));
      const wish = { eventId: event.eventId, quantity: 1, idempotencyKey: randomUUIDv7(), codes };
      return refusal(holdBestAvailable(by, someViewer(), wish));
    }),
  );
  const [row] = await box.reader.execute(sql`
    select count(*)::int as bookings, min(total_minor)::int as least, max(total_minor)::int as most from bookings
    where event_id = ${event.eventId}`);
  expect(row).toEqual({ bookings: 100, least: 4_000, most: 4_000 });
  expect(await usesOf(event)).toBe(100);
  const refused = answers.flatMap((answer) => (answer === undefined ? [] : [(answer as { code: string }).code]));
  expect(refused).toHaveLength(900);
  expect(new Set(refused)).toContain('CODE_INVALID');
  expect(refused.every((code) => code === 'CODE_INVALID' || code === 'SEATS_UNAVAILABLE')).toBe(true);
});

test('a booking that ends without payment gives its use back, and one that was paid keeps it', async () => {
  const event = await open({ cancellableForSeconds: 3600 });
  const codes = await make(event, { count: 1, discountPercent: '50' });
  const viewer = someViewer();
  const key = randomUUIDv7();
  const { booking } = await book(event, 0, { codes, viewer, idempotencyKey: key });
  expect(booking.totalMinor).toBe(2_500);
  expect(await refusal(book(event, 1, { codes }))).toMatchObject({ code: 'CODE_INVALID', value: codes[0] });
  expect(await book(event, 0, { codes, viewer, idempotencyKey: key })).toMatchObject({ replayed: true });
  expect(await refusal(book(event, 0, { viewer, idempotencyKey: key }))).toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
  await cancelBooking(box, viewer, { bookingId: booking.id });
  expect(await usesOf(event)).toBe(0);

  const second = await book(event, 1, { codes, viewer });
  await pay(event, second.booking.id);
  await cancelBooking(box, viewer, { bookingId: second.booking.id });
  expect(await usesOf(event)).toBe(1);
  expect(await refusal(book(event, 2, { codes }))).toMatchObject({ code: 'CODE_INVALID' });
});

async function pay(event: SeededEvent, bookingId: string, amountMinor = 2_500) {
  const of = { aggregateId: bookingId, eventId: event.eventId };
  return confirmBooking(box, { type: 'PaymentSucceeded', ...of, amountMinor, currency: 'USD', capturedAt: '' });
}

test('late money uses the code again if it has a use left, and is sent back otherwise', async () => {
  const event = await open();
  const codes = await make(event, { count: 1, discountPercent: '50' });
  const late = async (seatNo: number) => {
    const { booking } = await book(event, seatNo, { codes });
    await box.reader.execute(sql`
      update event_seats set hold_expires_at = hold_expires_at - interval '500 s' where booking_id = ${booking.id}`);
    await box.reader.execute(sql`
      update bookings set payment_status = 'SESSION_CREATED', created_at = created_at - interval '500 s',
        hold_expires_at = hold_expires_at - interval '500 s' where id = ${booking.id}`);
    expect((await expireBookings(box)).expired).toBe(1);
    return booking.id;
  };
  const first = await late(0);
  const second = await late(1);
  expect(await usesOf(event)).toBe(0);
  expect(await pay(event, first)).toEqual({ kind: 'retaken' });
  expect(await usesOf(event)).toBe(1);
  expect(await pay(event, second)).toEqual({ kind: 'refundDue' });
  const [reason] = await box.reader.execute(sql`
    select payload ->> 'reason' as reason from outbox
    where aggregateid = ${second} and type = 'BookingConfirmationFailed'`);
  expect(reason).toEqual({ reason: 'CODE_USED_UP' });
});

test('a code opens a ticket type, a quote has the discount, and a hold keeps to the quote', async () => {
  const event = await open();
  const [opening = ''] = await make(event, { codes: ['Members only'], opens: ['member'], usesPerCode: 5 });
  const [less = ''] = await make(event, { codes: ['ten'.padEnd(4, '!')], discountMinor: 1_000, usesPerCode: 5 });
  const lines = [{ seatId: event.seatId(3), ticketType: 'member' }];
  const ask = (codes?: string[]) => quoteSeats(box, { eventId: event.eventId, lines, codes });
  expect(await refusal(ask())).toMatchObject({ field: 'lines' });
  expect((await ask([opening])).quote.totalMinor).toBe(3_000);
  const { quote } = await ask(['members-ONLY', less]);
  expect(quote.totalMinor).toBe(2_000);
  const wish = { lines, seatIds: [], quoteHash: quote.hash };
  expect(await refusal(book(event, 3, { ...wish, codes: [opening] }))).toMatchObject({ code: 'PRICE_CHANGED' });
  const { booking } = await book(event, 3, { ...wish, codes: [less, opening] });
  expect(booking.totalMinor).toBe(2_000);
  expect(await refusal(ask([opening, 'unknown']))).toMatchObject({ code: 'CODE_INVALID', value: 'unknown' });
});

test('a code works from its first moment to its last, and one discount is enough', async () => {
  const event = await open();
  const at = (ms: number) => new Date(Date.now() + ms);
  const early = await make(event, { count: 1, discountPercent: '5', validFrom: at(60_000) });
  const over = await make(event, { count: 1, discountPercent: '5', validUntil: at(-60_000) });
  const now = await make(event, { count: 2, discountPercent: '5', validFrom: at(-60_000), validUntil: at(60_000) });
  for (const codes of [early, over, now])
    expect(await refusal(book(event, 4, { codes }))).toMatchObject({ code: 'CODE_INVALID' });
  expect((await book(event, 4, { codes: now.slice(0, 1) })).booking.totalMinor).toBe(4_750);
});

test('codes are made all or none, and what cannot be meant is refused by field', async () => {
  const event = await open();
  const [text = ''] = await make(event, { count: 1, discountPercent: '5' });
  const refused = async (input: Partial<CreateCodesInput>) =>
    ((await refusal(make(event, { discountPercent: '5', ...input }))) as { field?: string }).field;
  expect(await refused({})).toBe('count');
  expect(await refused({ count: 1, codes: ['spring'] })).toBe('count');
  expect(await refused({ count: 1_001 })).toBe('count');
  expect(await refused({ codes: ['summer', 'SUM-MER'] })).toBe('codes');
  expect(await refused({ codes: ['autumn', text.toLowerCase()] })).toBe('codes');
  expect(await refused({ codes: ['abc'] })).toBe('codes');
  expect(await refused({ count: 1, usesPerCode: 0 })).toBe('usesPerCode');
  expect(await refused({ count: 1, opens: ['nothing'] })).toBe('opens[0]');
  expect(await refused({ count: 1, opens: ['full'] })).toBe('opens[0]');
  expect(await refused({ count: 1, discountMinor: 5 })).toBe('discountMinor');
  expect(await refused({ count: 1, discountPercent: '0' })).toBe('discountPercent');
  const [row] = await box.reader.execute(sql`
    select count(*)::int as codes, count(distinct code_hash)::int as hashes from codes where event_id = ${event.eventId}`);
  expect(row).toEqual({ codes: 1, hashes: 1 });
});
