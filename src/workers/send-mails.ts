import type { Db } from '#db/client.ts';
import { type MailPolicy, sendDueMails } from '#domain/account/send-due-mails.ts';
import type { Mailer } from '#domain/mail/mailer.ts';
import { type TimedWorker, worker } from './run-worker.ts';

/** `mail` is undefined without MAIL_URL: then mails wait for a worker that has it. */
type Needs = { db: Db; mail: { mailer: Mailer; mailPolicy: MailPolicy } | undefined };

export const sendMails = worker<Needs, TimedWorker<Needs>>({
  name: 'send-mails',
  everyMs: 5_000,
  run: async ({ db, mail }, { signal }) => {
    if (mail) await sendDueMails({ db, ...mail }, signal);
    return undefined;
  },
});
