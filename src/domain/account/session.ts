import { randomUUIDv7 } from 'node:crypto';
import type { Tx } from '#db/client.ts';
import type { AccessTokens } from './access-tokens.ts';
import { insertRefreshToken, type User } from './session-statements.ts';

export type Session = { accessToken: string; accessTokenExpiresAt: Date; refreshToken: string; viewer: User };

/** The next pair of tokens of a session; without a `familyId` the first pair of a new one. */
export async function openSession(
  { tokens }: { tokens: AccessTokens },
  tx: Tx,
  user: User,
  familyId: string = randomUUIDv7(),
): Promise<Session> {
  const refreshToken = await insertRefreshToken(tx, { userId: user.id, familyId });
  const access = await tokens.issue({ userId: user.id, role: user.role, sessionId: familyId });
  return { accessToken: access.token, accessTokenExpiresAt: access.expiresAt, refreshToken, viewer: user };
}
