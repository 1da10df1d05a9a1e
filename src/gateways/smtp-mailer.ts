import { createTransport } from 'nodemailer';
import { type Mailer, MailRefused, MailServerAway } from '#domain/mail/mailer.ts';

/** `url`: smtp://user:password@host:587 (STARTTLS if the server offers it) or smtps://host:465. */
export type SmtpMail = { readonly kind: 'smtp'; readonly url: string; readonly from: string };

const TIMEOUT_MS = 15_000;

/** One connection at a time, kept while there are further mails. */
export function openSmtpMailer({ url, from }: SmtpMail): Mailer {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: 1,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    dnsTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = from.replace(/^.*@/, '').replace(/>.*$/, '') || 'frontrow';
  return {
    async send({ id, to, subject, text }) {
      try {
        await transport.sendMail({
          from,
          // One address, never a list.
          to: { name: '', address: to },
          subject,
          text,
          messageId: `<${id}@${domain}>`,
          headers: { 'Auto-Submitted': 'auto-generated' },
        });
      } catch (error) {
        throw withoutAddress(error);
      }
    },
    close: () => transport.close(),
  };
}

/** The server's reply repeats the address, so only codes are kept. */
function withoutAddress(error: unknown): MailRefused | MailServerAway {
  const { code, responseCode, rejected } = error as { code?: unknown; responseCode?: unknown; rejected?: unknown };
  const codes = [code, responseCode].filter((one) => one !== undefined).join(' ') || 'unknown';
  const isPermanent = typeof responseCode === 'number' && responseCode >= 500;
  // 530 and 535 concern us: the server wants other credentials.
  if (code === 'EENVELOPE' && Array.isArray(rejected) && rejected.length > 0 && isPermanent)
    return new MailRefused(`The mail server refuses the recipient: ${codes}.`);
  return new MailServerAway(`The mail server does not take mails now: ${codes}.`);
}
