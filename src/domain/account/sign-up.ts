import type { Db } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { InvalidInput, RateLimited } from '../errors.ts';
import type { AccessTokens } from './access-tokens.ts';
import { requireDisplayName, requireEmail, requirePassword } from './account-rules.ts';
import { EmailTaken } from './errors.ts';
import { hashPassword } from './passwords.ts';
import { openSession, type Session } from './session.ts';
import { insertUser } from './session-statements.ts';

export const signUpRefusals = [InvalidInput, EmailTaken, RateLimited] as const;

/** Makes an account and signs it in. An address belongs to one account, in any spelling of its case. */
export async function signUp(
  needs: { db: Db; tokens: AccessTokens },
  request: { email: string; password: string; displayName: string },
): Promise<Session> {
  const email = requireEmail(request.email);
  const displayName = requireDisplayName(request.displayName);
  const passwordHash = await hashPassword(requirePassword(request.password));
  return inTransaction(needs.db, 'signUp', async (tx) => {
    const user = await insertUser(tx, { email, displayName, passwordHash, isGuest: false });
    if (!user) throw new EmailTaken();
    return openSession(needs, tx, user);
  });
}
