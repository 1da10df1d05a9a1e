import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, expect, test, vi } from 'vitest';
import { someViewer } from '#test/support/databases/box.ts';
import { type SeededEvent, seedEvent, seedMember, seedUser } from '#test/support/databases/catalog.ts';
import { openOrganizerBox } from '#test/support/organizations/organizer-box.ts';
import { openBooks } from '../accounting/books.ts';
import { sellAtBoxOffice } from '../allocation/sell-at-box-office.ts';
import { confirmBooking } from '../booking/confirm-booking.ts';
import { createBooking } from '../booking/create-booking.ts';
import { openEventExports } from './event-exports.ts';
import type { ExportKind } from './export-links.ts';
import { openExportLinks } from './export-links.ts';

const { box, rights, close } = await openOrganizerBox('exports-test');
afterAll(close);
const links = openExportLinks([{ kid: 'k1', secret: 'a secret that is long enough for a key' }]);
const books = openBooks(undefined);
const exports = openEventExports({ db: box.reader, plans: box.plans, rights, books, links });

const ownerOf = ({ organizerId }: SeededEvent) => ({ userId: organizerId });
const tokenOf = (event: SeededEvent, kind: ExportKind, actor: { userId: string } = ownerOf(event)) =>
  /^\/exports\/(.+)\.csv$/.exec(exports.linkOf(actor, { eventId: event.eventId, kind }).path)?.[1] ?? '';
async function read(token: string): Promise<string[][]> {
  const { chunks } = await exports.open(token);
  let text = '';
  for await (const chunk of chunks) text += chunk;
  expect(text.startsWith('\uFEFF')).toBe(true);
  return text
    .slice(1)
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','));
}

test('the files have what was paid, with amounts of the currency, and no formula', async () => {
  const event = await seedEvent(box.reader, { seats: 20, currency: 'KWD', priceMinor: 5_000, feeMinor: 250 });
  const request = { eventId: event.eventId, seatIds: event.seatIds(2, 3), idempotencyKey: randomUUID() };
  const { booking } = await createBooking(box, someViewer(), request);
  const { id: aggregateId, totalMinor: amountMinor, currency } = booking;
  const of = { aggregateId, eventId: event.eventId, amountMinor, currency };
  await confirmBooking(box, { type: 'PaymentSucceeded', ...of, capturedAt: new Date().toISOString() });
  await createBooking(box, someViewer(), { ...request, seatIds: event.seatIds(5), idempotencyKey: randomUUID() });
  const { booking: sold } = await sellAtBoxOffice({ ...box, rights }, ownerOf(event), {
    ...{ eventId: event.eventId, tender: 'CASH', reference: '-1', idempotencyKey: randomUUID() },
    holder: { name: '=cmd|calc', email: 'ann@example.org' },
    lines: event.seatIds(9).map((seatId) => ({ seatId })),
  });

  const [head, ...bookings] = await read(tokenOf(event, 'bookings'));
  expect(head?.slice(0, 3)).toEqual(['booking', 'status', 'payment']);
  const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(bookings).toEqual([
    [booking.id, 'CONFIRMED', 'PAYMENT_SUCCESS', at, at, '', '2', 'KWD', '10.500', '0.000', '', '', '', ''],
    [
      ...[sold.id, 'CONFIRMED', 'PAYMENT_SUCCESS', at, at, '', '1', 'KWD', '5.250', '0.000'],
      ...['CASH', "'-1", "'=cmd|calc", 'ann@example.org'],
    ],
  ]);
  const [, ...tickets] = await read(tokenOf(event, 'tickets'));
  expect(tickets.map((ticket) => [ticket[1], ticket[2], ...ticket.slice(9, 12), ticket[15]])).toEqual([
    [booking.id, 'VALID', '5.000', '0.250', '5.250', ''],
    [booking.id, 'VALID', '5.000', '0.250', '5.250', ''],
    [sold.id, 'VALID', '5.000', '0.250', '5.250', "'=cmd|calc"],
  ]);
  const codes = await box.reader.execute<{ code: string }>(
    sql`select code from tickets where event_id = ${event.eventId}`,
  );
  for (const { code } of codes) expect(JSON.stringify(tickets)).not.toContain(code);
});

test('a file of several pages has each booking once', async () => {
  const event = await seedEvent(box.reader, { seats: 1 });
  await box.reader.execute(sql`
    insert into bookings (id, user_id, event_id, status, total_minor, currency, hold_expires_at, idempotency_key,
      request_hash, version, payment_status, confirmed_at)
    select gen_random_uuid(), gen_random_uuid(), ${event.eventId}, 'CONFIRMED', 1, 'USD', now(), n::text, '', 0,
      'PAYMENT_SUCCESS', now() from generate_series(1, 2500) as n`);
  const [, ...bookings] = await read(tokenOf(event, 'bookings'));
  expect(new Set(bookings.map(([id]) => id)).size).toBe(2_500);
  expect(bookings).toHaveLength(2_500);
});

test('a link that was changed, has expired, or whose owner has lost the right gives nothing', async () => {
  const [event, other] = [await seedEvent(box.reader, { seats: 1 }), await seedEvent(box.reader, { seats: 1 })];
  const token = tokenOf(event, 'bookings');
  const forged = [
    '',
    token.replace('.bookings.', '.tickets.'),
    token.replace(event.eventId, other.eventId),
    token.replace(event.organizerId, other.organizerId),
    token.replace(/\.(\d{10})\./, (_, seconds) => `.${Number(seconds) + 1}.`),
    `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
    openExportLinks([{ kid: 'k1', secret: 'another secret that is long enough' }]).sign({
      ...{ kind: 'bookings', eventId: event.eventId, actor: ownerOf(event), expiresAt: 4_000_000_000 },
    }),
    tokenOf(event, 'bookings', ownerOf(other)),
  ];
  for (const one of forged) await expect(exports.open(one), one).rejects.toMatchObject({ code: 'NOT_FOUND' });

  const { userId } = await seedUser(box.reader);
  const { organizationId } = event;
  await seedMember(box.reader, { organizationId, userId, role: 'FINANCE' });
  const own = tokenOf(event, 'bookings', { userId });
  expect(await read(own)).toHaveLength(1);
  await seedMember(box.reader, { organizationId, userId, role: 'READER' });
  await vi.waitFor(() => expect(exports.open(own)).rejects.toMatchObject({ code: 'NOT_FOUND' }), { timeout: 5_000 });

  const past = { kind: 'bookings', eventId: event.eventId, actor: ownerOf(event) } as const;
  const expired = links.sign({ ...past, expiresAt: Math.floor(Date.now() / 1000) - 1 });
  await expect(exports.open(expired)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a process writes four files at a time', async () => {
  const event = await seedEvent(box.reader, { seats: 1 });
  const token = tokenOf(event, 'tickets');
  const files = [];
  for (let n = 0; n < 4; n++) {
    const { chunks } = await exports.open(token);
    const file = chunks[Symbol.asyncIterator]();
    await file.next();
    files.push(file);
  }
  await expect(exports.open(token)).rejects.toMatchObject({ code: 'TRY_AGAIN' });
  for (const file of files) await file.return?.();
  expect(await read(token)).toHaveLength(1);
});
