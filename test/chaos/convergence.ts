import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import type { World } from './world.ts';

const LOOK_EVERY_MS = 500;

/**
 * Waits until nothing is under way: no live hold, every message read by every consumer and every payment settled.
 * Returns what was still under way at the deadline, a line each.
 */
export async function awaitQuiet(world: World, withinMs: number): Promise<string[]> {
  const deadline = performance.now() + withinMs;
  const { urls } = world;
  const booking = postgres(urls.direct.booking, { max: 1, onnotice: () => undefined });
  const payments = postgres(urls.direct.payments, { max: 1, onnotice: () => undefined });
  try {
    for (;;) {
      const busy = [...(await busyBookings(booking, world.broker === undefined)), ...(await busyPayments(payments))];
      if (busy.length === 0 || performance.now() > deadline) return busy;
      await sleep(LOOK_EVERY_MS);
    }
  } finally {
    await Promise.all([booking.end(), payments.end()]);
  }
}

/** @param hasLog whether the event log is in this database; the invariants check a log on Kafka */
async function busyBookings(sql: postgres.Sql, hasLog: boolean): Promise<string[]> {
  const [row] = await sql<{ pending: number; unreleased: number; unread: number; unpublished: number }[]>`
    select (select count(*)::int from bookings where status = 'PENDING_PAYMENT') as pending,
      (select count(*)::int from allocations where release_at is not null) as unreleased,
      (select coalesce(sum(t.next_offset - p."offset"), 0)::int
        from event_log.positions p join event_log.partitions t using (topic, partition)) as unread,
      (select count(*)::int from outbox o
        where ${hasLog} and not exists (select from event_log.messages m where m.id = o.id)) as unpublished`;
  return linesOf({ ...row }, 'of the bookings');
}

async function busyPayments(sql: postgres.Sql): Promise<string[]> {
  const [row] = await sql<{ unsettled: number; unapplied: number }[]>`
    select (select count(*)::int from payments
        where status in ('CREATING_SESSION', 'SESSION_CREATED', 'REFUND_PENDING') or in_doubt) as unsettled,
      (select count(*)::int from notices where handled_at is null) as unapplied`;
  return linesOf({ ...row }, 'of the payments');
}

const linesOf = (counts: Record<string, number>, of: string): string[] =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${of} are ${name}`);
