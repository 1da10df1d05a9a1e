import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sql } from 'drizzle-orm';
import postgres from 'postgres';
import { migrate } from '#db/migrate.ts';
import { ensureDatabase } from '#processes/dev/servers/postgres.ts';
import { openArchivedPostgres } from '#test/support/databases/archived-postgres.ts';
import type { SeededEvent } from '#test/support/databases/catalog.ts';
import type { SystemOptions } from '#test/support/system/system.ts';
import { openPaymentScenes } from './payment-scenes.ts';

type Restored = 'booking' | 'payments' | 'both';
type Needs = Pick<SystemOptions, 'log' | 'search'>;
/** By the stages that they reached before and after the restored time. */
type Buyers = Record<string, { readonly rawId: string }>;

/**
 * Two servers, as in production, with bookings at every stage on both sides of the time to which one or both are
 * restored. Follows the runbook with the commands that it names.
 */
export async function openRestoreScenes(needs: Needs) {
  const dir = await mkdtemp(join(tmpdir(), 'frontrow-restore-'));
  const [booking, payments] = await Promise.all([
    openArchivedPostgres(dir, 'booking'),
    openArchivedPostgres(dir, 'payments'),
  ]);
  const servers = { booking, payments };
  const databaseOn = async (name: 'booking' | 'payments') => {
    const url = await ensureDatabase(servers[name].url, `frontrow_${name}`);
    await migrate({ url, folder: name });
    return { url, drop: async () => undefined };
  };
  const databases = { booking: await databaseOn('booking'), payments: await databaseOn('payments') };
  const scenes = await openPaymentScenes({ databases, ...needs });
  const { system } = scenes;

  async function confirmed(event: SeededEvent, seatNo: number) {
    const buyer = await scenes.buyer(event, seatNo);
    const { payment } = await buyer.ready();
    await payAt(payment.url);
    await buyer.when({ status: 'CONFIRMED' });
    return buyer;
  }

  async function cancelled(buyer: Awaited<ReturnType<typeof confirmed>>) {
    await scenes.cancel(buyer.fan, buyer.id);
    await buyer.when({ status: 'CANCELLED', payment: 'REFUNDED' });
    return buyer;
  }

  async function now(): Promise<string> {
    const [row] = await scenes.db.execute<{ at: string }>(sql`select clock_timestamp()::text as at`);
    return row?.at ?? '';
  }

  /** The output of a command of the runbook; throws when it failed. */
  async function run(file: string, ...args: readonly string[]): Promise<string> {
    const command = [join(import.meta.dirname, file), ...args];
    return (await promisify(execFile)(process.execPath, command, { env: system.env })).stdout;
  }

  /** Brings a fan to every stage. Returns the time between the kept and the lost changes. */
  async function sell(event: SeededEvent): Promise<{ time: string; buyers: Buyers }> {
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
    return { time, buyers: { kept, regretted, undecided, late, lateRegretted, lateUndecided } };
  }

  return {
    ...scenes,
    confirmed,
    run,
    /**
     * Sells, restores the servers to a time in the middle, and follows the runbook. `statuses` are those of each
     * booking and of its payment.
     * @param whileDeaf runs with only api and relay left, so that its messages are published and not read
     */
    async restore(which: Restored, event: SeededEvent, whileDeaf: () => Promise<Buyers> = async () => ({})) {
      const names = which === 'both' ? (['booking', 'payments'] as const) : ([which] as const);
      await Promise.all(names.map((name) => servers[name].backUp()));
      const { time, buyers } = await sell(event);
      if (needs.search && which === 'booking') {
        const changed = sql`update events set title = 'Later', updated_version = updated_version + 1 where id = ${event.eventId}`;
        await scenes.db.execute(changed);
        await run('../../../src/processes/reindex.ts');
      }
      await Promise.all([system.kill('worker', 'SIGTERM'), system.kill('payments', 'SIGTERM')]);
      const unheard = await whileDeaf();
      await Promise.all([system.kill('api', 'SIGTERM'), system.kill('relay', 'SIGTERM')]);
      await Promise.all(names.map((name) => servers[name].restoreTo(time)));
      const to = new Date(time).toISOString();
      const told = await run('../../../src/processes/converge.ts', '--restored', which, '--to', to);
      for (const name of ['relay', 'worker', 'payments'] as const) await system.start(name);
      await scenes.endLeases();
      await scenes.expectAllInvariants(60_000);
      if (needs.search && which === 'booking') {
        await run('../../../src/processes/reindex.ts');
        await run('../../../src/processes/reindex.ts', '--compare');
      }
      await system.start('api');
      return { told, statuses: await statusesOf(system, { ...buyers, ...unheard }) };
    },
    async close(): Promise<void> {
      await scenes.close();
      await Promise.all([booking.close(), payments.close()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const payAt = (url: string) => fetch(url, { method: 'POST', body: new URLSearchParams({ outcome: 'pay' }) });

async function statusesOf(urls: { bookingUrl: string; paymentsUrl: string }, buyers: Buyers) {
  const booking = postgres(urls.bookingUrl, { max: 1, onnotice: () => undefined });
  const payments = postgres(urls.paymentsUrl, { max: 1, onnotice: () => undefined });
  const statuses: Record<string, string> = {};
  for (const [name, { rawId }] of Object.entries(buyers)) {
    const [own] = await booking`select status from bookings where id = ${rawId}`;
    const [money] = await payments`select status from payments where booking_id = ${rawId}`;
    statuses[name] = `${own?.status ?? 'unknown'} ${money?.status ?? 'unknown'}`;
  }
  await Promise.all([booking.end(), payments.end()]);
  return statuses;
}
