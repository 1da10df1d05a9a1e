import { type Mailer, MailServerAway } from '#domain/mail/mailer.ts';

/** `url`: the mails of the sandbox gateway with its API key, http://mail:<key>@localhost:4002/mails. */
export type SandboxMail = { readonly kind: 'sandbox'; readonly url: string; readonly from: string };

const TIMEOUT_MS = 10_000;

/** No mail is delivered: a page of the gateway shows them. */
export function openSandboxMailer({ url, from }: SandboxMail): Mailer {
  const target = new URL(url);
  const key = decodeURIComponent(target.password);
  target.username = '';
  target.password = '';
  return {
    async send({ id, to, subject, text }) {
      const response = await fetch(target, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify({ id, from, to, subject, text }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }).catch((error: unknown) => {
        throw new MailServerAway('The sandbox gateway does not answer.', { cause: error });
      });
      await response.body?.cancel();
      if (!response.ok) throw new MailServerAway(`The sandbox gateway did not accept the mail: ${response.status}.`);
    },
    close: () => undefined,
  };
}
