import type { Db } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { InvalidInput, RateLimited } from '../errors.ts';
import type { AccessTokens } from './access-tokens.ts';
import { RecoveryLinkEnded } from './errors.ts';
import { useRecovery } from './guest-recovery-statements.ts';
import { type Session, toSession } from './session.ts';

export const resumeGuestRefusals = [InvalidInput, RecoveryLinkEnded, RateLimited] as const;

/** Exchanges the token of a recovery link, once, for a session of its guest. Other sessions of the guest continue. */
export async function resumeGuest(
  needs: { db: Db; tokens: AccessTokens },
  { token }: { token: string },
): Promise<Session> {
  const next = await inTransaction(needs.db, 'resumeGuest', (tx) => useRecovery(tx, token));
  if (!next) throw new RecoveryLinkEnded();
  return toSession(needs, next);
}
