import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sql } from 'drizzle-orm';
import { Redis } from 'ioredis';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { migrate } from '#db/migrate.ts';
import { ensureDatabase } from '#processes/dev/servers/postgres.ts';
import { seatMap } from '#redis/keys.ts';
import { openPaymentScenes } from '#test/support/payment-scenes.ts';
import { type ArchivedPostgres, openArchivedPostgres } from '#test/support/postgres/archived-postgres.ts';
import type { ProcessName } from '#test/support/system.ts';

// Two servers, as in production: each is put back to a time before the last bookings, alone and both together. What the
// runbook says is done, by the command that it names; then everything must agree again.
const processes: readonly ProcessName[] = ['api', 'worker', 'payments', 'relay'];
let dir: string;
let servers: Record<'booking' | 'payments', ArchivedPostgres>;
let scenes: Awaited<ReturnType<typeof openPaymentScenes>>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'frontrow-restore-'));
  const [booking, payments] = await Promise.all(['booking', 'payments'].map((name) => openArchivedPostgres(dir, name)));
  if (!booking || !payments) throw new Error('Two servers were started.');
  servers = { booking, payments };
  const databaseOn = async (name: 'booking' | 'payments') => {
    const url = await ensureDatabase(servers[name].url, `frontrow_${name}`);
    await migrate({ url, folder: name });
    return { url, drop: async () => undefined };
  };
  const databases = { booking: await databaseOn('booking'), payments: await databaseOn('payments') };
  scenes = await openPaymentScenes({ databases, search: true });
}, 120_000);
afterAll(async () => {
  await scenes.close();
  await Promise.all([servers.booking.close(), servers.payments.close()]);
  await rm(dir, { recursive: true, force: true });
});

type Event = Awaited<ReturnType<typeof scenes.event>>;

async function confirmed(event: Event, seatNo: number) {
  const buyer = await scenes.buyer(event, seatNo);
  const { payment } = await buyer.ready();
  await payAt(payment.url);
  await buyer.when({ status: 'CONFIRMED' });
  return buyer;
}
const payAt = (url: string) => fetch(url, { method: 'POST', body: new URLSearchParams({ outcome: 'pay' }) });

async function cancelled(buyer: Awaited<ReturnType<typeof confirmed>>) {
  await scenes.cancel(buyer.fan, buyer.id);
  await buyer.when({ status: 'CANCELLED', payment: 'REFUNDED' });
  return buyer;
}

async function now(): Promise<string> {
  const [row] = await scenes.db.execute<{ at: string }>(sql`select clock_timestamp()::text as at`);
  return row?.at ?? '';
}

/** Bookings at every stage on both sides of the time; the servers are put back to it, and the runbook is followed. */
async function restore(which: 'booking' | 'payments' | 'both') {
  const { system } = scenes;
  const event = await scenes.event(20);
  const names = which === 'both' ? (['booking', 'payments'] as const) : ([which] as const);
  await Promise.all(names.map((name) => servers[name].backUp()));
  const kept = await confirmed(event, 0);
  const regretted = await confirmed(event, 1);
  const undecided = await scenes.buyer(event, 2);
  const { payment } = await undecided.ready();
  await scenes.expectAllInvariants();
  const time = await now();
  await cancelled(regretted);
  await payAt(payment.url);
  await undecided.when({ status: 'CONFIRMED' });
  const late = await confirmed(event, 3);
  const lateRegretted = await cancelled(await confirmed(event, 4));
  const lateUndecided = await scenes.buyer(event, 5);
  await lateUndecided.ready();
  const changed = sql`update events set title = 'Later', updated_version = updated_version + 1 where id = ${event.eventId}`;
  if (which === 'booking') {
    await scenes.db.execute(changed);
    await run('../../scripts/reindex.ts');
  }
  await Promise.all(processes.map((name) => system.kill(name, 'SIGTERM')));
  await Promise.all(names.map((name) => servers[name].restoreTo(time)));
  const to = new Date(time).toISOString();
  const told = await run('../../src/processes/converge.ts', '--restored', which, '--to', to);
  for (const name of ['relay', 'worker', 'payments'] as const) await system.start(name);
  await scenes.endLeases();
  await scenes.expectAllInvariants(60_000);
  if (which === 'booking') {
    await run('../../scripts/reindex.ts');
    await run('../../scripts/reindex.ts', '--compare');
  }
  await system.start('api');
  const statuses = await statusesOf({ kept, regretted, undecided, late, lateRegretted, lateUndecided });
  return { event, statuses, told };
}

/** What a command of the runbook printed; throws when it failed. */
async function run(file: string, ...args: readonly string[]): Promise<string> {
  const command = [join(import.meta.dirname, file), ...args];
  return (await promisify(execFile)(process.execPath, command, { env: scenes.system.env })).stdout;
}

async function statusesOf(buyers: Record<string, { rawId: string }>) {
  const [booking, payments] = [scenes.system.bookingUrl, scenes.system.paymentsUrl].map((url) =>
    postgres(url, { max: 1, onnotice: () => undefined }),
  );
  if (!booking || !payments) throw new Error('Two databases were named.');
  const statuses: Record<string, string> = {};
  for (const [name, { rawId }] of Object.entries(buyers)) {
    const [own] = await booking`select status from bookings where id = ${rawId}`;
    const [money] = await payments`select status from payments where booking_id = ${rawId}`;
    statuses[name] = `${own?.status ?? 'unknown'} ${money?.status ?? 'unknown'}`;
  }
  await Promise.all([booking.end(), payments.end()]);
  return statuses;
}

test('the booking database: who paid after that time is confirmed or gets the money back, who cancelled stays so', async () => {
  const { event, statuses, told } = await restore('booking');
  expect(statuses).toEqual({
    kept: 'CONFIRMED PAYMENT_SUCCESS',
    regretted: 'CANCELLED REFUNDED',
    undecided: 'CONFIRMED PAYMENT_SUCCESS',
    late: 'unknown REFUNDED',
    lateRegretted: 'unknown REFUNDED',
    lateUndecided: 'unknown SESSION_CREATED',
  });
  expect(told).toMatch(/Redis: [1-9]\d* copies forgotten/);
  const fan = await confirmed(event, 3);
  await fan.when({ status: 'CONFIRMED' });
  const redis = new Redis(scenes.system.redisUrl);
  const version = await scenes.db.execute(sql`select version from seat_inventories where event_id = ${event.eventId}`);
  await vi.waitUntil(
    async () => Number((await redis.getrange(seatMap(event.eventId), 0, 14)) || -1) === Number(version[0]?.version),
    { timeout: 15_000, interval: 100 },
  );
  redis.disconnect();
}, 180_000);

test('the payments database: it hears of every booking again and asks the gateway; nobody is charged or refunded twice', async () => {
  const { statuses, told } = await restore('payments');
  expect(statuses).toEqual({
    kept: 'CONFIRMED PAYMENT_SUCCESS',
    regretted: 'CANCELLED REFUNDED',
    undecided: 'CONFIRMED PAYMENT_SUCCESS',
    late: 'CONFIRMED PAYMENT_SUCCESS',
    lateRegretted: 'CANCELLED REFUNDED',
    lateUndecided: 'PENDING_PAYMENT SESSION_CREATED',
  });
  expect(told).toMatch(/^[1-9]\d* messages of bookings are handed to payments again/);
}, 180_000);

test('both: what only the gateway knows is found there', async () => {
  const { statuses, told } = await restore('both');
  expect(statuses).toEqual({
    kept: 'CONFIRMED PAYMENT_SUCCESS',
    regretted: 'CANCELLED REFUNDED',
    undecided: 'CONFIRMED PAYMENT_SUCCESS',
    late: 'unknown REFUNDED',
    lateRegretted: 'unknown REFUNDED',
    lateUndecided: 'unknown PAYMENT_FAILED',
  });
  expect(told).toMatch(/gateway: [1-9]\d* sessions, [1-9]\d* refunds and [1-9]\d* ends were forgotten/);
}, 180_000);
