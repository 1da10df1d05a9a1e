import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { openMailer } from '#gateways/mailers.ts';
import { startSmtp, type TestSmtp, textOf } from '#test/support/account/smtp.ts';
import { createBookingDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { newPrivateKey } from '#test/support/system/keys.ts';
import { readWaitingMails } from '../mail/mail-queries.ts';
import { type Mailer, MailServerAway } from '../mail/mailer.ts';
import { openAccessTokens } from './access-tokens.ts';
import { RecoveryLinkEnded } from './errors.ts';
import { recoverGuest } from './recover-guest.ts';
import { resumeGuest } from './resume-guest.ts';
import { sendDueMails } from './send-due-mails.ts';
import { signInAsGuest } from './sign-in-as-guest.ts';

const from = 'Frontrow <tickets@frontrow.example>';
const mailPolicy = { recoveryUrl: 'https://tickets.example/recover#{token}' };
const tokens = openAccessTokens({ privateKey: newPrivateKey() });
const { signal } = new AbortController();

let database: TestDatabase;
let db: Db;
let smtp: TestSmtp;
let mailer: Mailer;
beforeAll(async () => {
  database = await createBookingDatabase();
  db = openDb({ url: database.url, poolMax: 4, name: 'mail-test' });
});
beforeEach(async () => {
  smtp = await startSmtp();
  mailer = openMailer({ kind: 'smtp', url: smtp.url, from });
  return async () => {
    mailer.close();
    await smtp.close();
  };
});
afterAll(async () => {
  await closeDb(db);
  await database.drop();
});

const newEmail = () => `${randomUUID()}@example.org`;
const send = () => sendDueMails({ db, mailer, mailPolicy }, signal);
const allDueNow = () => db.execute(sql`update mails set next_try_at = now()`);
const waiting = async () => (await db.execute(sql`select 1 from mails`)).length;
const tokensIn = (text: string) => [...text.matchAll(/recover#([\w-]+)/g)].map((match) => match[1] ?? '');
const receivedTokens = () => smtp.mails.flatMap((one) => tokensIn(textOf(one)));
const guest = (email: string) => signInAsGuest({ db, tokens }, { email });
const resume = (token: string) => resumeGuest({ db, tokens }, { token });
const addBooking = (userId: string) =>
  db.execute(sql`
    insert into bookings (id, user_id, event_id, status, total_minor, currency, hold_expires_at, idempotency_key, request_hash, version)
    values (${randomUUID()}, ${userId}, ${randomUUID()}, 'EXPIRED', 1, 'EUR', now(), ${randomUUID()}, 'x', 1)`);

test('the link in the mail opens the guest, once, and only its hash is stored', async () => {
  const email = newEmail();
  const { viewer } = await guest(email);
  await recoverGuest({ db }, { email: email.toUpperCase() });
  expect(await send()).toEqual({ sent: 1, refused: 0 });
  expect(smtp.mails.map(({ to }) => to.toLowerCase())).toEqual([email]);
  const [token = ''] = receivedTokens();
  const stored = await db.execute(sql`select row_to_json(r)::text as text from guest_recoveries r`);
  expect(JSON.stringify(stored)).not.toContain(token);
  const results = await Promise.allSettled([resume(token), resume(token), resume(token)]);
  const opened = results.filter((result) => result.status === 'fulfilled');
  expect(opened).toHaveLength(1);
  expect(opened[0]?.value.viewer.id).toBe(viewer.id);
  await expect(resume(token)).rejects.toBeInstanceOf(RecoveryLinkEnded);
});

test('an address without a guest, and one with only an account, get no mail, and nothing is stored', async () => {
  const email = newEmail();
  await db.execute(
    sql`insert into users (id, email, display_name, password_hash) values (${randomUUID()}, ${email}, 'A', 'x')`,
  );
  await recoverGuest({ db }, { email });
  await recoverGuest({ db }, { email: newEmail() });
  expect(await send()).toEqual({ sent: 2, refused: 0 });
  expect(smtp.mails).toEqual([]);
  expect(await waiting()).toBe(0);
});

test('each guest of an address who booked gets a link; visits without a booking get none beside them', async () => {
  const email = newEmail();
  const buyers = [(await guest(email)).viewer.id, (await guest(email)).viewer.id];
  await guest(email);
  for (const userId of buyers) await addBooking(userId);
  await recoverGuest({ db }, { email });
  await send();
  const found = await Promise.all(receivedTokens().map(async (token) => (await resume(token)).viewer.id));
  expect(found.sort()).toEqual(buyers.sort());
});

test('a link expires after half an hour, and when its guest becomes an account', async () => {
  const email = newEmail();
  const { viewer } = await guest(email);
  for (const change of [
    sql`update guest_recoveries set expires_at = now() where user_id = ${viewer.id}`,
    sql`update users set is_guest = false where id = ${viewer.id}`,
  ]) {
    await recoverGuest({ db }, { email });
    await send();
    await db.execute(change);
    await expect(resume(receivedTokens().at(-1) ?? '')).rejects.toBeInstanceOf(RecoveryLinkEnded);
  }
});

test('while the mail server is away every mail waits, and is sent when it is back', async () => {
  const email = newEmail();
  await guest(email);
  await recoverGuest({ db }, { email });
  await smtp.close();
  for (let n = 0; n < 12; n++) {
    await allDueNow();
    await expect(send()).rejects.toBeInstanceOf(MailServerAway);
  }
  const [row] = await db.execute<{ seconds: number }>(
    sql`select extract(epoch from next_try_at - now())::float8 as seconds from mails`,
  );
  expect(row?.seconds).toBeLessThanOrEqual(60);
  expect(await waiting()).toBe(1);
  smtp = await startSmtp({ port: smtp.port });
  await allDueNow();
  expect(await send()).toEqual({ sent: 1, refused: 0 });
  expect(await waiting()).toBe(0);
  // Any of the links that were made for the mail works, and only one of them, once.
  await resume(receivedTokens()[0] ?? '');
});

test('wrong credentials are our outage: the mail waits', async () => {
  const email = newEmail();
  await guest(email);
  await recoverGuest({ db }, { email });
  const wrong = openMailer({ kind: 'smtp', url: smtp.url.replace('right', 'wrong'), from });
  for (let n = 0; n < 7; n++) {
    await allDueNow();
    await expect(sendDueMails({ db, mailer: wrong, mailPolicy }, signal)).rejects.toBeInstanceOf(MailServerAway);
  }
  wrong.close();
  await allDueNow();
  expect(await send()).toEqual({ sent: 1, refused: 0 });
});

test('a mail whose recipient is refused is given up after five tries and delays no other mail', async () => {
  const [refused, email] = [`unknown-${newEmail()}`, newEmail()];
  for (const one of [refused, email]) {
    await guest(one);
    await recoverGuest({ db }, { email: one });
  }
  expect(await send()).toEqual({ sent: 1, refused: 1 });
  for (let n = 2; n <= 5; n++) {
    expect(await waiting()).toBe(1);
    await allDueNow();
    expect(await send()).toEqual({ sent: 0, refused: 1 });
  }
  expect(await waiting()).toBe(0);
});

test('two processes send each mail once, and take over the mail of a process that died', async () => {
  const emails = Array.from({ length: 6 }, newEmail);
  for (const email of emails) {
    await guest(email);
    await recoverGuest({ db }, { email });
  }
  // The process that claimed this mail died a while ago.
  await db.execute(
    sql`update mails set tries = 1, next_try_at = now() - interval '1 second' where recipient = ${emails[0]}`,
  );
  await Promise.all([send(), send()]);
  expect(smtp.mails.map(({ to }) => to).sort()).toEqual(emails.sort());
  expect(await waiting()).toBe(0);
});

test('counts the mails that wait, from when they were written, until the mail server has accepted them', async () => {
  await db.execute(sql`delete from mails`);
  expect(await readWaitingMails({ db })).toEqual({ count: 0, oldestSeconds: 0 });
  const email = newEmail();
  const { viewer } = await guest(email);
  await addBooking(viewer.id);
  await recoverGuest({ db }, { email });
  await db.execute(sql`update mails set created_at = now() - interval '10 minutes'`);
  const waits = await readWaitingMails({ db });
  expect(waits.count).toBe(1);
  expect(waits.oldestSeconds).toBeGreaterThan(600);
  expect(waits.oldestSeconds).toBeLessThan(660);
  expect(await send()).toEqual({ sent: 1, refused: 0 });
  expect(await readWaitingMails({ db })).toEqual({ count: 0, oldestSeconds: 0 });
});
