import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBookingDatabase, createPaymentsDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { copyImage, PRODUCTION } from '#test/support/system/image.ts';
import { commands } from './command-line.ts';

/** What the production image has. */
const image = mkdtempSync(join(tmpdir(), 'frontrow-image-'));
let booking: TestDatabase;
let payments: TestDatabase;
beforeAll(async () => {
  await copyImage(PRODUCTION, image);
  [booking, payments] = await Promise.all([createBookingDatabase(), createPaymentsDatabase()]);
});
afterAll(async () => {
  await Promise.all([booking.drop(), payments.drop(), rm(image, { recursive: true, force: true })]);
});

/** The command as the image runs it. */
const frontrow = (args: string[], env: Record<string, string> = {}) =>
  new Promise<{ code: number; out: string; err: string }>((done) => {
    const file = join(image, 'src/processes/frontrow.ts');
    execFile(
      process.execPath,
      [file, ...args],
      { cwd: image, env: { PATH: process.env.PATH ?? '', ...env } },
      (error, out, err) => done({ code: error ? Number(error.code) : 0, out, err }),
    );
  });

test('lists all commands without a command and with --help, and refuses an unknown command with that list', async () => {
  const { code, out } = await frontrow([]);
  expect(code).toBe(0);
  for (const name of Object.keys(commands)) expect(out).toContain(`\n  ${name} `);
  expect(await frontrow(['--help'])).toMatchObject({ code: 0, out });
  const unknown = await frontrow(['constructor']);
  expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('There is no command "constructor".') });
  expect(unknown.err).toContain('frontrow <command> --help shows its arguments');
});

test.each(Object.keys(commands))('%s --help prints the usage, and needs no environment', async (name) => {
  expect(await frontrow([name, '--help'])).toMatchObject({
    code: 0,
    out: expect.stringContaining(`usage: frontrow ${name}`),
  });
});

const database = () => ({ DATABASE_URL: booking.url, PAYMENTS_DATABASE_URL: payments.url });
test('every command that the runbooks name works in the image', async () => {
  const env = database();
  expect(await frontrow(['migrate'], env)).toMatchObject({ code: 0, out: '0 migrations applied\n' });
  expect(await frontrow(['parked', 'list'], env)).toMatchObject({ code: 0, out: 'Nothing is parked.\n' });
  expect(await frontrow(['invariants'], env)).toMatchObject({ code: 0, out: expect.stringContaining('holds  I01') });
  const account = await frontrow(['account', '--role', 'organizer', '--email', 'ann@example.org'], env);
  expect(account).toMatchObject({ code: 0, out: expect.stringContaining('ann@example.org is a new account') });
  const empty = join(image, 'nothing-to-import');
  mkdirSync(empty);
  expect(
    (await frontrow(['import', '--dir', empty], env)).err + (await frontrow(['import', '--dir', empty], env)).out,
  ).toMatch(/Imported in|The import failed/);
  expect(await frontrow(['import'], { ...env, FRONTROW_PROFILE: 'production' })).toMatchObject({
    code: 0,
    out: expect.stringContaining('does not import the demo data'),
  });
});

test.each([
  ['migrate', [], 'DATABASE_URL: the booking database'],
  ['import', [], 'DATABASE_URL: the booking database'],
  ['account', ['--role', 'organizer', '--email', 'a@example.org'], 'No Frontrow runs on'],
  ['parked', ['list'], 'There is no database'],
  ['invariants', [], 'There is no database'],
  ['reindex', [], 'TYPESENSE_URL: the search engine'],
  ['converge', ['--restored', 'both', '--to', '2026-07-01T12:00:00Z'], 'REDIS_URL: e.g.'],
])('%s without an environment prints what to set, without a stack', async (name, args, reason) => {
  const { code, err } = await frontrow([name, ...args], { FRONTROW_DATA: join(image, 'none') });
  expect(err).toContain(reason);
  expect(err).not.toMatch(/\bat .*:\d+:\d+/);
  expect(code).toBeGreaterThan(0);
});

test.each([
  [
    'nothing listens',
    'postgres://u:p@127.0.0.1:1/none',
    'The database does not answer. No server listens at 127.0.0.1:1.',
  ],
  [
    'the name is unknown',
    'postgres://u:p@no.such.host.invalid/none',
    /The name no\.such\.host\.invalid (is unknown|can't be resolved)/,
  ],
  ['the password is wrong', () => booking.url.replace(/:[^:@]*@/, ':wrong@'), 'The database refuses the password.'],
  ['the database is missing', () => booking.url.replace(/[^/]*$/, 'nowhere'), 'The server has no such database.'],
])('prints one sentence for a database that cannot be used: %s', async (_name, url, reason) => {
  const env = { DATABASE_URL: typeof url === 'string' ? url : url() };
  for (const args of [['parked', 'list'], ['invariants']]) {
    const { code, err } = await frontrow(args, env);
    expect(err, args[0]).toMatch(reason);
    expect(err, args[0]).not.toMatch(/\bat .*:\d+:\d+/);
    expect(code).toBe(1);
  }
});

test('prints one sentence for a search engine that does not answer', async () => {
  const env = { DATABASE_URL: booking.url, TYPESENSE_URL: 'http://127.0.0.1:1', TYPESENSE_API_KEY: 'x' };
  const { code, err } = await frontrow(['reindex', '--compare'], env);
  expect(err).toContain('The search engine does not answer. Is it running, and does its key fit? See TYPESENSE_URL.');
  expect(err).not.toMatch(/\bat .*:\d+:\d+/);
  expect(code).toBe(1);
});
