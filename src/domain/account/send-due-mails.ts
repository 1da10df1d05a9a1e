import type { Db } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { type ClaimedMail, claimDueMail, deleteMail, tryMailLater } from '../mail/mail-statements.ts';
import { type Mailer, MailRefused } from '../mail/mailer.ts';
import { prepareRecovery } from './guest-recovery-statements.ts';
import { recoveryMail } from './recovery-mail-rules.ts';

const LONGEST_WAIT_SECONDS = 60;
/** A mail server that is being set up may refuse a recipient that it accepts a minute later. */
const TRIES_OF_A_REFUSED_MAIL = 5;

export type MailPolicy = {
  /** The address of the page that redeems a link; `{token}` stands for the token. */
  readonly recoveryUrl: string;
};

/**
 * Sends the due mails, one at a time. While the mail server is away its mail waits, without a limit, and this round
 * ends with the error. A mail is given up only when the server refuses its recipient.
 *
 * @throws MailServerAway
 */
export async function sendDueMails(
  needs: { db: Db; mailer: Mailer; mailPolicy: MailPolicy },
  signal: AbortSignal,
): Promise<{ sent: number; refused: number }> {
  const report = { sent: 0, refused: 0 };
  while (!signal.aborted) {
    const claimed = await inTransaction(needs.db, 'claim-mail', claimDueMail);
    if (!claimed) break;
    report[await sendOne(needs, claimed)] += 1;
  }
  return report;
}

async function sendOne(
  { db, mailer, mailPolicy }: { db: Db; mailer: Mailer; mailPolicy: MailPolicy },
  claimed: ClaimedMail,
): Promise<'sent' | 'refused'> {
  try {
    const recovery = await inTransaction(db, 'prepare-recovery', (tx) => prepareRecovery(tx, claimed));
    if (recovery.guests.length > 0)
      await mailer.send({ id: claimed.id, to: claimed.recipient, ...recoveryMail(recovery, mailPolicy) });
    await inTransaction(db, 'mail-sent', (tx) => deleteMail(tx, claimed));
    return 'sent';
  } catch (error) {
    const isLast = error instanceof MailRefused && claimed.tries >= TRIES_OF_A_REFUSED_MAIL;
    const waitSeconds = Math.min(2 ** claimed.tries, LONGEST_WAIT_SECONDS);
    await inTransaction(db, 'mail-not-sent', (tx) =>
      isLast ? deleteMail(tx, claimed) : tryMailLater(tx, claimed, waitSeconds),
    );
    if (error instanceof MailRefused) return 'refused';
    throw error;
  }
}
