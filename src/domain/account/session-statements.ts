import { hash, randomBytes, randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { refreshTokens, type users } from '#db/tables/account.ts';

const REFRESH_TOKEN_DAYS = 30;

export type User = Pick<typeof users.$inferSelect, 'id' | 'email' | 'displayName' | 'role'>;

/** Only the hash is stored: a copy of the table lets nobody in. The token has 256 random bits, so no salt is needed. */
const hashOf = (refreshToken: string): Buffer => hash('sha256', refreshToken, 'buffer');

/** A new refresh token of a family; one family is one session. */
export async function insertRefreshToken(tx: Tx, session: { userId: string; familyId: string }): Promise<string> {
  const refreshToken = randomBytes(32).toString('base64url');
  await tx.insert(refreshTokens).values({
    id: randomUUIDv7(),
    userId: session.userId,
    familyId: session.familyId,
    tokenHash: hashOf(refreshToken),
    expiresAt: sql`now() + make_interval(days => ${REFRESH_TOKEN_DAYS})`,
  });
  return refreshToken;
}

/** Takes the token out of use: of any number of callers at once exactly one gets its session. */
export async function useRefreshToken(
  tx: Tx,
  refreshToken: string,
): Promise<{ familyId: string; user: User } | undefined> {
  const [row] = await tx.execute<{ family_id: string } & UserRow>(sql`
    with used as (
      update refresh_tokens set used_at = now()
      where token_hash = ${hashOf(refreshToken)} and used_at is null and revoked_at is null and expires_at > now()
      returning family_id, user_id)
    select used.family_id, u.id, u.email::text as email, u.display_name, u.role
    from used join users u on u.id = used.user_id`);
  return row && { familyId: row.family_id, user: toUser(row) };
}

/** A token that was already used is in two hands, so whoever has its successors loses them. Answers the ended family. */
export async function endFamilyOfUsedToken(tx: Tx, refreshToken: string): Promise<string | undefined> {
  const [row] = await tx.execute<{ family_id: string }>(sql`
    select family_id from refresh_tokens where token_hash = ${hashOf(refreshToken)} and used_at is not null`);
  if (!row) return undefined;
  await endFamily(tx, row.family_id);
  return row.family_id;
}

export async function endFamily(tx: Tx, familyId: string): Promise<void> {
  await tx.execute(
    sql`update refresh_tokens set revoked_at = now() where family_id = ${familyId} and revoked_at is null`,
  );
}

export async function insertUser(
  tx: Tx,
  user: { email: string; displayName: string; passwordHash?: string; isGuest: boolean },
): Promise<User | undefined> {
  const [row] = await tx.execute<UserRow>(sql`
    insert into users (id, email, password_hash, display_name, is_guest)
    values (${randomUUIDv7()}, ${user.email}, ${user.passwordHash ?? null}, ${user.displayName}, ${user.isGuest})
    on conflict (email) where not is_guest do nothing
    returning id, email::text as email, display_name, role`);
  return row && toUser(row);
}

type UserRow = { id: string; email: string; display_name: string; role: User['role'] };
const toUser = (row: UserRow): User => ({
  id: row.id,
  email: row.email,
  displayName: row.display_name,
  role: row.role,
});
