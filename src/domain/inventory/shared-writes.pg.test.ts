import { randomUUIDv7 } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, afterEach, expect, test } from 'vitest';
import { findViolations } from '#processes/invariants/violations.ts';
import { openBox } from '#test/support/databases/box.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import type { HoldCommand } from './inventory-command.ts';

// One transaction for the commands of several events: the commands or locks of one event must not affect the others.
const box = await openBox();
const raw = postgres(box.url, { max: 2, onnotice: () => undefined });
afterAll(async () => {
  await raw.end();
  await box.close();
});
afterEach(async () => {
  expect(await findViolations(box.url)).toEqual([]);
});

const holdOf = (event: SeededEvent, seatNos: readonly number[], of: Partial<HoldCommand> = {}): HoldCommand => ({
  kind: 'hold',
  bookingId: randomUUIDv7(),
  userId: randomUUIDv7(),
  planId: event.planId,
  seatNos,
  idempotencyKey: randomUUIDv7(),
  requestHash: seatNos.join(),
  ...of,
});

async function seedEvents(count: number): Promise<SeededEvent[]> {
  const first = await seedEvent(box.reader, { seats: 40 });
  const events = [first];
  while (events.length < count) events.push(await seedEvent(box.reader, { seats: 40, like: first }));
  return events;
}

const transactionsOf = async (events: readonly SeededEvent[]) => {
  const rows = await raw<{ xmin: string }[]>`
    select distinct xmin::text as xmin from bookings where event_id = any(${events.map((event) => event.eventId)})`;
  return rows.length;
};

test('commands of several events are one transaction, and each event has its own versions', async () => {
  const events = await seedEvents(10);
  const answers = await Promise.all(
    events.flatMap((event) => [0, 1, 2].map((seatNo) => box.writer.submit(event.eventId, holdOf(event, [seatNo])))),
  );
  expect(await transactionsOf(events)).toBe(1);
  expect(answers.map((answer) => answer.kind === 'held' && answer.booking.version)).toEqual(
    events.flatMap(() => [1, 2, 3]),
  );
});

test('an event that is locked for long delays no other event, and is written when it is free', async () => {
  const events = await seedEvents(6);
  const [stuck] = events;
  const submit = (event: SeededEvent, seatNo: number) => box.writer.submit(event.eventId, holdOf(event, [seatNo]));
  let late: Promise<{ kind: string }>[] = [];
  await raw.begin(async (tx) => {
    await tx`select 1 from seat_inventories where event_id = ${stuck?.eventId ?? ''} for update`;
    const first = events.map((event) => submit(event, 0));
    expect((await Promise.all(first.slice(1))).map(({ kind }) => kind)).toEqual(events.slice(1).map(() => 'held'));
    const second = events.map((event) => submit(event, 1));
    expect((await Promise.all(second.slice(1))).map(({ kind }) => kind)).toEqual(events.slice(1).map(() => 'held'));
    late = [...first.slice(0, 1), ...second.slice(0, 1)];
  });
  expect((await Promise.all(late)).map(({ kind }) => kind)).toEqual(['held', 'held']);
});

test('a command that cannot be written fails alone; those of other events succeed', async () => {
  const events = await seedEvents(5);
  // PostgreSQL stores no text with a zero byte in it, so this command breaks every statement that contains it.
  const commands = events.map((event, index) => holdOf(event, [7], index === 2 ? { idempotencyKey: 'a\u0000b' } : {}));
  const answers = await Promise.allSettled(
    events.map((event, index) => box.writer.submit(event.eventId, commands[index] ?? holdOf(event, [0]))),
  );
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
});

test('one key at two events at once: one is held, the other is refused', async () => {
  const events = await seedEvents(2);
  const of = { userId: randomUUIDv7(), idempotencyKey: 'one key' };
  const answers = await Promise.all(
    events.map((event) => box.writer.submit(event.eventId, holdOf(event, [3], { ...of, requestHash: event.eventId }))),
  );
  expect(answers.map(({ kind }) => kind).sort()).toEqual(['held', 'keyReused']);
});

test('a command reaches no booking of another event, not even of one in the same transaction', async () => {
  const [mine, other] = await seedEvents(2);
  if (!mine || !other) throw new Error('Two events were seeded.');
  const held = holdOf(other, [5]);
  await box.writer.submit(other.eventId, held);
  const cancel = { kind: 'release', reason: 'CANCELLED', bookingId: held.bookingId, userId: held.userId } as const;
  const answers = await Promise.all([
    box.writer.submit(mine.eventId, cancel),
    box.writer.submit(other.eventId, { kind: 'release', reason: 'EXPIRED', bookingId: held.bookingId }),
  ]);
  expect(answers).toMatchObject([{ kind: 'noBooking' }, { kind: 'kept', booking: { status: 'PENDING_PAYMENT' } }]);
});

test('of several events, only the unknown one is not found', async () => {
  const [event] = await seedEvents(1);
  if (!event) throw new Error('One event was seeded.');
  const [known, unknown] = await Promise.all([
    box.writer.submit(event.eventId, holdOf(event, [0])),
    box.writer.submit(randomUUIDv7(), holdOf(event, [0])),
  ]);
  expect([known.kind, unknown.kind]).toEqual(['held', 'noEvent']);
});

test('three processes sell the same events at once: every seat once, every version once', async () => {
  const events = await seedEvents(8);
  const processes = [box, box.process(), box.process()];
  const tries = processes.flatMap(({ writer }) =>
    events.flatMap((event) =>
      Array.from({ length: 40 }, (_, seatNo) => writer.submit(event.eventId, holdOf(event, [seatNo]))),
    ),
  );
  const answers = await Promise.all(tries);
  const held = answers.flatMap((answer) => (answer.kind === 'held' ? [answer.booking] : []));
  expect(held).toHaveLength(8 * 40);
  for (const { eventId } of events) {
    const versions = held.filter((booking) => booking.eventId === eventId).map((booking) => booking.version);
    expect(versions.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  }
});
