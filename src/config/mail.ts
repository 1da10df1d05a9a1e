import { z } from 'zod';

const URL_FIX =
  'where mails are sent: smtps://user:password@host:465, smtp://user:password@host:587, or in development the mails of the sandbox gateway, http://mail:<GATEWAY_API_KEY>@localhost:4002/mails';
const LINK_FIX =
  'the page that a link in a mail opens, with {token} where its token goes: https://tickets.example/recover#{token}';
const FROM_FIX = 'the sender of mails: Frontrow <tickets@example.org>';

const protocolOf = (url: string): string => (URL.canParse(url) ? new URL(url).protocol : '');
const hasHost = (url: string): boolean => URL.canParse(url) && new URL(url).hostname !== '';

export const mail = {
  MAIL_URL: z
    .string()
    .refine((url) => ['smtp:', 'smtps:', 'http:', 'https:'].includes(protocolOf(url)) && hasHost(url), URL_FIX)
    .optional(),
  MAIL_FROM: z
    .string()
    .regex(/^([^<>\r\n]+ <[^\s@<>]+@[^\s@<>]+>|[^\s@<>]+@[^\s@<>]+)$/, FROM_FIX)
    .optional(),
  RECOVERY_URL: z
    .string()
    .refine((url) => /^https?:$/.test(protocolOf(url.replace('{token}', 't'))) && url.includes('{token}'), LINK_FIX)
    .optional(),
};
type MailEnv = z.infer<z.ZodObject<typeof mail>>;

/** A process that sends mails needs all three variables. */
export function checkMail(env: MailEnv, { addIssue }: z.RefinementCtx): void {
  if (env.MAIL_URL === undefined) return;
  const need = (name: keyof MailEnv, message: string) => {
    if (env[name] === undefined) addIssue({ code: 'custom', path: [name], message });
  };
  need('MAIL_FROM', FROM_FIX);
  need('RECOVERY_URL', LINK_FIX);
}

/** Undefined without MAIL_URL. */
export function mailConfig({ MAIL_URL: url, MAIL_FROM: from = '', RECOVERY_URL: recoveryUrl = '' }: MailEnv) {
  if (url === undefined) return undefined;
  const kind = protocolOf(url).startsWith('smtp') ? ('smtp' as const) : ('sandbox' as const);
  return { mailer: { kind, url, from }, policy: { recoveryUrl } };
}
