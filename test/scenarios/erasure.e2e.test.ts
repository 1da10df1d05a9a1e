import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { erasePerson } from '#domain/account/erase-person.ts';
import { signIn, signUp } from '#test/fans/accounts.ts';
import { bookingWhen, decideAt, type Fan, signInAsGuest } from '#test/fans/fan.ts';
import { post } from '#test/fans/graphql-http.ts';
import { openPaymentScenes } from '#test/support/payments/payment-scenes.ts';

const scenes = await openPaymentScenes();
const { system, db, payments } = scenes;
afterAll(() => scenes.close());

/** Runs the command as a person would. */
const erase = (args: string[], env: object = {}) =>
  new Promise<{ code: number; out: string }>((resolve) => {
    const urls = { DATABASE_URL: system.bookingUrl, PAYMENTS_DATABASE_URL: system.paymentsUrl };
    execFile(
      process.execPath,
      ['src/processes/erase.ts', ...args],
      { env: { ...process.env, ...urls, ...env } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, out: stdout + stderr }),
    );
  });

const event = await scenes.event(40);
let nextSeat = 0;
async function hold(fan: Fan, key: string = randomUUID()) {
  const { booking } = await scenes.book(fan, event, [nextSeat++], key);
  return bookingWhen(fan, booking.id, (now) => now.status === 'PAYMENT_READY');
}
async function buy(fan: Fan, key?: string) {
  const held = await hold(fan, key);
  await decideAt(held.payment.url, 'pay');
  return bookingWhen(fan, held.id, (now) => now.status === 'CONFIRMED');
}

/** Every row of every table of both databases, as text. */
async function everything(): Promise<string> {
  const dump = async (query: (text: string) => Promise<Iterable<object>>) => {
    const tables = [
      ...(await query(`select schemaname || '.' || tablename as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema')`)),
    ] as { name: string }[];
    const rows = await Promise.all(
      tables.map(async ({ name }) => JSON.stringify([...(await query(`select t::text as row from ${name} t`))])),
    );
    return rows.join('\n');
  };
  const [booking, money] = await Promise.all([
    dump((text) => db.$client.unsafe(text)),
    dump((text) => payments.unsafe(text)),
  ]);
  return booking + money;
}

const isViewer = async (token: string) => {
  const { data } = await post(system.apiUrl, { query: '{ viewer { id } }' }, { authorization: `Bearer ${token}` });
  return data?.viewer != null;
};

test('an erasure removes a person from both databases, and the books stay and add up', {
  timeout: 90_000,
}, async () => {
  const email = `canary-${randomUUID()}@example.org`;
  const key = `canary-key-${randomUUID()}`;
  const guest = await signInAsGuest(system.apiUrl, email);
  const bought = await buy(guest, key);
  const account = await signIn(system.apiUrl, await signUp(system.apiUrl, { email, password: 'correct horse' }));
  const other = await buy(account);
  await post(system.apiUrl, {
    query: `mutation { recoverGuest(input: { email: "${email}" }) { __typename } }`,
  });
  const bystander = await signInAsGuest(system.apiUrl, `canary-bystander-${randomUUID()}@example.org`);
  const theirs = await buy(bystander);
  expect(await everything()).toContain(key);

  const { code, out } = await erase(['--email', email.toUpperCase()]);
  expect(out).toContain('Erased: 1 account and 1 guest.');
  expect(out).toContain('Kept without personal data: 2 bookings, with amounts and tickets.');
  expect(out).toContain('2 tickets for future events stay valid.');
  expect(code).toBe(0);

  const left = await everything();
  for (const secret of [email, key]) expect(left.includes(secret)).toBe(false);
  const pages = await payments`select booking_id, payment_url from payments where payment_url like 'https://erased%'`;
  expect(pages.map((row) => `Booking_${row.booking_id}`).sort()).toEqual([bought.id, other.id].sort());
  const tickets =
    await db.$client`select code from tickets where code = any(${[bought, other].flatMap((one) => one.tickets.map((ticket: { code: string }) => ticket.code))})`;
  expect(tickets).toHaveLength(2);
  for (const { token } of [guest, account]) await expect.poll(() => isViewer(token)).toBe(false);
  expect((await bookingWhen(bystander, theirs.id, () => true)).tickets).toHaveLength(1);
  await scenes.expectAllInvariants();
});

test('the next erasure, of any person, finishes one that was interrupted between the databases', async () => {
  const guest = await signInAsGuest(system.apiUrl, `canary-${randomUUID()}@example.org`);
  const bought = await buy(guest);
  const userId = guest.userId.replace('User_', '');
  expect(await erasePerson({ db }, { userId })).toMatchObject({ guests: 1, bookings: 1 });
  // A second run changes nothing.
  expect(await erasePerson({ db }, { userId })).toMatchObject({ guests: 0, bookings: 0 });
  const pageOf = async () =>
    (await payments`select payment_url from payments where booking_id = ${bought.id.replace('Booking_', '')}`)[0]
      ?.payment_url;
  expect(await pageOf()).not.toContain('erased');
  const { out } = await erase(['--user', guest.userId]);
  expect(out).toContain('Finished first: 1 erasure of an interrupted run.');
  expect(await pageOf()).toContain('erased');
  await scenes.expectAllInvariants();
});

test('while a payment is under way nothing is changed', async () => {
  const email = `canary-${randomUUID()}@example.org`;
  const guest = await signInAsGuest(system.apiUrl, email);
  const held = await hold(guest);
  const refused = await erase(['--email', email]);
  expect(refused.code).toBe(1);
  expect(refused.out).toContain(`${held.id} is not settled yet`);
  expect(await isViewer(guest.token)).toBe(true);
  await scenes.cancel(guest, held.id);
  expect((await erase(['--user', guest.userId])).out).toContain('Erased: 0 accounts and 1 guest.');
  await scenes.expectAllInvariants();
});

test('the last owner of an organization must hand it over first', async () => {
  const [row] = await db.$client`select organizer_id from events where id = ${event.eventId}`;
  await expect(erasePerson({ db }, { userId: row?.organizer_id })).rejects.toThrow('Hand it over first');
});

test.each([
  [[], 'usage:', 1],
  [['--user', '7'], 'is not the id of a user', 1],
  [['--email', 'unknown@example.org'], 'Both databases have no data of this person. Nothing was changed.', 0],
])('%j is answered in plain words', async (args, words, code) => {
  expect(await erase(args)).toEqual({ code, out: expect.stringContaining(words) });
});
