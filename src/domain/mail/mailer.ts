/** Plain text: every client shows it, and it cannot be styled to look like another sender. */
export type Mail = {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The same in each try, so that a mail server can recognize a repeated mail. */
  readonly id: string;
};

/** Takes mails for delivery: an SMTP server, or the mails page of the sandbox gateway. */
export type Mailer = {
  /**
   * Resolves when the mail was taken for delivery.
   *
   * @throws MailRefused when the mail can never be delivered to the recipient
   * @throws MailServerAway for every other failure: the same mail may be sent again later
   */
  send(mail: Mail): Promise<void>;
  close(): void;
};

/** The messages of both contain no address: a mail server repeats it in its replies, and errors are logged. */
export class MailRefused extends Error {}
export class MailServerAway extends Error {}
