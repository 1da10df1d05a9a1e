import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { parseApiConfig } from './api.ts';
import { parsePaymentsConfig } from './payments.ts';
import { exceptionsMade, productionProblems } from './production.ts';
import { readTrustedDocuments } from './trusted-documents.ts';

const folder = await mkdtemp(join(tmpdir(), 'frontrow-production-'));
afterAll(() => rm(folder, { recursive: true }));
const documents = join(folder, 'trusted.json');
await writeFile(documents, JSON.stringify({ abc: '{ __typename }' }));

const url = 'postgres://nobody:the-password-of-nobody@127.0.0.1:1/none';
const secretOf = (use: string) => `${use}-${'0123456789'.repeat(4)}`;
/** An environment that production accepts, for all processes. */
const good = {
  FRONTROW_PROFILE: 'production',
  DATABASE_URL: url,
  PAYMENTS_DATABASE_URL: url,
  REDIS_URL: 'redis://127.0.0.1:1',
  TYPESENSE_URL: 'http://127.0.0.1:1',
  TYPESENSE_API_KEY: secretOf('search'),
  TRUSTED_DOCUMENTS: documents,
  TOKEN_PRIVATE_KEY: newPrivateKey(),
  TICKET_PRIVATE_KEY: newPrivateKey(),
  ADMISSION_KEYS: `k1:${secretOf('admission')},k0:${secretOf('former-admission')}`,
  PAYMENT_GATEWAY: 'stripe',
  GATEWAY_API_KEY: secretOf('api'),
  GATEWAY_WEBHOOK_SECRETS: `${secretOf('webhook')},${secretOf('former-webhook')}`,
};
const problemsOf = (env: object, process: Parameters<typeof productionProblems>[1] = 'api') =>
  productionProblems({ ...good, ...env }, process).map(({ name, message }) => `${name}: ${message}`);

test('production accepts a correct environment, and development does not require these settings', () => {
  expect(parseApiConfig(good).http.onlyTrusted).toBe(true);
  expect(parsePaymentsConfig(good).gateway.kind).toBe('stripe');
  const loose = { ...good, RATE_LIMITS: 'off', TRUSTED_DOCUMENTS: '', GATEWAY_API_KEY: 'sixteen-and-more' };
  for (const process of ['api', 'payments', 'gateway-sandbox', 'another'] as const) {
    expect(productionProblems({ ...loose, FRONTROW_PROFILE: 'development' }, process)).toEqual([]);
    expect(productionProblems({ ...loose, FRONTROW_PROFILE: '' }, process)).toEqual([]);
  }
});

describe('production refuses', () => {
  test('the sandbox gateway, also where it is only the default', () => {
    const reason = 'PAYMENT_GATEWAY: production needs a gateway that moves money: set stripe';
    expect(problemsOf({ PAYMENT_GATEWAY: 'sandbox' }, 'payments')).toEqual([expect.stringContaining(reason)]);
    expect(problemsOf({ PAYMENT_GATEWAY: '' }, 'payments')).toEqual([expect.stringContaining(reason)]);
    expect(problemsOf({ PAYMENT_GATEWAY: 'sandbox' }, 'api')).toEqual([expect.stringContaining(reason)]);
    expect(problemsOf({}, 'gateway-sandbox')).toEqual([expect.stringContaining('does not run in production')]);
  });

  test.each([
    ['GATEWAY_API_KEY', 'x'.repeat(31)],
    ['GATEWAY_WEBHOOK_SECRET', 'short'],
    ['GATEWAY_WEBHOOK_SECRETS', `${secretOf('webhook')},short`],
    ['ADMISSION_KEYS', `k1:${'x'.repeat(31)}`],
    ['TYPESENSE_API_KEY', 'xyz'],
  ])('%s shorter than 32 bytes', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([expect.stringContaining(`${name}: shorter than 32 bytes`)]);
  });

  test.each([
    ['TICKET_PRIVATE_KEY', good.TOKEN_PRIVATE_KEY, 'TOKEN_PRIVATE_KEY'],
    ['TICKET_PRIVATE_KEY', ` ${good.TOKEN_PRIVATE_KEY.replace(/=+$/, '')}`, 'TOKEN_PRIVATE_KEY'],
    ['GATEWAY_WEBHOOK_SECRETS', `${secretOf('webhook')},${good.GATEWAY_API_KEY}`, 'GATEWAY_API_KEY'],
    ['ADMISSION_KEYS', `k1:${good.GATEWAY_API_KEY}`, 'GATEWAY_API_KEY'],
    ['TYPESENSE_API_KEY', secretOf('former-admission'), 'ADMISSION_KEYS'],
    ['DATABASE_URL', `postgres://u:${good.TYPESENSE_API_KEY}@127.0.0.1/b`, 'TYPESENSE_API_KEY'],
  ])('%s equal to a key of another use', (name, value, other) => {
    expect(problemsOf({ [name]: value })).toEqual([expect.stringContaining(`${name}: the same key as ${other}`)]);
  });

  test('RATE_LIMITS=off, and no trusted documents', () => {
    expect(problemsOf({ RATE_LIMITS: 'off', TRUSTED_DOCUMENTS: '' })).toEqual([
      expect.stringContaining('TRUSTED_DOCUMENTS: production accepts trusted documents only'),
      expect.stringContaining('RATE_LIMITS: production needs these limits'),
    ]);
    expect(problemsOf({ TRUSTED_DOCUMENTS: '' }, 'payments')).toEqual([]);
  });
});

test('a rehearsal may go without the guards that it names, but no others, and in production only', () => {
  const env = { PAYMENT_GATEWAY: 'sandbox', TRUSTED_DOCUMENTS: '', RATE_LIMITS: 'off', GATEWAY_API_KEY: 'short' };
  const named = { ...env, FRONTROW_REHEARSAL: 'sandbox-gateway, no-trusted-documents' };
  expect(problemsOf(named)).toEqual([
    expect.stringContaining('RATE_LIMITS: production needs these limits'),
    expect.stringContaining('GATEWAY_API_KEY: shorter than 32 bytes'),
  ]);
  expect(exceptionsMade({ ...good, ...named }).map(({ exception }) => exception)).toEqual([
    'sandbox-gateway',
    'no-trusted-documents',
  ]);
  expect(exceptionsMade({ ...named, FRONTROW_PROFILE: 'development' })).toEqual([]);
  const rehearsed = { ...good, TRUSTED_DOCUMENTS: '', FRONTROW_REHEARSAL: 'no-trusted-documents' };
  expect(parseApiConfig(rehearsed).http.onlyTrusted).toBe(false);
  expect(parseApiConfig({ ...rehearsed, TRUSTED_DOCUMENTS: documents }).http.onlyTrusted).toBe(false);
  expect(() => parseApiConfig({ ...good, FRONTROW_REHEARSAL: 'everything' })).toThrow(
    'FRONTROW_REHEARSAL: names of exceptions, separated by commas: sandbox-gateway, no-trusted-documents, no-rate-limits',
  );
});

test.each([
  ['a file that is not there', undefined, 'cannot be read (ENOENT)'],
  ['a folder', folder, 'cannot be read (EISDIR)'],
  ['no JSON', 'query {', 'has no trusted documents'],
  ['no documents', '{}', 'has no trusted documents'],
  ['a list', '["query { a }"]', 'has no trusted documents'],
  ['documents that are not text', '{ "abc": 7 }', 'has no trusted documents'],
])('reports the problem of trusted documents: %s', async (_name, content, reason) => {
  const path = content === folder ? folder : join(folder, `${_name}.json`);
  if (content && content !== folder) await writeFile(path, content);
  const { trusted, problems } = readTrustedDocuments({ TRUSTED_DOCUMENTS: path });
  expect(trusted).toBeUndefined();
  expect(problems).toEqual([{ name: 'TRUSTED_DOCUMENTS', message: expect.stringContaining(`${path} ${reason}`) }]);
});

/** Starts the process with an environment in which every value that it reads is wrong. */
const start = (name: string, env: Record<string, string>) =>
  new Promise<{ code: unknown; err: string }>((resolve) => {
    execFile(
      process.execPath,
      [`src/processes/${name}.ts`],
      { env: { PATH: process.env.PATH, ...env } },
      (error, _out, err) => resolve({ code: error?.code, err }),
    );
  });
const bad = {
  ...good,
  REDIS_URL: 'nowhere',
  TRUSTED_DOCUMENTS: '',
  TICKET_PRIVATE_KEY: good.TOKEN_PRIVATE_KEY,
  GATEWAY_API_KEY: 'sixteen-and-more',
  TYPESENSE_API_KEY: secretOf('webhook'),
  PAYMENT_GATEWAY: 'sandbox',
  RATE_LIMITS: 'off',
  GATEWAY_PORT: '4002',
  GATEWAY_DATA: folder,
  GATEWAY_WEBHOOK_SECRET: 'sixteen-and-more-still',
  GATEWAY_WEBHOOK_URL: 'http://localhost:4001/webhooks/gateway',
};
test.each([
  ['api', ['REDIS_URL: e.g.', 'TRUSTED_DOCUMENTS: production']],
  ['worker', ['REDIS_URL: e.g.']],
  ['relay', []],
  ['payments', ['GATEWAY_URL: where']],
  ['gateway-sandbox', ['FRONTROW_PROFILE: the sandbox gateway does not run']],
])('%s reports all problems at once, with fixes and without a stack, and does not start', async (name, more) => {
  const { code, err } = await start(name, bad);
  expect(code, err).toBe(1);
  const all = [
    ...more,
    ...(name === 'gateway-sandbox' ? [] : ['PAYMENT_GATEWAY: production']),
    'RATE_LIMITS: production',
    'GATEWAY_API_KEY: shorter',
    'TICKET_PRIVATE_KEY: the same key as TOKEN_PRIVATE_KEY',
    'TYPESENSE_API_KEY: the same key as GATEWAY_WEBHOOK_SECRETS',
  ];
  for (const problem of all) expect(err).toContain(problem);
  expect(err).not.toMatch(/\bat .*:\d+:\d+|sixteen-and-more|throw new/);
});
