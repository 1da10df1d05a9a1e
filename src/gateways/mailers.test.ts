import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Mailer, MailRefused, MailServerAway } from '#domain/mail/mailer.ts';
import { startSandboxGateway } from '#processes/gateway-sandbox/server.ts';
import { startSmtp, type TestSmtp, textOf } from '#test/support/account/smtp.ts';
import { openMailer } from './mailers.ts';

const from = 'Frontrow <tickets@frontrow.example>';
const mail = (to: string) => ({
  id: 'mail-1',
  to,
  subject: 'Your link',
  text: 'Hello,\n\nhttps://tickets.example/é?a=b\n',
});
const apiKey = 'sk_sandbox_of_this_test';

type World = { url: string; received(): Promise<{ to: string; text: string }[]>; close(): Promise<unknown> };

async function smtpWorld(): Promise<World> {
  const smtp = await startSmtp();
  const received = async () =>
    smtp.mails.map((one) => ({ to: one.to, text: Buffer.from(textOf(one), 'latin1').toString() }));
  return { url: smtp.url, received, close: () => smtp.close() };
}

async function sandboxWorld(): Promise<World> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'frontrow-mails-'));
  const webhook = { webhookSecret: 'whsec_of_this_test', webhookUrl: 'http://127.0.0.1:1/' };
  const gateway = await startSandboxGateway({ dataFolder, apiKey, ...webhook });
  const url = new URL(`${gateway.url}/mails`);
  url.username = 'mail';
  url.password = apiKey;
  return {
    url: url.href,
    received: async () =>
      ((await (await fetch(`${gateway.url}/mails`)).json()) as { mails: { to: string; text: string }[] }).mails,
    async close() {
      await gateway.close();
      await rm(dataFolder, { recursive: true });
    },
  };
}

describe.each([
  ['smtp', smtpWorld],
  ['sandbox', sandboxWorld],
] as const)('the mailer %s', (kind, open) => {
  let world: World;
  let mailer: Mailer;
  beforeAll(async () => {
    world = await open();
    mailer = openMailer({ kind, url: world.url, from });
  });
  afterAll(async () => {
    mailer.close();
    await world.close();
  });

  test('delivers the text unchanged, to one recipient', async () => {
    await mailer.send(mail('ann@example.org'));
    const [received] = await world.received();
    expect(received?.to).toBe('ann@example.org');
    expect(received?.text.replaceAll('\r\n', '\n')).toContain('Hello,\n\nhttps://tickets.example/é?a=b\n');
  });

  test('a server that does not answer, or refuses our credentials, is away, and the error contains no address', async () => {
    const gone = new URL(world.url);
    gone.port = '1';
    const stranger = new URL(world.url);
    stranger.password = 'wrong';
    for (const url of [gone, stranger]) {
      const other = openMailer({ kind, url: url.href, from });
      const error = await other.send(mail('ann@example.org')).catch((one) => one);
      expect(error).toBeInstanceOf(MailServerAway);
      expect(String(error)).not.toMatch(/ann|example/);
      other.close();
    }
  });
});

test('a recipient that the SMTP server refuses is refused, and the error contains no address', async () => {
  const smtp: TestSmtp = await startSmtp();
  const mailer = openMailer({ kind: 'smtp', url: smtp.url, from });
  const error = await mailer.send(mail('unknown-ann@example.org')).catch((one) => one);
  expect(error).toBeInstanceOf(MailRefused);
  expect(error.message).toContain('550');
  expect(JSON.stringify([String(error), String(error.cause)])).not.toContain('ann');
  // An address with a comma or a line end in it is one recipient, or refused.
  await mailer.send(mail('one@example.org,two@example.org')).catch(() => undefined);
  expect(smtp.mails.map(({ to }) => to)).not.toContain('two@example.org');
  mailer.close();
  await smtp.close();
});
