import { randomUUIDv7 } from 'node:crypto';
import type { Tx } from '#db/client.ts';
import type { AccessTokens } from './access-tokens.ts';
import { insertRefreshToken, type NextToken, type User } from './session-statements.ts';

export type Session = { accessToken: string; accessTokenExpiresAt: Date; refreshToken: string; viewer: User };

/** The first pair of tokens of a new session. */
export async function openSession(needs: { tokens: AccessTokens }, tx: Tx, user: User): Promise<Session> {
  const familyId = randomUUIDv7();
  const refreshToken = await insertRefreshToken(tx, { userId: user.id, familyId });
  return toSession(needs, { familyId, user, refreshToken });
}

/** The session for the client: the refresh token with an access token of its session. */
export async function toSession(
  { tokens }: { tokens: AccessTokens },
  { familyId, user, refreshToken }: NextToken,
): Promise<Session> {
  const access = await tokens.issue({ userId: user.id, role: user.role, sessionId: familyId });
  return { accessToken: access.token, accessTokenExpiresAt: access.expiresAt, refreshToken, viewer: user };
}
