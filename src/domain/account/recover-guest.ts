import type { Db } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { InvalidInput, RateLimited } from '../errors.ts';
import { appendMail } from '../mail/mail-statements.ts';
import { requireEmail } from './account-rules.ts';
import { RECOVERY_MINUTES } from './guest-recovery-statements.ts';

export const recoverGuestRefusals = [InvalidInput, RateLimited] as const;

/**
 * Has a mail sent to the address, with a link for each guest who booked with it. The response and its time are the
 * same for an address that no guest gave: only the worker looks whether there is one, and otherwise sends nothing.
 */
export async function recoverGuest(
  { db }: { db: Db },
  request: { email: string },
): Promise<{ linkValidMinutes: number }> {
  const recipient = requireEmail(request.email);
  await inTransaction(db, 'recoverGuest', (tx) => appendMail(tx, { kind: 'GUEST_RECOVERY', recipient }));
  return { linkValidMinutes: RECOVERY_MINUTES };
}
