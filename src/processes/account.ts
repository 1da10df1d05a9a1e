import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { parseImportConfig } from '#config/tools.ts';
import { closeDb, openDb } from '#db/client.ts';
import { DomainError } from '#domain/errors.ts';
import { grantRole, type RoleGranted, type RoleRequest } from '#domain/organization/grant-role.ts';
import { isUuid } from '#shared/uuid.ts';
import { usageOf } from './command-line.ts';
import { bookingDatabase, findDatabaseUrl } from './local/running-database.ts';
import { sentenceOf } from './sentence.ts';

/**
 * `npm run account -- --role organizer --email ann@example.org`: creates an account, or changes its role, in the
 * database at DATABASE_URL, or else in the database of the `npm start` that runs from this clone.
 */

class Refused extends Error {}

try {
  const request = readRequest();
  const url = await findDatabaseUrl(bookingDatabase, process.env);
  await grant(request, parseImportConfig({ ...process.env, DATABASE_URL: url }).postgres.url);
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
      organization: { type: 'string' },
      existing: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(usageOf('account'));
    process.exit(0);
  }
  const role = values.role?.toUpperCase();
  if (role !== 'ORGANIZER' && role !== 'ADMIN' && role !== 'FAN') {
    const problem = values.role === undefined ? '' : `There is no role "${values.role}".\n`;
    throw new Refused(problem + usageOf('account'));
  }
  if (values.email === undefined) throw new Refused(usageOf('account'));
  const events = values['all-events'] ? 'all' : values.event.map(eventIdOf);
  const generated = randomBytes(12).toString('base64url');
  const { email, password, existing } = values;
  return { email, role, password, generated, existing, events, organization: organizationOf(values.organization) };
}

function eventIdOf(text: string): string {
  const id = text.replace(/^Event_/, '').toLowerCase();
  if (!isUuid(id))
    throw new Refused(
      `"${text}" is not the id of an event. An id looks like Event_45cb803a-9e18-8935-b51a-63ea7fe3e57d.`,
    );
  return id;
}

/** `Organization_` and a UUID is an existing organization; another text is the name of a new one. */
function organizationOf(text: string | undefined): RoleRequest['organization'] {
  const id = /^Organization_(.+)$/.exec(text ?? '')?.[1]?.toLowerCase();
  if (id !== undefined && !isUuid(id)) throw new Refused(`"${text}" is not the id of an organization.`);
  if (id !== undefined) return { id };
  return text === undefined ? undefined : { name: text };
}

async function grant(request: RoleRequest, url: string): Promise<void> {
  const db = openDb({ url, poolMax: 1, name: 'frontrow-account' });
  try {
    report(request, await grantRole({ db }, request));
  } finally {
    await closeDb(db);
  }
}

/** Prints a line for each change, and how to sign in. */
function report(request: RoleRequest, granted: RoleGranted): void {
  const { email, events, password } = granted;
  console.log(`${email} ${roleLine(request, granted)}${organizes(events)}.`);
  reportOrganizations(granted);
  if (password === 'generated') console.log(`Its password: ${request.generated}`);
  if (password === 'kept') console.log('Its password was not changed.');
  if (granted.endedSessions) console.log('All its sessions were ended.');
  const secret = { given: request.password, generated: request.generated, kept: 'the password of the account' }[
    password
  ];
  console.log(`\nSign in, and send the token as { "Authorization": "Bearer ..." }. If you were signed in before, sign in again.\n
mutation {
  signIn(input: { email: ${JSON.stringify(email)}, password: ${JSON.stringify(secret)} }) {
    ... on SignInSuccess { session { accessToken viewer { id } } }
    ... on Refusal { code message }
  }
}`);
}

function reportOrganizations({ organization, left }: RoleGranted): void {
  if (organization) {
    const { id, name, isNew } = organization;
    console.log(`It is an owner of the ${isNew ? 'new ' : ''}organization "${name}" (Organization_${id}).`);
  }
  for (const { id, name, isWithoutOwner } of left) {
    console.log(`It no longer belongs to the organization "${name}" (Organization_${id}).`);
    if (isWithoutOwner)
      console.log(
        `That organization has no owner now. Give it one: --role organizer --email <another address> --organization Organization_${id}`,
      );
  }
}

function roleLine(request: RoleRequest, { before }: RoleGranted): string {
  const role = request.role.toLowerCase();
  if (before === undefined) return `is a new account with the role ${role}`;
  return before === request.role
    ? `keeps the role ${role}`
    : `now has the role ${role}; before it had ${before.toLowerCase()}`;
}

function organizes(events: number): string {
  if (events === 0) return '';
  return ` and organizes ${events} event${events === 1 ? '' : 's'}`;
}

function reasonOf(error: unknown): string {
  if (error instanceof Refused || error instanceof DomainError) return error.message;
  // The error of parseArgs for an unknown or incomplete option.
  if (error instanceof TypeError && 'code' in error) return `${error.message}\n${usageOf('account')}`;
  return sentenceOf(error) ?? (error instanceof Error ? error.message : String(error));
}
