import { parseArgs } from 'node:util';
import { sql } from 'drizzle-orm';
import { parseConvergeConfig } from '#config/payments.ts';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { parseInstant } from '#domain/instant-rules.ts';
import { adoptLostSessions } from '#domain/payments/adopt-lost-sessions.ts';
import { BOOKING_FOLLOWER } from '#domain/payments/open-payment.ts';
import { rewindGroup } from '#events/log/rewind-group.ts';
import { skipUnread } from '#events/log/skip-unread.ts';
import { openGateway } from '#gateways/registry.ts';
import { forgetCopies } from '#redis/forget-copies.ts';
import { relaySlot } from '#workers/relay-outbox.ts';
import { called, usageOf } from './command-line.ts';
import { configured } from './configured.ts';

/**
 * `npm run converge -- --restored booking|payments|both --to <time>`: runs after a restore, while no other process
 * runs. Makes outboxes, event log, Redis and the gateway's money consistent with each other; docs/runbooks/restore.md.
 */
/** Clocks differ, and transactions that were open at that time were committed after it. */
const MARGIN_MS = 5 * 60_000;

const { values } = parseArgs({ options: { restored: { type: 'string' }, to: { type: 'string' } } });
const to = parseInstant(values.to ?? '');
const { restored } = values;
if ((restored !== 'booking' && restored !== 'payments' && restored !== 'both') || !to) {
  console.error(usageOf('converge'));
  process.exit(2);
}
const since = new Date(to.getTime() - MARGIN_MS);
const config = configured(() => parseConvergeConfig(process.env));
const name = 'frontrow-converge';
const booking = openDb({ ...config.booking, poolMax: 1, name });
const payments = openDb({ ...config.postgres, poolMax: 2, name });
try {
  await requireQuiet(booking);
  await requireQuiet(payments);
  if (restored !== 'booking' && config.eventLog.kind === 'postgres') {
    const messages = await rewindGroup(config.booking.url, BOOKING_FOLLOWER, since);
    console.log(`payments will handle ${messages} messages of bookings again`);
  }
  if (restored !== 'payments' && config.eventLog.kind === 'kafka') {
    // Kafka was not restored. The restored database gives out the same versions again, and its outbox is published
    // again.
    const messages = await skipUnread({ ...config.eventLog, name }, ['catalog', 'booking']);
    console.log(`${messages} unread messages of lost bookings will be skipped`);
  }
  for (const [db, { url }] of [[booking, config.booking] as const, [payments, config.postgres] as const]) {
    const slot = relaySlot(url);
    const dropped = await db.execute(
      sql`select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = ${slot}`,
    );
    console.log(`${slot}: ${dropped.length > 0 ? 'dropped' : 'missing'}; the relay will append its whole outbox again`);
  }
  if (restored !== 'booking') {
    const gateway = openGateway(config.gateway);
    const adopted = await adoptLostSessions({ db: payments, gateway, knownBookings }, since);
    console.log(
      `gateway: the databases had lost ${adopted.lost} sessions, ${adopted.givenBack} refunds and ${adopted.inDoubt} ends`,
    );
  }
  console.log(`Redis: ${await forgetCopies({ ...config.redis, name })} copies removed`);
  console.log(`Start relay, worker and payments; then ${called('reindex')} and ${called('invariants')}; then api.`);
} finally {
  await Promise.all([closeDb(booking), closeDb(payments)]);
}

/** A running process would continue with the old state in its memory, and would read half of this work. */
async function requireQuiet(db: Db): Promise<void> {
  const rows = await db.execute<{ name: string }>(sql`
    select distinct application_name as name from pg_stat_activity
    where application_name like 'frontrow-%' and application_name <> ${name} and datname = current_database()`);
  if (rows.length === 0) return;
  console.error(`Still connected: ${rows.map((row) => row.name).join(', ')}. Stop all processes first.`);
  process.exit(1);
}

async function knownBookings(ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await booking.execute<{ id: string }>(
    sql`select id::text from bookings where id::text = any(${sql.param(ids)}::text[])`,
  );
  return new Set(rows.map(({ id }) => id));
}
