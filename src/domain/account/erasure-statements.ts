import { sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { counterOf } from '../counter-rules.ts';

/**
 * Deletes all personal data of these users, in every table of the booking database. The books stay: ids, seats,
 * amounts, states and tickets. Repeating it changes nothing more. Their sessions end within three seconds.
 */
export async function scrubUsers(tx: Tx, userIds: readonly string[]): Promise<void> {
  if (userIds.length === 0) return;
  // What these users sold has a counter of theirs as its user.
  const counters = userIds.map((userId) => counterOf({ userId }));
  const ids = sql`(select unnest(${sql.param([...userIds])}::uuid[]))`;
  await tx.execute(sql`
    delete from mails using users u where u.id in ${ids} and mails.recipient = u.email and u.erased_at is null`);
  await tx.execute(sql`
    delete from organization_invitations i using users u
    where u.id in ${ids} and u.erased_at is null and (i.email = u.email or i.invited_by = u.id)`);
  await tx.execute(sql`delete from organization_members where user_id in ${ids}`);
  await tx.execute(sql`delete from guest_recoveries where user_id in ${ids}`);
  await tx.execute(sql`delete from hold_strikes where holder in ${ids}`);
  await tx.execute(sql`
    update waiting_room_places set address_key = null where user_id in ${ids} and address_key is not null`);
  // API processes learn from these rows that the sessions have ended; the hashes are replaced.
  await tx.execute(sql`
    update refresh_tokens set revoked_at = coalesce(revoked_at, now()), successor_salt = null,
      token_hash = sha256(convert_to('erased ' || id, 'UTF8'))
    where user_id in ${ids}`);
  // A client chooses its keys, so a key may contain anything.
  await tx.execute(sql`
    update bookings set idempotency_key = 'erased ' || id, request_hash = 'erased', payment_url = null
    where user_id in (select unnest(${sql.param([...userIds, ...counters])}::uuid[]))
      and status <> 'PENDING_PAYMENT' and request_hash <> 'erased'`);
  // Of the box office: the books keep the sale, and forget who holds its tickets.
  await tx.execute(sql`
    update bookings b set holder_name = null, holder_email = null, tender_reference = null, request_hash = 'erased'
    from users u where u.id in ${ids} and u.erased_at is null and b.holder_email = u.email`);
  await tx.execute(sql`
    update users set email = 'erased-' || id || '@erased.invalid', display_name = 'Erased', password_hash = null,
      role = 'FAN', is_guest = true, erased_at = coalesce(erased_at, now())
    where id in ${ids}`);
}
