import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseImportConfig } from '#config/tools.ts';
import { closeDb, openDb } from '#db/client.ts';
import { grantRole, type RoleRequest } from '#domain/account/grant-role.ts';
import { DomainError } from '#domain/errors.ts';
import { isUuid } from '#domain/global-id-rules.ts';
import { usageOf } from './command-line.ts';
import { runningDatabaseUrl } from './dev/running-database.ts';
import { sentenceOf } from './sentence.ts';

/**
 * `npm run account -- --role organizer --email ann@example.org`: makes an account, or changes the role of one, in the
 * database at DATABASE_URL, or else in that of the `npm start` that runs in this clone.
 */

class Refused extends Error {}

try {
  const request = readRequest();
  const env = { ...process.env };
  env.DATABASE_URL ||= await runningDatabaseUrl(
    resolve(import.meta.dirname, '../..', env.FRONTROW_DATA || '.frontrow'),
  );
  if (!env.DATABASE_URL)
    throw new Refused('There is no database: run `npm start` in this clone first, or set DATABASE_URL.');
  await grant(request, parseImportConfig(env).postgres.url);
} catch (error) {
  process.exitCode = 1;
  console.error(reasonOf(error));
}

function readRequest(): RoleRequest {
  const { values } = parseArgs({
    options: {
      role: { type: 'string' },
      email: { type: 'string' },
      password: { type: 'string' },
      event: { type: 'string', multiple: true, default: [] },
      'all-events': { type: 'boolean', default: false },
    },
  });
  const role = values.role?.toUpperCase();
  if (role !== 'ORGANIZER' && role !== 'ADMIN' && role !== 'FAN') throw new Refused(usageOf('account'));
  if (values.email === undefined) throw new Refused(usageOf('account'));
  const events = values['all-events'] ? 'all' : values.event.map(eventIdOf);
  const generated = randomBytes(12).toString('base64url');
  return { email: values.email, role, password: values.password, generated, events };
}

function eventIdOf(text: string): string {
  const id = text.replace(/^Event_/, '').toLowerCase();
  if (!isUuid(id))
    throw new Refused(`"${text}" is no id of an event. It looks like Event_45cb803a-9e18-8935-b51a-63ea7fe3e57d.`);
  return id;
}

async function grant(request: RoleRequest, url: string): Promise<void> {
  const db = openDb({ url, poolMax: 1, name: 'frontrow-account' });
  try {
    const { email, isNew, password, events } = await grantRole({ db }, request);
    const role = request.role.toLowerCase();
    console.log(
      `${email} ${isNew ? 'is a new account with the role' : 'has now the role'} ${role}${organizes(events)}.`,
    );
    if (password === 'generated') console.log(`Its password: ${request.generated}`);
    const secret = { given: request.password, generated: request.generated, kept: 'the password that it has' }[
      password
    ];
    console.log(`\nSign in, and send the token as { "Authorization": "Bearer ..." }. Signed in before: sign in again.\n
mutation {
  signIn(input: { email: ${JSON.stringify(email)}, password: ${JSON.stringify(secret)} }) {
    ... on SignInSuccess { session { accessToken viewer { id } } }
    ... on Refusal { code message }
  }
}`);
  } finally {
    await closeDb(db);
  }
}

function organizes(events: number): string {
  if (events === 0) return '';
  return ` and organizes ${events} event${events === 1 ? '' : 's'}`;
}

function reasonOf(error: unknown): string {
  if (error instanceof Refused || error instanceof DomainError) return error.message;
  // What parseArgs says of an unknown or incomplete option.
  if (error instanceof TypeError && 'code' in error) return `${error.message}\n${usageOf('account')}`;
  return sentenceOf(error) ?? (error instanceof Error ? error.message : String(error));
}
