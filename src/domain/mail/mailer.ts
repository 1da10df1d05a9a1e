/** Plain text: every client shows it, and nothing in it can be styled to look like another sender. */
export type Mail = {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The same for each try, so that a mail server can see that it has the mail already. */
  readonly id: string;
};

/** What takes mails for delivery: an SMTP server, or the mails page of the sandbox gateway. */
export type Mailer = {
  /**
   * Resolves when the mail was taken for delivery.
   *
   * @throws MailRefused when the recipient can never get it
   * @throws MailServerAway for everything else: the same mail may be sent again later
   */
  send(mail: Mail): Promise<void>;
  close(): void;
};

/** The messages of both name no address: what a mail server answers repeats it, and errors are logged. */
export class MailRefused extends Error {}
export class MailServerAway extends Error {}
