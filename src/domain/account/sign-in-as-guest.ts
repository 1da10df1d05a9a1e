import type { Db } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { InvalidInput, RateLimited } from '../errors.ts';
import type { AccessTokens } from './access-tokens.ts';
import { requireEmail } from './account-rules.ts';
import { openSession, type Session } from './session.ts';
import { insertUser } from './session-statements.ts';

export const signInAsGuestRefusals = [InvalidInput, RateLimited] as const;

/**
 * A new viewer every time, whatever address is given: nobody has shown that it is theirs, so it must not lead to what
 * was bought with it before.
 */
export async function signInAsGuest(
  needs: { db: Db; tokens: AccessTokens },
  request: { email: string },
): Promise<Session> {
  const email = requireEmail(request.email);
  return inTransaction(needs.db, 'signInAsGuest', async (tx) => {
    const user = await insertUser(tx, { email, displayName: 'Guest', isGuest: true });
    if (!user) throw new Error('a guest was not inserted');
    return openSession(needs, tx, user);
  });
}
