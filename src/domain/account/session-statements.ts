import { createHmac, hash, randomBytes, randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { refreshTokens, type users } from '#db/tables/account.ts';

const REFRESH_TOKEN_DAYS = 30;
/** A client that lost the response asks again within seconds; a stolen token is seldom used that soon. */
const REPEAT_SECONDS = 30;

export type User = Pick<typeof users.$inferSelect, 'id' | 'email' | 'displayName' | 'role'>;

/**
 * Only the hash is stored: a copy of the table opens no session. The token has 256 random bits, so no salt is needed.
 */
const hashOf = (refreshToken: string): Buffer => hash('sha256', refreshToken, 'buffer');

/** 256 bits that need both the token and this database, so that they can be computed again. */
const successorOf = (refreshToken: string, salt: Uint8Array): string =>
  createHmac('sha256', salt).update(refreshToken).digest('base64url');

/** The first refresh token of a family; one family is one session. */
export async function insertRefreshToken(tx: Tx, session: { userId: string; familyId: string }): Promise<string> {
  const refreshToken = randomBytes(32).toString('base64url');
  await insertToken(tx, session, refreshToken);
  return refreshToken;
}

async function insertToken(tx: Tx, session: { userId: string; familyId: string }, refreshToken: string): Promise<void> {
  await tx.insert(refreshTokens).values({
    id: randomUUIDv7(),
    userId: session.userId,
    familyId: session.familyId,
    tokenHash: hashOf(refreshToken),
    expiresAt: sql`now() + make_interval(days => ${REFRESH_TOKEN_DAYS})`,
  });
}

/** A session that continues: its family, its viewer and the next refresh token. */
export type NextToken = { readonly familyId: string; readonly user: User; readonly refreshToken: string };

/**
 * Checked for the family and not for the token: a sign-out does not see the successor that is inserted while it runs.
 */
const isLive = sql`not exists (
  select from refresh_tokens ended where ended.family_id = t.family_id and ended.revoked_at is not null)`;

/** Takes the token out of use and stores its successor. Of any number of concurrent callers exactly one gets it. */
export async function useRefreshToken(tx: Tx, refreshToken: string): Promise<NextToken | undefined> {
  const salt = randomBytes(32);
  const [row] = await tx.execute<SessionRow>(sql`
    with used as (
      update refresh_tokens t set used_at = now(), successor_salt = ${salt}
      where token_hash = ${hashOf(refreshToken)} and used_at is null and expires_at > now() and ${isLive}
      returning family_id, user_id)
    select used.family_id, u.id, u.email::text as email, u.display_name, u.role
    from used join users u on u.id = used.user_id`);
  if (!row) return undefined;
  const successor = successorOf(refreshToken, salt);
  await insertToken(tx, { userId: row.id, familyId: row.family_id }, successor);
  return { familyId: row.family_id, user: toUser(row), refreshToken: successor };
}

/**
 * The successor of a token that was used at most REPEAT_SECONDS ago, as long as that successor is unused: the
 * response was lost, or two tabs refreshed at once.
 */
export async function repeatSuccessor(tx: Tx, refreshToken: string): Promise<NextToken | undefined> {
  const [row] = await tx.execute<SessionRow & { successor_salt: Buffer }>(sql`
    select t.family_id, t.successor_salt, u.id, u.email::text as email, u.display_name, u.role
    from refresh_tokens t join users u on u.id = t.user_id
    where t.token_hash = ${hashOf(refreshToken)} and t.successor_salt is not null and ${isLive}
      and t.used_at > now() - make_interval(secs => ${REPEAT_SECONDS})`);
  if (!row) return undefined;
  const successor = successorOf(refreshToken, row.successor_salt);
  const [unused] = await tx.execute(sql`
    select 1 from refresh_tokens
    where token_hash = ${hashOf(successor)} and used_at is null and expires_at > now()`);
  return unused && { familyId: row.family_id, user: toUser(row), refreshToken: successor };
}

/** A token that was already used is known to two clients, so its successors end. Returns the ended family. */
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

type SessionRow = UserRow & { family_id: string };
export type UserRow = { id: string; email: string; display_name: string; role: User['role'] };
export const toUser = (row: UserRow): User => ({
  id: row.id,
  email: row.email,
  displayName: row.display_name,
  role: row.role,
});
