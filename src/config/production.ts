import { z } from 'zod';
import type { Environment, Problem } from './parse.ts';

/**
 * The guards that a rehearsal of production may go without, by name. There is no exception for short secrets, because
 * one command makes a good secret.
 */
const exceptions = {
  'sandbox-gateway': 'Payments go to the sandbox gateway: no money moves.',
  'no-trusted-documents': 'The API accepts any document, and introspection is open.',
  'no-rate-limits': 'The API has no rate limits.',
} as const;
export type Exception = keyof typeof exceptions;

const NAMES = Object.keys(exceptions);
const SHORTEST_BYTES = 32;
const MAKE_ONE = 'make one with: openssl rand -hex 32';

export const rehearsal = {
  /** Read in the production profile only. */
  FRONTROW_REHEARSAL: z
    .string()
    .transform(namesIn)
    .refine((names) => names.every((name) => NAMES.includes(name)), {
      error: `names of exceptions, separated by commas: ${NAMES.join(', ')}`,
    })
    .optional(),
};

/** Returns one warning for the log for each exception in use. */
export function exceptionsMade(env: Environment): readonly { exception: Exception; meaning: string }[] {
  if (env.FRONTROW_PROFILE !== 'production') return [];
  return namesIn(env.FRONTROW_REHEARSAL ?? '')
    .filter((name): name is Exception => NAMES.includes(name))
    .map((exception) => ({ exception, meaning: exceptions[exception] }));
}

export const isExcepted = (env: Environment, exception: Exception): boolean =>
  exceptionsMade(env).some((made) => made.exception === exception);

type Process = 'api' | 'payments' | 'gateway-sandbox' | 'another';

/**
 * Returns every problem that only the production profile refuses, each with its fix. It reads the plain environment, so
 * that these problems are reported together with those of the schema.
 */
export function productionProblems(env: Environment, process: Process): Problem[] {
  if (env.FRONTROW_PROFILE !== 'production') return [];
  return [...openDoors(env, process), ...shortSecrets(env), ...equalKeys(env)];
}

function openDoors(env: Environment, process: Process): Problem[] {
  const problems: Problem[] = [];
  const refuse = (exception: Exception, name: string, message: string) => {
    if (isExcepted(env, exception)) return;
    problems.push({ name, message: `${message}. For a rehearsal: FRONTROW_REHEARSAL=${exception}` });
  };
  const gateway = env.PAYMENT_GATEWAY || (process === 'payments' ? 'sandbox' : undefined);
  if (process === 'gateway-sandbox')
    refuse('sandbox-gateway', 'FRONTROW_PROFILE', 'the sandbox gateway does not run in production: do not start it');
  else if (gateway === 'sandbox')
    refuse('sandbox-gateway', 'PAYMENT_GATEWAY', 'production needs a gateway that moves money: set stripe');
  if (process === 'api' && !env.TRUSTED_DOCUMENTS && !env.WEB_CLIENT)
    refuse(
      'no-trusted-documents',
      'TRUSTED_DOCUMENTS',
      'production accepts trusted documents only: name the JSON file that has them, SHA-256 to text, or the folder of the web client in WEB_CLIENT',
    );
  if (/^https?:/.test(env.MAIL_URL ?? ''))
    refuse(
      'sandbox-gateway',
      'MAIL_URL',
      'every client that reaches the sandbox gateway can read its mails: set smtps://user:password@host:465',
    );
  if (env.RATE_LIMITS === 'off')
    refuse('no-rate-limits', 'RATE_LIMITS', 'production needs these limits: set on, or leave it out');
  if (env.HOARDING_LIMITS === 'off')
    refuse('no-rate-limits', 'HOARDING_LIMITS', 'production needs these limits: set on, or leave it out');
  return problems;
}

/** Returns our secrets with the names of their variables; two secrets of one name belong to a rotation. */
function secretsIn(env: Environment): { name: string; text: string }[] {
  const of = (name: string) => (env[name] ? [{ name, text: env[name] }] : []);
  const listOf = (name: string, secretOf = (part: string) => part) =>
    namesIn(env[name] ?? '').map((part) => ({ name, text: secretOf(part) }));
  return [
    ...of('GATEWAY_API_KEY'),
    ...of('GATEWAY_WEBHOOK_SECRET'),
    ...listOf('GATEWAY_WEBHOOK_SECRETS'),
    ...listOf('ADMISSION_KEYS', (key) => key.slice(key.indexOf(':') + 1)),
    ...of('TYPESENSE_API_KEY'),
    ...of('READY_TOKEN'),
    ...of('BOOKS_TOKEN'),
  ];
}

function shortSecrets(env: Environment): Problem[] {
  const short = secretsIn(env).filter(({ text }) => Buffer.byteLength(text) < SHORTEST_BYTES);
  return [...new Set(short.map(({ name }) => name))].map((name) => ({
    name,
    message: `shorter than ${SHORTEST_BYTES} bytes, which can be guessed: ${MAKE_ONE}`,
  }));
}

/** One key must not have two uses, because an attacker who has it for one use would have it for the other. */
function equalKeys(env: Environment): Problem[] {
  const keys = ['TOKEN_PRIVATE_KEY', 'TICKET_PRIVATE_KEY'].flatMap((name) =>
    env[name] ? [{ name, text: Buffer.from(env[name], 'base64').toString('base64') }] : [],
  );
  const first = new Map<string, string>();
  const problems: Problem[] = [];
  for (const { name, text } of [...keys, ...secretsIn(env), ...passwordsIn(env)]) {
    const other = first.get(text);
    if (other === undefined) first.set(text, name);
    else if (useOf(other) !== useOf(name))
      problems.push({ name, message: `the same key as ${other}: make another key, because each use needs its own` });
  }
  return problems;
}

/** The gateway signs with the secret that payments checks: one use with two names. Databases may share a password. */
const useOf = (name: string): string =>
  name
    .replace(/^GATEWAY_WEBHOOK_SECRETS$/, 'GATEWAY_WEBHOOK_SECRET')
    .replace(/^PAYMENTS_DATABASE_URL$/, 'DATABASE_URL');

function passwordsIn(env: Environment): { name: string; text: string }[] {
  return ['DATABASE_URL', 'PAYMENTS_DATABASE_URL', 'REDIS_URL'].flatMap((name) => {
    const url = env[name];
    const password = url && URL.canParse(url) ? decodeURIComponent(new URL(url).password) : '';
    return password === '' ? [] : [{ name, text: password }];
  });
}

function namesIn(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}
