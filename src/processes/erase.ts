import { parseArgs } from 'node:util';
import { parseMigrateConfig } from '#config/tools.ts';
import { closeDb, type Db, openDb } from '#db/client.ts';
import {
  type Erased,
  erasePerson,
  findUnfinishedErasures,
  finishErasure,
  type Person,
} from '#domain/account/erase-person.ts';
import { DomainError } from '#domain/errors.ts';
import { erasePaymentPages } from '#domain/payments/erase-payment-pages.ts';
import { isUuid } from '#shared/uuid.ts';
import { usageOf } from './command-line.ts';
import { bookingDatabase, findDatabaseUrl, paymentsDatabase } from './local/running-database.ts';
import { sentenceOf } from './sentence.ts';

/**
 * `npm run erase -- --email ann@example.org`: erases one person in both databases. When a run is killed in the middle,
 * the next run finishes it. A second run changes nothing.
 */

class Refused extends Error {}

try {
  const person = readPerson();
  const { bookingUrl, paymentsUrl } = parseMigrateConfig({
    ...process.env,
    DATABASE_URL: await findDatabaseUrl(bookingDatabase, process.env),
    PAYMENTS_DATABASE_URL: await findDatabaseUrl(paymentsDatabase, process.env),
  });
  const db = openDb({ url: bookingUrl, poolMax: 1, name: 'frontrow-erase' });
  const payments = openDb({ url: paymentsUrl, poolMax: 1, name: 'frontrow-erase' });
  try {
    await erase(db, payments, person);
  } finally {
    await Promise.all([closeDb(db), closeDb(payments)]);
  }
} catch (error) {
  process.exitCode = 1;
  console.error(reasonOf(error));
}

function readPerson(): Person {
  const { values } = parseArgs({
    options: {
      email: { type: 'string' },
      user: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(usageOf('erase'));
    process.exit(0);
  }
  const { email, user } = values;
  if ((email === undefined) === (user === undefined)) throw new Refused(usageOf('erase'));
  if (email !== undefined) return { email: email.trim() };
  const userId = (user ?? '').replace(/^User_/, '').toLowerCase();
  if (!isUuid(userId))
    throw new Refused(`"${user}" is not the id of a user. An id looks like User_45cb803a-9e18-8935-b51a-63ea7fe3e57d.`);
  return { userId };
}

async function erase(db: Db, payments: Db, person: Person): Promise<void> {
  const interrupted = await finishAll(db, payments);
  if (interrupted > 0) console.log(`Finished first: ${count(interrupted, 'erasure')} of an interrupted run.`);
  report(await erasePerson({ db }, person));
  await finishAll(db, payments);
}

/**
 * Finishes the erasures that the booking database has and the payments database has not; returns how many there were.
 */
async function finishAll(db: Db, payments: Db): Promise<number> {
  const unfinished = await findUnfinishedErasures({ db });
  for (const erasure of unfinished) {
    await erasePaymentPages({ db: payments }, erasure.bookingIds);
    await finishErasure({ db }, erasure);
  }
  return unfinished.length;
}

function report({ accounts, guests, bookings, ticketsToCome }: Erased): void {
  if (accounts + guests === 0) {
    console.log('Both databases have no data of this person. Nothing was changed.');
    return;
  }
  console.log(`Erased: ${count(accounts, 'account')} and ${count(guests, 'guest')}.`);
  console.log(`Kept without personal data: ${count(bookings, 'booking')}, with amounts and tickets.`);
  if (ticketsToCome > 0) console.log(`${count(ticketsToCome, 'ticket')} for future events stay valid.`);
  console.log('Not erased: backups, and the data that the payment provider keeps. See docs/recipes/accounts.md.');
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function reasonOf(error: unknown): string {
  if (error instanceof Refused || error instanceof DomainError) return error.message;
  if (error instanceof TypeError && 'code' in error) return `${error.message}\n${usageOf('erase')}`;
  return sentenceOf(error) ?? (error instanceof Error ? error.message : String(error));
}
