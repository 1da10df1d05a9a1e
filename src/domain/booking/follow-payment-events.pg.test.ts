import { randomUUIDv7 } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, afterEach, expect, test } from 'vitest';
import { findViolations } from '#processes/invariants/violations.ts';
import { openBox } from '#test/support/databases/box.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { followPaymentEvents, type PaymentNews } from './follow-payment-events.ts';

const box = await openBox();
const raw = postgres(box.url, { max: 2, onnotice: () => undefined });
afterAll(async () => {
  await raw.end();
  await box.close();
});

type Held = { readonly id: string; readonly eventId: string; readonly totalMinor: number; readonly seatNo: number };

/** One booking per seat, of another fan each. */
function hold(event: SeededEvent, seats: number): Promise<Held[]> {
  return Promise.all(
    Array.from({ length: seats }, async (_, seatNo) => {
      const answer = await box.writer.submit(event.eventId, {
        kind: 'hold',
        bookingId: randomUUIDv7(),
        userId: randomUUIDv7(),
        planId: event.planId,
        seatNos: [seatNo],
        idempotencyKey: randomUUIDv7(),
        requestHash: String(seatNo),
      });
      if (answer.kind !== 'held') throw new Error(`The hold became ${answer.kind}.`);
      const { id, eventId, totalMinor } = answer.booking;
      return { id, eventId, totalMinor, seatNo };
    }),
  );
}

const news = (event: PaymentNews['event']): PaymentNews => ({ event, messageId: randomUUIDv7(), origin: undefined });
const now = () => new Date().toISOString();
const opened = ({ id, eventId }: Held): PaymentNews =>
  news({ type: 'PaymentSessionOpened', aggregateId: id, eventId, url: `https://pay.test/${id}`, openedAt: now() });
const paid = ({ id, eventId, totalMinor }: Held): PaymentNews =>
  news({
    type: 'PaymentSucceeded',
    aggregateId: id,
    eventId,
    amountMinor: totalMinor,
    currency: 'USD',
    capturedAt: now(),
  });

/** The bookings whose watchers are told by the consumer, not by the inventory writer. */
const changed: string[] = [];
/** `bad`: the seat whose ticket PostgreSQL refuses. */
const follow = (messages: readonly PaymentNews[], bad?: number) =>
  followPaymentEvents(
    {
      db: box.reader,
      writer: box.writer,
      changed: (bookingId) => void changed.push(bookingId),
      ticketSigner: { sign: ({ ticketId, seatNo }) => (seatNo === bad ? '\u0000' : `code-${ticketId}`) },
    },
    'a test',
    messages,
  );

const statuses = async (bookings: readonly Held[]) => {
  const rows = await raw<{ id: string; status: string; url: string | null; tickets: number }[]>`
    select id, status, payment_url as url, (select count(*)::int from tickets where booking_id = b.id) as tickets
    from bookings b where id in ${raw(bookings.map(({ id }) => id))}`;
  return bookings.map(({ id }) => rows.find((row) => row.id === id));
};
const marks = async (messages: readonly PaymentNews[]) => {
  const rows = await raw`select message_id from inbox where message_id in ${raw(messages.map((one) => one.messageId))}`;
  return new Set(rows.map((row) => row.message_id));
};
const idsOf = (messages: readonly PaymentNews[]) => new Set(messages.map(({ messageId }) => messageId));

afterEach(async () => {
  // The messages of these tests are in no log, which I17 notices.
  expect(await findViolations(box.url, { except: ['I08', 'I17'] })).toEqual([]);
});

test('news about many bookings are one set, and a repetition changes nothing', async () => {
  const first = await seedEvent(box.reader, { seats: 40 });
  const second = await seedEvent(box.reader, { seats: 40, like: first });
  const bookings = [...(await hold(first, 20)), ...(await hold(second, 20))];
  const messages = [...bookings.map(opened), ...bookings.map(paid)];
  expect(await follow(messages)).toEqual(idsOf(messages));
  expect(changed).toEqual(bookings.map(({ id }) => id));
  const seen = await statuses(bookings);
  expect(seen.every((row) => row?.status === 'CONFIRMED' && row.url !== null && row.tickets === 1)).toBe(true);
  expect(await follow(messages)).toEqual(idsOf(messages));
  expect(await statuses(bookings)).toEqual(seen);
});

test('behind a message that fails, nothing of its event takes effect; other events go on', async () => {
  const event = await seedEvent(box.reader, { seats: 40 });
  const other = await seedEvent(box.reader, { seats: 40, like: event });
  const bookings = await hold(event, 12);
  const others = (await hold(other, 12)).filter(({ seatNo }) => seatNo !== 5);
  const late = await hold(await seedEvent(box.reader, { seats: 40, like: event }), 1);
  const messages = [...bookings.map(paid), ...bookings.map(opened)];
  const elsewhere = [...others, ...late].map(paid);
  const done = await follow([...messages, ...elsewhere], 5);
  expect(done).toEqual(idsOf([...messages.slice(0, 5), ...elsewhere]));
  expect(await marks([...messages, ...elsewhere])).toEqual(done);
  expect((await statuses(bookings)).map((row) => row?.status)).toEqual(
    bookings.map((_, index) => (index < 5 ? 'CONFIRMED' : 'PENDING_PAYMENT')),
  );
});
