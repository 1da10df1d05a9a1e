import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { InvalidInput } from '../errors.ts';
import { scrubUsers } from './erasure-statements.ts';

/** An address stands for its account and for every guest who gave it; `userId` is a raw id. */
export type Person = { readonly email: string } | { readonly userId: string };

export type Erased = {
  readonly accounts: number;
  readonly guests: number;
  readonly bookings: number;
  /** Tickets of future events: they stay valid, but can no longer be looked up. */
  readonly ticketsToCome: number;
};

/**
 * For operators: deletes all personal data of one person from the booking database, all or nothing. The payments
 * database follows: see `findUnfinishedErasures`. Throws InvalidInput when money is on its way or when the person
 * is the last owner of an organization.
 */
export async function erasePerson({ db }: { db: Db }, person: Person): Promise<Erased> {
  return inTransaction(db, 'erasePerson', async (tx) => {
    const users = await tx.execute<{ id: string; isGuest: boolean }>(sql`
      select id, is_guest as "isGuest" from users
      where ${'email' in person ? sql`email = ${person.email}` : sql`id = ${person.userId}`} and erased_at is null
      order by id for update`);
    const ids = users.map(({ id }) => id);
    await refuseWhileMoneyMoves(tx, ids);
    await refuseOrganizers(tx, ids);
    const [counts] = await tx.execute<{ bookings: number; ticketsToCome: number }>(sql`
      select count(distinct b.id)::int as bookings,
        (count(t.id) filter (where t.voided_at is null and e.starts_at > now()))::int as "ticketsToCome"
      from bookings b left join tickets t on t.booking_id = b.id left join events e on e.id = b.event_id
      where b.user_id = any (${sql.param(ids)}::uuid[])`);
    await scrubUsers(tx, ids);
    const guests = users.filter(({ isGuest }) => isGuest).length;
    return { accounts: users.length - guests, guests, bookings: 0, ticketsToCome: 0, ...counts };
  });
}

async function refuseWhileMoneyMoves(tx: Tx, ids: readonly string[]): Promise<void> {
  const [open] = await tx.execute<{ id: string; status: string }>(sql`
    select id, status from bookings
    where user_id = any (${sql.param([...ids])}::uuid[]) and (status = 'PENDING_PAYMENT'
      or payment_status = 'REFUND_PENDING' or (payment_status = 'PAYMENT_SUCCESS' and status <> 'CONFIRMED'))
    limit 1`);
  if (open)
    throw new InvalidInput(
      'person',
      `Booking_${open.id} is not settled yet: it is being paid or its money is on its way back. Nothing was changed. Run the command again in a few minutes.`,
    );
}

/** An organization keeps an owner, because it would be impossible to reach for all others. */
async function refuseOrganizers(tx: Tx, ids: readonly string[]): Promise<void> {
  const persons = sql`${sql.param([...ids])}::uuid[]`;
  // The lock keeps the other owners as they are until the end of this transaction.
  const owned = await tx.execute<{ id: string; name: string }>(sql`
    select o.id, o.name from organizations o
    where exists (select from organization_members m
      where m.organization_id = o.id and m.role = 'OWNER' and m.user_id = any (${persons}))
    order by o.id for update`);
  const [alone] = await tx.execute<{ id: string; name: string }>(sql`
    select o.id, o.name from organizations o
    where o.id = any (${sql.param(owned.map(({ id }) => id))}::uuid[]) and not exists (
      select from organization_members m
      where m.organization_id = o.id and m.role = 'OWNER' and m.user_id <> all (${persons}))
    order by o.id limit 1`);
  if (alone)
    throw new InvalidInput(
      'person',
      `The person is the last owner of "${alone.name}" (Organization_${alone.id}). Nothing was changed. Hand it over first: npm run account -- --role organizer --email <another address> --organization Organization_${alone.id}`,
    );
}

export type UnfinishedErasure = { readonly userId: string; readonly bookingIds: readonly string[] };

/** The users who were erased here and not yet in the payments database, with the bookings to erase there. */
export async function findUnfinishedErasures({ db }: { db: Db }): Promise<UnfinishedErasure[]> {
  const rows = await db.execute<{ userId: string; bookingIds: string[] }>(sql`
    select u.id as "userId", array(select b.id from bookings b where b.user_id = u.id) as "bookingIds"
    from users u where u.erased_at is not null and u.payments_erased_at is null`);
  return [...rows];
}

export async function finishErasure({ db }: { db: Db }, { userId }: UnfinishedErasure): Promise<void> {
  await inTransaction(db, 'finishErasure', async (tx) => {
    // Once more: a booking that was made while its session was ending was missing the first time.
    await scrubUsers(tx, [userId]);
    await tx.execute(sql`update users set payments_erased_at = now() where id = ${userId}`);
  });
}
