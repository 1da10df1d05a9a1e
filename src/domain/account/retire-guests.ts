import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { scrubUsers } from './erasure-statements.ts';

const BATCH = 500;

/**
 * Deletes all personal data of guests whose last event was long ago, and deletes guests who never booked. A guest who
 * has a session, or whose money is still moving, stays as it is.
 */
export async function retireGuests({ db }: { db: Db }, days: number, signal: AbortSignal): Promise<void> {
  for (const retire of [scrubBatch, deleteBatch])
    while (!signal.aborted && (await inTransaction(db, 'retireGuests', (tx) => retire(tx, days))) === BATCH);
}

const longAgo = (days: number) => sql`now() - make_interval(days => ${days})`;

/** The transaction holds their rows, so no session is opened for them meanwhile. */
const oldGuests = (days: number) => sql`
  select u.id from users u
  where u.is_guest and u.created_at < ${longAgo(days)} and not exists (
    select from refresh_tokens t
    where t.user_id = u.id and t.used_at is null and t.revoked_at is null and t.expires_at > now())`;

async function scrubBatch(tx: Tx, days: number): Promise<number> {
  const guests = await tx.execute<{ id: string }>(sql`
    ${oldGuests(days)} and u.erased_at is null
      and exists (select from bookings b where b.user_id = u.id)
      and not exists (
        select from bookings b left join events e on e.id = b.event_id
        where b.user_id = u.id and (e.starts_at > ${longAgo(days)} or b.status = 'PENDING_PAYMENT'
          or b.payment_status = 'REFUND_PENDING' or (b.payment_status = 'PAYMENT_SUCCESS' and b.status <> 'CONFIRMED')))
    limit ${BATCH} for update of u skip locked`);
  const ids = guests.map(({ id }) => id);
  await scrubUsers(tx, ids);
  // The payments database has no data that identifies them.
  await tx.execute(sql`
    update users set payments_erased_at = now() where id = any (${sql.param(ids)}::uuid[])`);
  return ids.length;
}

async function deleteBatch(tx: Tx, days: number): Promise<number> {
  const guests = await tx.execute<{ id: string }>(sql`
    ${oldGuests(days)} and not exists (select from bookings b where b.user_id = u.id)
    limit ${BATCH} for update of u skip locked`);
  const ids = sql`any (${sql.param(guests.map(({ id }) => id))}::uuid[])`;
  await tx.execute(sql`delete from guest_recoveries where user_id = ${ids}`);
  await tx.execute(sql`delete from refresh_tokens where user_id = ${ids}`);
  await tx.execute(sql`delete from users where id = ${ids}`);
  return guests.length;
}
