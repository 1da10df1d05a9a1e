import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { type MerchantCall, merchantCall } from '#test/support/payments/sandbox-gateway.ts';
import type { World } from './world.ts';

const LOOK_EVERY_MS = 500;

/**
 * Waits until nothing is under way: no live hold, every message read by every consumer, every payment, refund and
 * cancellation settled, and nothing left that the gateway has planned. It first sends the notices that were dropped.
 * Returns what was still under way at the deadline, a line each.
 */
export async function awaitQuiet(world: World, withinMs: number): Promise<string[]> {
  const deadline = performance.now() + withinMs;
  const { urls } = world;
  const gateway = merchantCall(world.gatewayUrl);
  await gateway('POST', '/v1/notices/resend', {});
  const booking = postgres(urls.direct.booking, { max: 1, onnotice: () => undefined });
  const payments = postgres(urls.direct.payments, { max: 1, onnotice: () => undefined });
  try {
    for (;;) {
      const busy = [
        ...(await busyBookings(booking, world.broker === undefined)),
        ...(await busyPayments(payments)),
        ...(await busyGateway(gateway)),
      ];
      if (busy.length === 0 || performance.now() > deadline) return busy;
      await sleep(LOOK_EVERY_MS);
    }
  } finally {
    await Promise.all([booking.end(), payments.end()]);
  }
}

/** @param hasLog whether the event log is in this database; the invariants check a log on Kafka */
async function busyBookings(sql: postgres.Sql, hasLog: boolean): Promise<string[]> {
  const [row] = await sql<Record<string, number>[]>`
    select (select count(*)::int from bookings where status = 'PENDING_PAYMENT') as pending,
      (select count(*)::int from allocations where release_at is not null) as unreleased,
      (select count(*)::int from event_cancellations where finished_at is null) as uncancelled,
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
      (select count(*)::int from payments where open_refunds > 0) as unrefunded,
      (select count(*)::int from notices where handled_at is null) as unapplied`;
  return linesOf({ ...row }, 'of the payments');
}

async function busyGateway(gateway: MerchantCall): Promise<string[]> {
  const { planned, notices } = (await gateway('GET', '/v1/ledger')).json;
  const { WAITING: unsent, HELD: held } = notices;
  return linesOf({ planned, unsent, held }, 'of the gateway');
}

const linesOf = (counts: Record<string, number>, of: string): string[] =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${of} are ${name}`);
