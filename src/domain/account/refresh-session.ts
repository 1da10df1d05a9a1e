import type { Db } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { InvalidInput, RateLimited } from '../errors.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { EndedSessions } from './ended-sessions.ts';
import { SessionEnded } from './errors.ts';
import { type Session, toSession } from './session.ts';
import { endFamilyOfUsedToken, repeatSuccessor, useRefreshToken } from './session-statements.ts';

export const refreshSessionRefusals = [InvalidInput, SessionEnded, RateLimited] as const;

/**
 * Exchanges a refresh token for the next pair. A token works once. For 30 s it returns the same successor again as
 * long as that one is unused, because a response can be lost and two tabs can refresh at once. A token that comes
 * later is known to two clients. Thief and owner cannot be distinguished, so the session ends for both.
 */
export async function refreshSession(
  needs: { db: Db; tokens: AccessTokens; endedSessions: EndedSessions },
  { refreshToken }: { refreshToken: string },
): Promise<Session> {
  const next = await inTransaction(
    needs.db,
    'refreshSession',
    async (tx) => (await useRefreshToken(tx, refreshToken)) ?? (await repeatSuccessor(tx, refreshToken)),
  );
  if (next) return toSession(needs, next);
  // A separate transaction, because the refusal must not roll the revocation back.
  const endedFamily = await inTransaction(needs.db, 'endStolenSession', (tx) => endFamilyOfUsedToken(tx, refreshToken));
  if (endedFamily) needs.endedSessions.add(endedFamily);
  throw new SessionEnded();
}
