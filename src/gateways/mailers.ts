import type { Mailer } from '#domain/mail/mailer.ts';
import { openSandboxMailer, type SandboxMail } from './sandbox-mailer.ts';
import { openSmtpMailer, type SmtpMail } from './smtp-mailer.ts';

export type MailerConfig = SmtpMail | SandboxMail;

/** Makes no connection: the first mail does. */
export function openMailer(config: MailerConfig): Mailer {
  return config.kind === 'smtp' ? openSmtpMailer(config) : openSandboxMailer(config);
}
