import type { Db } from '#db/client.ts';
import { isUniqueViolation } from '#db/pg-errors.ts';
import { inTransaction } from '#db/transaction.ts';
import { InvalidInput, RateLimited } from '../errors.ts';
import type { Viewer } from '../viewer.ts';
import type { AccessTokens } from './access-tokens.ts';
import { requireDisplayName, requireEmail, requirePassword } from './account-rules.ts';
import type { EndedSessions } from './ended-sessions.ts';
import { EmailTaken } from './errors.ts';
import { type NewAccount, turnGuestIntoAccount } from './guest-statements.ts';
import { hashPassword } from './passwords.ts';
import { openSession, type Session, toSession } from './session.ts';
import { insertUser } from './session-statements.ts';

export const signUpRefusals = [InvalidInput, EmailTaken, RateLimited] as const;

type Needs = { db: Db; tokens: AccessTokens; endedSessions: EndedSessions };

/**
 * Makes an account and signs it in; a guest becomes the account, with all bookings. An address belongs to one
 * account, regardless of upper and lower case.
 */
export async function signUp(
  needs: Needs,
  viewer: Viewer | undefined,
  request: { email: string; password: string; displayName: string },
): Promise<Session> {
  const email = requireEmail(request.email);
  const displayName = requireDisplayName(request.displayName);
  const passwordHash = await hashPassword(requirePassword(request.password));
  const account = { email, displayName, passwordHash };
  return (viewer && (await signUpGuest(needs, viewer, account))) ?? signUpNew(needs, account);
}

/** Undefined when the viewer has an account: it is not changed, and another one is made. */
async function signUpGuest(needs: Needs, viewer: Viewer, account: NewAccount): Promise<Session | undefined> {
  const became = await inTransaction(needs.db, 'signUpGuest', (tx) => turnGuestIntoAccount(tx, viewer, account)).catch(
    (error: unknown) => {
      throw isUniqueViolation(error, 'users_email') ? new EmailTaken() : error;
    },
  );
  for (const sessionId of became?.endedSessions ?? []) needs.endedSessions.add(sessionId);
  return became && toSession(needs, became.next);
}

function signUpNew(needs: Needs, account: NewAccount): Promise<Session> {
  return inTransaction(needs.db, 'signUp', async (tx) => {
    const user = await insertUser(tx, { ...account, isGuest: false });
    if (!user) throw new EmailTaken();
    return openSession(needs, tx, user);
  });
}
