import type { Db } from '#db/client.ts';
import { type MailPolicy, sendDueMails } from '#domain/account/send-due-mails.ts';
import type { Mailer } from '#domain/mail/mailer.ts';
import { type TimedWorker, worker } from './run-worker.ts';

/** `mail` is undefined without MAIL_URL: then mails wait for a worker that has it. */
type Needs = { db: Db; mail: { mailer: Mailer; mailPolicy: MailPolicy } | undefined };

/** A mail leaves at most this much late. An idle product looks for work less than twice a second, all workers together. */
const IDLE_MS = 10_000;

export const sendMails = worker<Needs, TimedWorker<Needs>>({
  name: 'send-mails',
  everyMs: IDLE_MS,
  run: async ({ db, mail }, { signal }) => {
    if (mail) await sendDueMails({ db, ...mail }, signal);
    return undefined;
  },
});
