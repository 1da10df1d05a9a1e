import type { Db } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { RateLimited } from '../errors.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { EndedSessions } from './ended-sessions.ts';
import { SessionEnded } from './errors.ts';
import { openSession, type Session } from './session.ts';
import { endFamilyOfUsedToken, useRefreshToken } from './session-statements.ts';

export const refreshSessionRefusals = [SessionEnded, RateLimited] as const;

/**
 * Trades a refresh token for the next pair. A token works once: one that comes again was stolen, or its thief was
 * faster, and since nobody can tell which, the session ends for both.
 */
export async function refreshSession(
  needs: { db: Db; tokens: AccessTokens; endedSessions: EndedSessions },
  request: { refreshToken: string },
): Promise<Session> {
  const session = await inTransaction(needs.db, 'refreshSession', async (tx) => {
    const used = await useRefreshToken(tx, request.refreshToken);
    return used && openSession(needs, tx, used.user, used.familyId);
  });
  if (session) return session;
  // A transaction of its own, since the refusal must not roll the revocation back.
  const endedFamily = await inTransaction(needs.db, 'endStolenSession', (tx) =>
    endFamilyOfUsedToken(tx, request.refreshToken),
  );
  if (endedFamily) needs.endedSessions.add(endedFamily);
  throw new SessionEnded();
}
