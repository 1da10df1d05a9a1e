import { and, eq } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { users } from '#db/tables/account.ts';
import { inTransaction } from '#db/transaction.ts';
import { InvalidInput, RateLimited } from '../errors.ts';
import type { AccessTokens } from './access-tokens.ts';
import { requireEmail } from './account-rules.ts';
import { WrongCredentials } from './errors.ts';
import { verifyPassword } from './passwords.ts';
import { openSession, type Session } from './session.ts';

export const signInRefusals = [InvalidInput, WrongCredentials, RateLimited] as const;

/** The response and its time are the same for an unknown address and a wrong password. */
export async function signIn(
  needs: { db: Db; tokens: AccessTokens },
  request: { email: string; password: string },
): Promise<Session> {
  const email = requireEmail(request.email);
  if (request.password.length > 200) throw new WrongCredentials();
  const [user] = await needs.db
    .select()
    .from(users)
    .where(and(eq(users.email, email), eq(users.isGuest, false)));
  const passes = await verifyPassword(request.password, user?.passwordHash ?? undefined);
  if (!user || !passes) throw new WrongCredentials();
  return inTransaction(needs.db, 'signIn', (tx) => openSession(needs, tx, user));
}
