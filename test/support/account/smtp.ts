import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export type ReceivedMail = { readonly to: string; readonly raw: string };

export type TestSmtp = {
  readonly url: string;
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
  close(): Promise<void>;
};

/** A real SMTP server that keeps accepted mails; it refuses every recipient that begins with `unknown`. */
export async function startSmtp({ port = 0, password = 'right' } = {}): Promise<TestSmtp> {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    authMethods: ['PLAIN'],
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onAuth: (auth, _session, done) =>
      auth.password === password ? done(null, { user: auth.username }) : done(new Error('Wrong credentials')),
    onRcptTo: ({ address }, _session, done) => {
      const refusal = Object.assign(new Error(`No such user: ${address}`), { responseCode: 550 });
      done(address.startsWith('unknown') ? refusal : null);
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const [to] = session.envelope.rcptTo;
        mails.push({ to: to?.address ?? '', raw: Buffer.concat(chunks).toString('utf8') });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  server.listen(port, '127.0.0.1');
  await once(server.server, 'listening');
  const listening = (server.server.address() as AddressInfo).port;
  return {
    url: `smtp://frontrow:right@127.0.0.1:${listening}`,
    port: listening,
    mails,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The text as its reader sees it: quoted-printable soft line ends and escapes are decoded. */
export const textOf = ({ raw }: ReceivedMail): string =>
  raw
    .slice(raw.indexOf('\r\n\r\n') + 4)
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
