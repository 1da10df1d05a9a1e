import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { verifyPassword } from '#domain/account/passwords.ts';
import { type SeededEvent, seedEvent } from '#test/support/databases/catalog.ts';
import { createBookingDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { runningDatabaseUrl } from './local/running-database.ts';

let database: TestDatabase;
let db: Db;
let event: SeededEvent;
beforeAll(async () => {
  database = await createBookingDatabase();
  db = openDb({ url: database.url, poolMax: 2, name: 'account-test' });
  event = await seedEvent(db, { seats: 4 });
});
afterAll(async () => {
  await closeDb(db);
  await database.drop();
});

/** The command as it is run. */
const account = (args: string[], env: object = { DATABASE_URL: database.url }) =>
  new Promise<{ code: number; out: string }>((resolve) => {
    execFile(
      process.execPath,
      ['src/processes/account.ts', ...args],
      { env: { ...process.env, ...env } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, out: stdout + stderr }),
    );
  });
const organizer = (email: string, ...more: string[]) => account(['--role', 'organizer', '--email', email, ...more]);
const stored = async (email: string) =>
  (
    await db.execute<{ id: string; role: string; password_hash: string }>(
      sql`select * from users where email = ${email}`,
    )
  )[0];
const organizerOf = async ({ eventId }: SeededEvent) =>
  (await db.execute<{ organizer_id: string }>(sql`select organizer_id from events where id = ${eventId}`))[0]
    ?.organizer_id;

test('a new organizer gets a password that signs in, and the event', async () => {
  const { code, out } = await organizer('ann@example.org', '--event', `Event_${event.eventId}`);
  expect(code, out).toBe(0);
  expect(out).toContain('ann@example.org is a new account with the role organizer and organizes 1 event.');
  const password = /Its password: (\S+)/.exec(out)?.[1] ?? '';
  expect(out).toContain(`signIn(input: { email: "ann@example.org", password: "${password}" })`);
  const ann = await stored('ann@example.org');
  expect(ann).toMatchObject({ role: 'ORGANIZER' });
  expect(await verifyPassword(password, ann?.password_hash)).toBe(true);
  expect(await organizerOf(event)).toBe(ann?.id);
});

const memberships = async (email: string) => [
  ...(await db.execute<{ id: string; name: string; role: string }>(sql`
    select o.id, o.name, m.role from organization_members m join organizations o on o.id = m.organization_id
    join users u on u.id = m.user_id where u.email = ${email} order by o.created_at`)),
];
const organizationOf = async ({ eventId }: SeededEvent) =>
  (await db.execute<{ id: string }>(sql`select organization_id as id from events where id = ${eventId}`))[0]?.id;

test('an organizer owns an organization, which gets the events; a second run changes nothing of it', async () => {
  const { out } = await organizer('owner@example.org', '--organization', 'Teatro Municipal', '--event', event.eventId);
  const [owned] = await memberships('owner@example.org');
  expect(owned).toMatchObject({ name: 'Teatro Municipal', role: 'OWNER' });
  expect(out).toContain(`It is an owner of the new organization "Teatro Municipal" (Organization_${owned?.id}).`);
  expect(await organizationOf(event)).toBe(owned?.id);
  const again = await organizer('owner@example.org', '--event', event.eventId);
  expect(again.out).toContain(`It is an owner of the organization "Teatro Municipal" (Organization_${owned?.id}).`);
  expect(await memberships('owner@example.org')).toHaveLength(1);
  const audit = await db.execute(sql`
    select operation, role, user_id, subject_type from organizer_audit where organization_id = ${owned?.id} order by id`);
  const byOperator = { role: 'OPERATOR', user_id: null };
  expect([...audit].slice(0, 2)).toEqual([
    { ...byOperator, operation: 'createOrganization', subject_type: 'Organization' },
    { ...byOperator, operation: 'handOverEvent', subject_type: 'Event' },
  ]);
});

test('a fan leaves all organizations; an existing organization gets another owner', { timeout: 90_000 }, async () => {
  await organizer('former@example.org', '--password', 'correct horse', '--organization', 'Hall');
  const [hall] = await memberships('former@example.org');
  const left = await account(['--role', 'fan', '--email', 'former@example.org']);
  expect(left.out).toContain(`It no longer belongs to the organization "Hall" (Organization_${hall?.id}).`);
  expect(left.out).toContain('That organization has no owner now.');
  expect(await memberships('former@example.org')).toEqual([]);
  const { out } = await organizer('next@example.org', '--organization', `Organization_${hall?.id}`);
  expect(out).toContain(`It is an owner of the organization "Hall" (Organization_${hall?.id}).`);
  expect(await memberships('next@example.org')).toMatchObject([{ id: hall?.id, role: 'OWNER' }]);
  const unknown = await organizer(
    'next@example.org',
    '--organization',
    'Organization_00000000-0000-7000-8000-000000000000',
  );
  expect(unknown).toMatchObject({ code: 1, out: expect.stringContaining('There is no organization') });
});

test('an existing account keeps its password unless a new one is given, which ends its sessions', {
  timeout: 90_000,
}, async () => {
  await organizer('bob@example.org', '--password', 'correct horse');
  const bob = await stored('bob@example.org');
  await db.execute(sql`insert into refresh_tokens (id, user_id, family_id, token_hash, expires_at)
    values (gen_random_uuid(), ${bob?.id}, gen_random_uuid(), 'x', now() + interval '1 day')`);
  const live = () => db.execute(sql`select 1 from refresh_tokens where user_id = ${bob?.id} and revoked_at is null`);
  const kept = await account(['--role', 'admin', '--email', 'Bob@Example.org', '--existing']);
  expect(kept.out).toContain('now has the role admin; before it had organizer.');
  expect(kept.out).toContain('Its password was not changed.');
  expect(kept.out).not.toContain('Its password:');
  expect(kept.out).not.toContain('sessions');
  expect(await stored('bob@example.org')).toMatchObject({ role: 'ADMIN', password_hash: bob?.password_hash });
  expect(await live()).toHaveLength(1);
  const changed = await organizer('bob@example.org', '--password', 'another horse', '--existing');
  expect(changed.out).toContain('All its sessions were ended.');
  expect(await verifyPassword('another horse', (await stored('bob@example.org'))?.password_hash)).toBe(true);
  expect(await live()).toHaveLength(0);
});

const signUp = (email: string) =>
  db.execute(sql`insert into users (id, email, password_hash, display_name)
    values (gen_random_uuid(), ${email}, 'the hash of another person', 'Someone')`);

test.each([
  ['a role', []],
  ['a role with a password', ['--password', 'another horse']],
  ['events', ['--event', '{event}']],
])('does not give an address that was used to sign up %s without --existing', async (what, more) => {
  const email = `${what.replaceAll(' ', '-')}@example.org`;
  await signUp(email);
  const before = await stored(email);
  const organizedBy = await organizerOf(event);
  const args = more.map((word) => word.replace('{event}', event.eventId));
  const { code, out } = await organizer(email, ...args);
  expect(code).toBe(1);
  expect(out).toContain(`${email} has an account since`);
  expect(out).toContain('Nothing was changed.');
  expect(await stored(email)).toEqual(before);
  expect(await organizerOf(event)).toBe(organizedBy);
  expect((await organizer(email, ...args, '--existing')).out).toContain(
    'now has the role organizer; before it had fan',
  );
  expect(await stored(email)).toMatchObject({ role: 'ORGANIZER' });
});

test('a lower role, and more events for an organizer, need no --existing', async () => {
  await organizer('kim@example.org', '--password', 'correct horse');
  expect((await organizer('kim@example.org', '--event', event.eventId)).out).toContain(
    'keeps the role organizer and organizes 1',
  );
  const lowered = await account(['--role', 'fan', '--email', 'kim@example.org']);
  expect(lowered.out).toContain('now has the role fan; before it had organizer.');
  expect(lowered.out).toContain('All its sessions were ended.');
});

test('gives a password to an account that an import made, because it has no owner yet', async () => {
  await db.execute(sql`insert into users (id, email, display_name, role)
    values (gen_random_uuid(), 'hall@example.org', 'Hall', 'ORGANIZER')`);
  expect((await organizer('hall@example.org')).out).toContain('Its password: ');
});

test('--all-events makes the account the organizer of all events', async () => {
  const other = await seedEvent(db, { seats: 4, like: event });
  expect((await organizer('eve@example.org', '--all-events')).out).toContain('organizes 2 events');
  const eve = await stored('eve@example.org');
  expect(await organizerOf(other)).toBe(eve?.id);
});

test.each([
  ['no role', ['--email', 'x@example.org'], 'usage:'],
  ['an unknown role', ['--role', 'king', '--email', 'x@example.org'], 'There is no role "king".'],
  ['no address', ['--role', 'organizer'], 'usage:'],
  ['an unknown option', ['--rolle', 'organizer'], 'usage:'],
  ['a bad address', ['--role', 'organizer', '--email', 'x'], 'This is not an e-mail address.'],
  [
    'a short password',
    ['--role', 'organizer', '--email', 'x@example.org', '--password', 'short'],
    'at least 10 characters',
  ],
  [
    'a bad event id',
    ['--role', 'organizer', '--email', 'x@example.org', '--event', '7'],
    '"7" is not the id of an event',
  ],
  [
    'an unknown event',
    ['--role', 'organizer', '--email', 'x@example.org', '--event', '00000000-0000-7000-8000-000000000000'],
    'These events do not exist: 00000000-0000-7000-8000-000000000000.',
  ],
  ['a fan with events', ['--role', 'fan', '--email', 'x@example.org', '--all-events'], 'A fan cannot organize events'],
])('refuses %s and creates no account', async (_name, args, reason) => {
  const { code, out } = await account(args);
  expect(out).toContain(reason);
  expect(code).toBe(1);
  expect(await stored('x@example.org')).toBeUndefined();
});

test('without a database it says what to do', { timeout: 90_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-account-'));
  const args = ['--role', 'organizer', '--email', 'x@example.org'];
  const none = await account(args, { DATABASE_URL: '', FRONTROW_DATA: folder });
  expect(none).toEqual({ code: 1, out: expect.stringContaining(`No Frontrow runs on ${folder}`) });
  const gone = await account(args, { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
  expect(gone).toEqual({ code: 1, out: expect.stringContaining('The database does not answer.') });
  const wrong = new URL(database.url);
  wrong.pathname = '/no_such_database';
  expect((await account(args, { DATABASE_URL: wrong.href })).out).toContain('The server has no such database.');
  wrong.hostname = 'no-such-host.invalid';
  expect((await account(args, { DATABASE_URL: wrong.href })).out).toContain('The database does not answer.');

  await mkdir(join(folder, 'postgres'));
  await writeFile(join(folder, 'postgres/postmaster.pid'), `1\n${folder}\n1790000000\n5439\n\n127.0.0.1\n`);
  await writeFile(join(folder, 'secrets.json'), '{ "postgresPassword": "a/b" }');
  expect(await runningDatabaseUrl(folder)).toBe('postgres://postgres:a%2Fb@127.0.0.1:5439/frontrow_booking');
  await rm(folder, { recursive: true });
});
