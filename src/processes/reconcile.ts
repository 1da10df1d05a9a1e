import { parseArgs } from 'node:util';
import { parseReconcileConfig } from '#config/tools.ts';
import { closeDb, openDb } from '#db/client.ts';
import { openDatabaseClock } from '#db/clock.ts';
import { formatMoney } from '#domain/currency-rules.ts';
import type { MovementKind } from '#domain/payments/gateway.ts';
import { type ReconciledDay, reconcileDay } from '#domain/payments/reconcile-day.ts';
import type { Difference, Money } from '#domain/payments/reconciliation-rules.ts';
import { openGateway } from '#gateways/registry.ts';
import { usageOf } from './command-line.ts';
import { runningSystem } from './local/running-system.ts';
import { sentenceOf } from './sentence.ts';

/** `npm run reconcile -- --day 2026-11-30`: compares days with the gateway's list, and prints each difference. */
const EXIT = { same: 0, different: 1, usage: 2, failed: 3 } as const;
const DAY_MS = 86_400_000;
const MOST_DAYS = 400;

async function run(days: readonly string[] | undefined): Promise<number> {
  if (!days) {
    console.error(usageOf('reconcile'));
    return EXIT.usage;
  }
  const config = parseReconcileConfig(process.env.PAYMENTS_DATABASE_URL ? process.env : await ofRunningSystem());
  const db = openDb({ ...config.postgres, name: 'frontrow-reconcile' });
  try {
    const clock = openDatabaseClock(db);
    await clock.refresh();
    const gateway = openGateway(config.gateway);
    let differences = 0;
    for (const day of days) {
      const found = await reconcileDay({ db, gateway }, day, { now: clock.now() });
      differences += found.differences.length;
      print(gateway.name, found);
    }
    return differences === 0 ? EXIT.same : EXIT.different;
  } finally {
    await closeDb(db);
  }
}

const ofRunningSystem = async (): Promise<NodeJS.ProcessEnv> => ({ ...process.env, ...(await runningSystem()) });

/** Returns undefined for wrong arguments. */
function daysOf(args: readonly string[]): string[] | undefined {
  const options = { day: { type: 'string' }, from: { type: 'string' }, to: { type: 'string' } } as const;
  let given: { day?: string; from?: string; to?: string };
  try {
    given = parseArgs({ args: [...args], options }).values;
  } catch {
    return undefined;
  }
  const { day, from, to } = given;
  if (from !== undefined || to !== undefined) return day === undefined ? daysBetween(from, to) : undefined;
  const yesterday = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);
  return daysBetween(day ?? yesterday, day ?? yesterday);
}

function daysBetween(from = '', to = ''): string[] | undefined {
  if (!isDay(from) || !isDay(to)) return undefined;
  const [first, last] = [Date.parse(from), Date.parse(to)];
  const count = (last - first) / DAY_MS + 1;
  if (count < 1 || count > MOST_DAYS) return undefined;
  return Array.from({ length: count }, (_, number) => new Date(first + number * DAY_MS).toISOString().slice(0, 10));
}

/** Also refuses days that do not exist, such as the 31st of June. */
const isDay = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) &&
  !Number.isNaN(Date.parse(text)) &&
  new Date(Date.parse(text)).toISOString().slice(0, 10) === text;

const TITLES: Record<MovementKind, string> = {
  CAPTURE: 'captures',
  REFUND: 'refunds',
  REFUND_RETURNED: 'refunds that came back',
  DISPUTE_WITHDRAWN: 'disputes, withdrawn',
  DISPUTE_RETURNED: 'disputes, returned',
};
const SUBJECTS: Record<MovementKind, string> = {
  CAPTURE: 'capture',
  REFUND: 'refund',
  REFUND_RETURNED: 'refund that came back',
  DISPUTE_WITHDRAWN: 'withdrawal of dispute',
  DISPUTE_RETURNED: 'return of dispute',
};
const KINDS: Record<Difference['kind'], string> = {
  MISSING_HERE: 'missing here',
  MISSING_AT_GATEWAY: 'missing at the gateway',
  OTHER_AMOUNT: 'another amount',
};

function print(gateway: string, { day, sums, fees, foreign, underWay, differences }: ReconciledDay): void {
  console.log(`${day}  ${gateway}${sums.length === 0 ? ': no money moved' : ''}`);
  for (const { movement, currency, ourMinor, gatewayMinor } of sums) {
    const columns = [ourMinor, gatewayMinor, gatewayMinor - ourMinor].map((minor) =>
      money({ amountMinor: minor, currency }),
    );
    const [ours, theirs, difference] = columns.map((column) => column.padStart(18));
    console.log(`  ${TITLES[movement].padEnd(24)} ours ${ours}  gateway ${theirs}  difference ${difference}`);
  }
  for (const fee of fees) console.log(`  fees of the gateway: ${money(fee)}`);
  if (underWay > 0) console.log(`  under way, not compared yet: ${underWay}`);
  if (foreign > 0) console.log(`  of other shops of the account, not compared: ${foreign}`);
  for (const one of differences) console.log(lineOf(one));
}

function lineOf({ kind, movement, reference, bookingId, ours, gateway, at }: Difference): string {
  const booking = bookingId === undefined ? '' : ` of booking ${bookingId}`;
  const amounts = `ours ${money(ours)}, gateway ${money(gateway)}`;
  return `  DIFFERENCE ${KINDS[kind]}: ${SUBJECTS[movement]} ${reference}${booking}, ${amounts}, at ${at.toISOString()}`;
}

const money = (amount: Money | undefined): string =>
  amount ? formatMoney(amount.amountMinor, amount.currency).replaceAll('\u00a0', ' ') : 'nothing';

try {
  process.exitCode = await run(daysOf(process.argv.slice(2)));
} catch (error) {
  process.exitCode = EXIT.failed;
  console.error(sentenceOf(error) ?? (error instanceof Error ? error.message : error));
}
