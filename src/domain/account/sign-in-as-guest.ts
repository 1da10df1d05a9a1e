import type { Db } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { InvalidInput, RateLimited, TryAgain } from '../errors.ts';
import { ChallengeRequired, type GuestChallenge, requireAnswer } from '../hoarding/guest-challenge.ts';
import type { AccessTokens } from './access-tokens.ts';
import { requireEmail } from './account-rules.ts';
import { openSession, type Session } from './session.ts';
import { insertUser } from './session-statements.ts';

export const signInAsGuestRefusals = [InvalidInput, ChallengeRequired, RateLimited, TryAgain] as const;

/**
 * Makes a new viewer in every call, even with a known address: the caller has not shown that the address is theirs,
 * so it must not lead to earlier bookings. When guests have to solve a challenge, its answer is checked first.
 */
export async function signInAsGuest(
  needs: { db: Db; tokens: AccessTokens; guestChallenge?: GuestChallenge | undefined },
  request: { email: string; challengeAnswer?: string | null | undefined },
): Promise<Session> {
  const email = requireEmail(request.email);
  if (needs.guestChallenge) await requireAnswer(needs.guestChallenge, request.challengeAnswer ?? undefined);
  return inTransaction(needs.db, 'signInAsGuest', async (tx) => {
    const user = await insertUser(tx, { email, displayName: 'Guest', isGuest: true });
    if (!user) throw new Error('a guest was not inserted');
    return openSession(needs, tx, user);
  });
}
