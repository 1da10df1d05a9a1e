import { sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import type { Viewer } from '../viewer.ts';
import { insertRefreshToken, type NextToken, toUser, type UserRow } from './session-statements.ts';

export type NewAccount = { readonly email: string; readonly displayName: string; readonly passwordHash: string };

/**
 * Makes the signed-in guest an account with the same user id, so everything that belongs to the guest stays in place,
 * even while it is being held or paid. The session continues, because admissions of waiting rooms are bound to it;
 * its former refresh token is deleted. Every other session of the guest ends, because a link to the address could
 * have opened it. Undefined when the viewer is not a guest. Fails with a unique violation when the address has an
 * account.
 */
export async function turnGuestIntoAccount(
  tx: Tx,
  { userId, sessionId }: Pick<Viewer, 'userId' | 'sessionId'>,
  account: NewAccount,
): Promise<{ next: NextToken; endedSessions: string[] } | undefined> {
  const [row] = await tx.execute<UserRow>(sql`
    update users set email = ${account.email}, display_name = ${account.displayName},
      password_hash = ${account.passwordHash}, is_guest = false
    where id = ${userId} and is_guest
    returning id, email::text as email, display_name, role`);
  if (!row) return undefined;
  const ended = await tx.execute<{ family_id: string }>(sql`
    update refresh_tokens set revoked_at = now()
    where user_id = ${userId} and family_id <> ${sessionId} and revoked_at is null returning family_id`);
  await tx.execute(sql`delete from refresh_tokens where family_id = ${sessionId} and used_at is null`);
  const refreshToken = await insertRefreshToken(tx, { userId, familyId: sessionId });
  return {
    next: { familyId: sessionId, user: toUser(row), refreshToken },
    endedSessions: [...new Set(ended.map((token) => token.family_id))],
  };
}
