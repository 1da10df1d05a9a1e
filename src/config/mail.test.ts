import { expect, test } from 'vitest';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { parseWorkerConfig } from './worker.ts';

const env = {
  DATABASE_URL: 'postgres://a:b@localhost/booking',
  REDIS_URL: 'redis://localhost',
  TICKET_PRIVATE_KEY: newPrivateKey(),
};
const mail = { MAIL_FROM: 'Frontrow <tickets@example.org>', RECOVERY_URL: 'https://tickets.example/recover#{token}' };
const problemOf = (more: Record<string, string>): string => {
  try {
    parseWorkerConfig({ ...env, ...more });
    return 'none';
  } catch (error) {
    return String(error);
  }
};

test('without MAIL_URL no mails are sent, and with it both other names are needed', () => {
  expect(parseWorkerConfig(env).mail).toBeUndefined();
  const problem = problemOf({ MAIL_URL: 'smtp://localhost:25' });
  expect(problem).toContain('MAIL_FROM');
  expect(problem).toContain('RECOVERY_URL');
});

test('MAIL_URL selects SMTP or the sandbox gateway', () => {
  expect(parseWorkerConfig({ ...env, ...mail, MAIL_URL: 'smtps://u:p@mail.example:465' }).mail).toEqual({
    mailer: { kind: 'smtp', url: 'smtps://u:p@mail.example:465', from: mail.MAIL_FROM },
    policy: { recoveryUrl: mail.RECOVERY_URL },
  });
  expect(parseWorkerConfig({ ...env, ...mail, MAIL_URL: 'http://mail:k@localhost:4002/mails' }).mail?.mailer.kind).toBe(
    'sandbox',
  );
});

test('names every wrong value with its fix, all at once', () => {
  const problem = problemOf({
    MAIL_URL: 'mail.example:25',
    MAIL_FROM: 'Frontrow',
    RECOVERY_URL: 'https://tickets.example/',
  });
  for (const fix of ['smtps://user:password@host:465', 'Frontrow <tickets@example.org>', 'recover#{token}'])
    expect(problem).toContain(fix);
});

test('production does not show its mails on a page', () => {
  const production = { ...mail, FRONTROW_PROFILE: 'production', MAIL_URL: 'http://mail:k@localhost:4002/mails' };
  expect(problemOf(production)).toContain('MAIL_URL: every client that reaches the sandbox gateway can read its mails');
  expect(problemOf({ ...production, FRONTROW_REHEARSAL: 'sandbox-gateway' })).toBe('none');
  expect(problemOf({ ...production, MAIL_URL: 'smtps://u:p@mail.example' })).toBe('none');
});
