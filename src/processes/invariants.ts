import { ABOUT_THE_LOG, readInvariants } from '#domain/invariants.ts';
import {
  findMoneyViolations,
  type GatewayLedger,
  readBookingFacts,
  readInvariants as readMoneyInvariants,
} from './invariants/money.ts';
import { findViolations } from './invariants/violations.ts';
import { runningSystem } from './local/running-system.ts';

// Checks the promises about the data on live databases: at DATABASE_URL those of the booking side; with
// PAYMENTS_DATABASE_URL, GATEWAY_URL and GATEWAY_API_KEY also that our books and the sandbox gateway's are the same.
// With EVENT_LOG=kafka it skips the promises that need the event log in the booking database.
const { DATABASE_URL, PAYMENTS_DATABASE_URL, GATEWAY_URL, GATEWAY_API_KEY, EVENT_LOG } = process.env.DATABASE_URL
  ? process.env
  : await runningSystem();
const except = EVENT_LOG === 'kafka' ? ABOUT_THE_LOG : [];
const MONEY_GRACE_SECONDS = 60;
const MAX_ROWS = 10;

type Line = { readonly name: string; readonly found: readonly string[] };

if (!DATABASE_URL) {
  console.error('There is no database: run `npm start` in this clone first, or set DATABASE_URL.');
  process.exit(2);
}
const lines = await bookingLines(DATABASE_URL);
if (except.length > 0)
  console.log(
    `Not checked, because the event log is on Kafka: ${except.join(', ')}, and the order of messages in I18.`,
  );
if (PAYMENTS_DATABASE_URL && GATEWAY_URL)
  lines.push(...(await moneyLines(DATABASE_URL, PAYMENTS_DATABASE_URL, GATEWAY_URL)));
else console.log('Money is not compared: set PAYMENTS_DATABASE_URL, GATEWAY_URL and GATEWAY_API_KEY.');
for (const { name, found } of lines) {
  console.log(`${found.length === 0 ? 'holds ' : 'BROKEN'} ${name}`);
  for (const row of found.slice(0, MAX_ROWS)) console.log(`         ${row}`);
  if (found.length > MAX_ROWS) console.log(`         and ${found.length - MAX_ROWS} more`);
}
process.exitCode = lines.every(({ found }) => found.length === 0) ? 0 : 1;

async function bookingLines(url: string): Promise<Line[]> {
  const violations = await findViolations(url, { except });
  return readInvariants()
    .filter(({ id }) => !except.includes(id))
    .map(({ id, promise }) => ({
      name: `${id} ${promise}`,
      found: (violations.find((one) => one.id === id)?.rows ?? []).map((row) => JSON.stringify(row)),
    }));
}

async function moneyLines(bookingUrl: string, paymentsUrl: string, gatewayUrl: string): Promise<Line[]> {
  const answer = await fetch(new URL('/v1/ledger', gatewayUrl), {
    headers: { authorization: `Bearer ${GATEWAY_API_KEY}` },
  });
  if (!answer.ok) throw new Error(`The gateway's ledger can't be read: ${answer.status}.`);
  const ledger = (await answer.json()) as GatewayLedger;
  const books = { bookings: await readBookingFacts(bookingUrl), ledger };
  const violations = await findMoneyViolations(paymentsUrl, books, MONEY_GRACE_SECONDS);
  return (await readMoneyInvariants()).map(({ id, statement }) => ({
    name: `${id} ${statement}`,
    found: violations.filter((one) => one.invariant === id).map(({ subject, detail }) => `${subject}: ${detail}`),
  }));
}
