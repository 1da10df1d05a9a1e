import { hash, randomBytes, randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import type { Recovery } from './recovery-mail-rules.ts';
import { insertRefreshToken, type NextToken, toUser, type UserRow } from './session-statements.ts';

/** Counted from the sending of the mail. */
export const RECOVERY_MINUTES = 30;
/** Any number of guests may give the same address; the newest come first. */
const GUESTS_IN_A_MAIL = 10;

const hashOf = (token: string): Buffer => hash('sha256', token, 'buffer');

/**
 * A fresh token for each guest of the address that has bookings, or for its newest guest when none has. Accounts get
 * none, because their owners sign in.
 */
export async function prepareRecovery(tx: Tx, mail: { id: string; recipient: string }): Promise<Recovery> {
  const guests = await tx.execute<{ id: string; bookings: number; latest: string | null }>(sql`
    with guests as (
      select u.id, count(b.id)::int as bookings, max(b.id::text)::uuid as latest_id
      from users u left join bookings b on b.user_id = u.id
      where u.email = ${mail.recipient} and u.is_guest
      group by u.id)
    select g.id, g.bookings, e.title as latest
    from guests g left join bookings b on b.id = g.latest_id left join events e on e.id = b.event_id
    where g.bookings > 0 or not exists (select from guests where bookings > 0)
    order by coalesce(g.latest_id, g.id) desc limit ${GUESTS_IN_A_MAIL}`);
  const wanted = guests.some(({ bookings }) => bookings > 0) ? guests : guests.slice(0, 1);
  const prepared = wanted.map((guest) => ({ ...guest, token: randomBytes(32).toString('base64url') }));
  const [row] = await tx.execute<{ expires_at: string }>(
    sql`select now() + make_interval(mins => ${RECOVERY_MINUTES}) as expires_at`,
  );
  const expiresAt = new Date(row?.expires_at ?? 0);
  for (const { token, id } of prepared)
    await tx.execute(sql`
      insert into guest_recoveries (token_hash, mail_id, user_id, expires_at)
      values (${hashOf(token)}, ${mail.id}, ${id}, ${expiresAt.toISOString()})`);
  return { guests: prepared.map(({ token, bookings, latest }) => ({ token, bookings, latest })), expiresAt };
}

/**
 * Takes the token out of use, with those of the other tries of its mail. Of any number of callers one gets the
 * session.
 */
export async function useRecovery(tx: Tx, token: string): Promise<NextToken | undefined> {
  const [row] = await tx.execute<UserRow & { mail_id: string }>(sql`
    with used as (
      update guest_recoveries set used_at = now()
      where token_hash = ${hashOf(token)} and used_at is null and expires_at > now() returning user_id, mail_id)
    select used.mail_id, u.id, u.email::text as email, u.display_name, u.role
    from used join users u on u.id = used.user_id where u.is_guest`);
  if (!row) return undefined;
  await tx.execute(sql`
    update guest_recoveries set used_at = now()
    where mail_id = ${row.mail_id} and user_id = ${row.id} and used_at is null`);
  const familyId = randomUUIDv7();
  const refreshToken = await insertRefreshToken(tx, { userId: row.id, familyId });
  return { familyId, user: toUser(row), refreshToken };
}
