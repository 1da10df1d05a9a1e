import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { cancelBooking } from '#domain/booking/cancel-booking.ts';
import { createBooking } from '#domain/booking/create-booking.ts';
import { freePort } from '#processes/dev/servers/server-process.ts';
import { openBox, someViewer } from '#test/support/databases/box.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { applyMigrations, migrate } from './migrate.ts';

const folder = await mkdtemp(join(tmpdir(), 'frontrow-migrations-'));
const box = await openBox();
const reader = postgres(box.url, { max: 1, connection: { application_name: 'a-long-report' } });
const sql = postgres(box.url, { max: 1 });
afterAll(async () => {
  await Promise.all([reader.end({ timeout: 1 }), sql.end()]);
  await box.close();
  await rm(folder, { recursive: true });
});

const columnsOfOutbox = async () =>
  (await sql`select 1 from information_schema.columns where table_name = 'outbox' and column_name = 'added_later'`)
    .length;

/** Afterwards the seat is free again, so that it is enough for any number of holds. */
async function holdAndCancel({ eventId, seatIds }: SeededEvent): Promise<void> {
  const viewer = someViewer();
  const { booking } = await createBooking(box, viewer, { eventId, seatIds: seatIds(0), idempotencyKey: 'hold' });
  await cancelBooking(box, viewer, { bookingId: booking.id });
}

test('holds continue while a migration of the outbox waits for a long reader, and it is applied when the reader ends', async () => {
  const event = await seedEvent(box.reader, { seats: 1 });
  await writeFile(join(folder, '20990101_0001_later.sql'), 'alter table outbox add column added_later text;');
  const reading = await reader.reserve();
  await reading`begin`;
  await reading`select count(*) from outbox`;

  const lines: string[] = [];
  let isDone = false;
  const migrating = applyMigrations({
    url: box.url,
    title: 'test',
    directory: pathToFileURL(folder),
    log: (line) => lines.push(line),
  }).finally(() => {
    isDone = true;
  });
  const refused = () => lines.filter((line) => line.includes('waits for a table'));
  try {
    let held = 0;
    while (refused().length < 3 && !isDone) {
      await holdAndCancel(event);
      held += 1;
    }
    expect(refused()).toHaveLength(3);
    expect(refused()[0]).toContain('(a-long-report)');
    expect(held).toBeGreaterThan(3);
    expect(await columnsOfOutbox()).toBe(0);
  } finally {
    // Until the reader ends the migration waits, and so would those of the other tests.
    await reading`rollback`;
    reading.release();
    await Promise.allSettled([migrating]);
  }
  expect((await migrating).applied).toEqual(['20990101_0001_later.sql']);
  expect(await columnsOfOutbox()).toBe(1);
});

test('a file that fails for another reason is not tried again, and nothing of it remains', async () => {
  await writeFile(join(folder, '20990101_0002_broken.sql'), 'create table half (id int); select 1 / 0;');
  const lines: string[] = [];
  const directory = pathToFileURL(folder);
  const failing = applyMigrations({ url: box.url, title: 'test', directory, log: (line) => lines.push(line) });
  await expect(failing).rejects.toThrow('division by zero');
  expect(lines).toEqual([]);
  expect(await sql`select to_regclass('half') as found`).toEqual([{ found: null }]);
});

test('waits for a server that does not take connections yet', async () => {
  const url = new URL(box.url);
  const port = Number(url.port);
  url.port = String(await freePort());
  const lines: string[] = [];
  const migrating = migrate({ url: url.href, folder: 'booking', log: (line) => lines.push(line) });
  while (lines.length === 0) await new Promise((done) => setImmediate(done));
  expect(lines).toEqual(['booking: waits for its database, which takes no connection yet']);
  const door = createServer((socket) => {
    const through = connect(port, '127.0.0.1');
    socket.pipe(through).pipe(socket);
    for (const end of [socket, through]) end.on('error', () => end.destroy());
  });
  door.listen(Number(url.port), '127.0.0.1');
  expect(await migrating).toEqual({ applied: [] });
  door.close();
});
