import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { findViolations } from '#processes/invariants/violations.ts';
import { openBox } from '#test/support/databases/box.ts';
import { putPrices, type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { openCommitProxy } from '#test/support/databases/commit-proxy.ts';
import { outageOf } from '../outages.ts';
import { listOfTiers } from '../pricing/tier-prices-rules.ts';
import type { HoldCommand } from './inventory-command.ts';
import type { Committed } from './inventory-writer.ts';

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

/** Holds the event's lock as another process's writer would, until `release` is called. */
async function lockEvent(eventId: string): Promise<{ release: () => Promise<void> }> {
  let release = () => {};
  const released = new Promise<void>((done) => {
    release = done;
  });
  let isLocked = () => {};
  const locked = new Promise<void>((done) => {
    isLocked = done;
  });
  const transaction = raw.begin(async (tx) => {
    await tx`select 1 from seat_inventories where event_id = ${eventId} for update`;
    isLocked();
    await released;
  });
  await locked;
  return {
    release: async () => {
      release();
      await transaction;
    },
  };
}

const waitingForLock = () => raw<{ pid: number }[]>`
  select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;

const bookingsOf = async (event: SeededEvent): Promise<number> => {
  const [row] = await raw`select count(*)::int as count from bookings where event_id = ${event.eventId}`;
  return row?.count;
};

test('commands that arrive during a write are one transaction', async () => {
  const event = await seedEvent(box.reader, { seats: 300 });
  const commits: Committed[] = [];
  const process = box.process({ afterCommit: (committed) => commits.push(committed) });
  await Promise.all(
    Array.from({ length: 300 }, (_, seatNo) => process.writer.submit(event.eventId, holdOf(event, [seatNo]))),
  );
  expect(commits.map(({ changes }) => changes.length)).toEqual([128, 128, 44]);
  expect(commits.flatMap(({ changes }) => changes.map((change) => change.version))).toEqual(
    Array.from({ length: 300 }, (_, index) => index + 1),
  );
  const [row] =
    await raw`select count(distinct xmin::text)::int as transactions from bookings where event_id = ${event.eventId}`;
  expect(row).toEqual({ transactions: 3 });
});

describe('the connection is lost in COMMIT', () => {
  test.each(['after', 'before'] as const)(
    '%s it took effect: the result is true, and there is one booking',
    async (where) => {
      const event = await seedEvent(box.reader, { seats: 4 });
      const proxy = await openCommitProxy(box.url);
      const process = box.process({ url: proxy.url });
      await process.writer.submit(event.eventId, holdOf(event, [0]));
      proxy.cutAt(where);
      const command = holdOf(event, [1, 2]);
      const answer = await process.writer.submit(event.eventId, command);
      expect(answer).toMatchObject({ kind: 'held', replayed: false, booking: { id: command.bookingId } });
      expect(proxy.cuts()).toBe(1);
      expect(await bookingsOf(event)).toBe(2);
      proxy.cutAt(where);
      const cancel = {
        kind: 'release',
        reason: 'CANCELLED',
        bookingId: command.bookingId,
        userId: command.userId,
      } as const;
      expect(await process.writer.submit(event.eventId, cancel)).toMatchObject({ kind: 'released' });
      expect(proxy.cuts()).toBe(2);
      await process.writer.close();
      proxy.close();
    },
  );
});

test('a backend that is terminated while it waits for the event costs only a retry', async () => {
  const event = await seedEvent(box.reader, { seats: 4 });
  const lock = await lockEvent(event.eventId);
  const answer = box.writer.submit(event.eventId, holdOf(event, [0]));
  await expect.poll(() => waitingForLock()).toHaveLength(1);
  const [first] = await waitingForLock();
  await raw`select pg_terminate_backend(${first?.pid ?? 0})`;
  await expect.poll(async () => (await waitingForLock()).some(({ pid }) => pid !== first?.pid)).toBe(true);
  await lock.release();
  expect(await answer).toMatchObject({ kind: 'held' });
  expect(await bookingsOf(event)).toBe(1);
});

test('a command that cannot be written fails alone; the others of its batch succeed', async () => {
  const event = await seedEvent(box.reader, { seats: 20 });
  // PostgreSQL stores no text with a zero byte in it, so this command breaks every statement that contains it.
  const poison = holdOf(event, [7], { idempotencyKey: 'a\u0000b' });
  const commands = Array.from({ length: 20 }, (_, seatNo) => (seatNo === 7 ? poison : holdOf(event, [seatNo])));
  const answers = await Promise.allSettled(commands.map((command) => box.writer.submit(event.eventId, command)));
  const failed = answers.flatMap((answer, index) => (answer.status === 'rejected' ? [index] : []));
  expect(failed).toEqual([7]);
  expect(await bookingsOf(event)).toBe(19);
  expect(await box.writer.submit(event.eventId, holdOf(event, [7]))).toMatchObject({ kind: 'held' });
});

test('a command waits no longer than its deadline, and the same key then returns its result', async () => {
  const event = await seedEvent(box.reader, { seats: 4 });
  const lock = await lockEvent(event.eventId);
  const command = holdOf(event, [0]);
  const refusal = await box.writer.submit(event.eventId, command, { deadlineMs: 100 }).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'TRY_AGAIN', retry: { advice: 'SAME_KEY' } });
  await lock.release();
  const again = await box.writer.submit(event.eventId, { ...command, bookingId: randomUUIDv7() });
  expect(again).toMatchObject({ kind: 'held' });
  expect(await bookingsOf(event)).toBe(1);
});

test('a full queue rejects with the time after which to try again', async () => {
  const event = await seedEvent(box.reader, { seats: 9 });
  const { writer } = box.process({ maxQueued: 2, maxBatch: 1 });
  const lock = await lockEvent(event.eventId);
  const first = writer.submit(event.eventId, holdOf(event, [0]));
  await expect.poll(() => waitingForLock()).toHaveLength(1);
  const queued = [1, 2].map((seatNo) => writer.submit(event.eventId, holdOf(event, [seatNo])));
  const refusal = await writer.submit(event.eventId, holdOf(event, [3])).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'TRY_AGAIN', retry: { afterSeconds: expect.any(Number) } });
  await lock.release();
  expect((await Promise.all([first, ...queued])).map(({ kind }) => kind)).toEqual(['held', 'held', 'held']);
});

test('close settles the submitted commands and refuses new ones', async () => {
  const event = await seedEvent(box.reader, { seats: 9 });
  const { writer } = box.process();
  const answers = [0, 1, 2].map((seatNo) => writer.submit(event.eventId, holdOf(event, [seatNo])));
  await writer.close();
  expect(writer.depth()).toBe(0);
  expect((await Promise.all(answers)).map(({ kind }) => kind)).toEqual(['held', 'held', 'held']);
  await expect(writer.submit(event.eventId, holdOf(event, [3]))).rejects.toMatchObject({ code: 'TRY_AGAIN' });
});

test('reports that writes fail while the disk is full, until a write succeeds', async () => {
  const event = await seedEvent(box.reader, { seats: 9 });
  const { writer } = box.process();
  await raw`create function full_disk() returns trigger language plpgsql as
    $$ begin raise exception 'could not extend file' using errcode = '53100'; end $$`;
  await raw`create trigger full_disk before insert on bookings for each row execute function full_disk()`;
  try {
    await expect(writer.submit(event.eventId, holdOf(event, [0]))).rejects.toMatchObject({ code: 'TRY_AGAIN' });
    expect(outageOf(writer.failure()?.error)).toMatchObject({ cause: 'disk-full', detail: '53100' });
  } finally {
    await raw`drop function full_disk cascade`;
  }
  // A refused hold commits too, but writes nothing.
  expect(await writer.submit(event.eventId, holdOf(event, [99]))).toEqual({ kind: 'noSeat' });
  expect(writer.failure()).toBeDefined();
  expect(await writer.submit(event.eventId, holdOf(event, [0]))).toMatchObject({ kind: 'held' });
  expect(writer.failure()).toBeUndefined();
});

test('a hold that meets an outage and then other prices is made at these', async () => {
  const event = await seedEvent(box.reader, { seats: 9, priceMinor: 100, feeMinor: 0 });
  // A sequence keeps its value when its transaction is rolled back.
  await raw`create sequence inserts`;
  await raw`create function busy_disk() returns trigger language plpgsql as
    $$ begin if nextval('inserts') <= 5 then raise exception 'could not extend file' using errcode = '53100'; end if; return new; end $$`;
  await raw`create trigger busy_disk before insert on bookings for each row execute function busy_disk()`;
  try {
    const answer = box.process().writer.submit(event.eventId, holdOf(event, [0]));
    const failed = async () => (await raw`select last_value::int as value from inserts`)[0]?.value;
    await expect.poll(failed).toBe(5);
    const lock = await lockEvent(event.eventId);
    await expect.poll(() => waitingForLock()).toHaveLength(1);
    await putPrices(
      box.reader,
      event.eventId,
      listOfTiers('USD', new Map([['Tier 1', { priceMinor: 200, feeMinor: 0 }]])),
    );
    await lock.release();
    expect(await answer).toMatchObject({ kind: 'held', booking: { totalMinor: 200 } });
  } finally {
    await raw`drop function busy_disk cascade`;
    await raw`drop sequence inserts`;
  }
});

test('uses the prices and the sale as they are at the moment of the write', async () => {
  const event = await seedEvent(box.reader, { seats: 9, priceMinor: 100, feeMinor: 0 });
  const total = async (seatNo: number) => box.writer.submit(event.eventId, holdOf(event, [seatNo]));
  expect(await total(0)).toMatchObject({ booking: { totalMinor: 100 } });
  const dearer = listOfTiers('USD', new Map([['Tier 1', { priceMinor: 200, feeMinor: 0 }]]));
  await putPrices(box.reader, event.eventId, dearer);
  expect(await total(1)).toMatchObject({ booking: { totalMinor: 200 } });
  await box.reader.execute(sql`update events set status = 'CANCELLED' where id = ${event.eventId}`);
  expect(await total(2)).toMatchObject({ kind: 'notOnSale' });
});

test('an event whose plan changes is written with the new plan', async () => {
  const event = await seedEvent(box.reader, { seats: 9 });
  const larger = await seedEvent(box.reader, { seats: 12 });
  await box.writer.submit(event.eventId, holdOf(event, [0]));
  await box.reader.execute(
    sql`update events set plan_id = ${larger.planId}, venue_id = ${larger.venueId} where id = ${event.eventId}`,
  );
  expect(await box.writer.submit(event.eventId, holdOf(event, [1]))).toEqual({ kind: 'noSeat' });
  expect(await box.writer.submit(event.eventId, holdOf(larger, [11]))).toMatchObject({ kind: 'held' });
});
