import { setInterval } from 'node:timers';
import type { Sql, TransactionSql } from 'postgres';
import { findGateway, type GatewayName } from '../../pricing/payment-gateway.ts';
import type { EventFile, VenueFile } from './catalog-records.ts';
import { importEvents } from './import-events-statements.ts';
import { planIdOf } from './import-plan-statements.ts';
import { ImportRefused } from './import-refused.ts';
import { importVenues, type Progress } from './import-venues-statements.ts';
import { type CatalogFolder, readCatalogFolder } from './read-catalog-folder.ts';
import { refusePrices } from './refuse-prices.ts';

const IMPORT_LOCK = 7_203_412;
const QUIET_MS = 2_000;

export type ImportRequest = {
  folders: readonly string[];
  /** The time from which "about 30 days ahead" is counted, at a file's first import. Default: now. */
  now?: Date;
  /** The gateway that the prices are for. Default: the one that `frontrow migrate` has recorded. */
  gateway?: GatewayName | undefined;
  /** How many seats one payment may be for, at most. Default: 1. */
  seatsPerBooking?: number;
  /** Called for every file, and with the current step when the last line is more than two seconds ago. */
  log?: Progress;
};

export type ImportReport = {
  venues: { added: number; changed: number };
  seats: number;
  events: { added: number; changed: number };
  /** How many waiting rooms were made. */
  rooms: number;
  /** Files that were left out, each with all of its problems. */
  refused: ImportRefused[];
  seconds: number;
};

/**
 * Imports the files of these folders, each in its own transaction: a file is imported whole or not at all, and a chart
 * only together with what is said of its venue. Records
 * that were imported before and have not changed are not touched, so a second import changes nothing. Concurrent
 * imports wait for each other. `sql` is a separate client (COPY), not the query builder's.
 */
export async function importCatalog({ sql }: { sql: Sql }, request: ImportRequest): Promise<ImportReport> {
  const started = performance.now();
  const log = request.log ?? (() => undefined);
  const report: Omit<ImportReport, 'seconds'> = {
    venues: { added: 0, changed: 0 },
    seats: 0,
    events: { added: 0, changed: 0 },
    rooms: 0,
    refused: [],
  };
  const terms = { gateway: request.gateway ?? (await findGateway(sql)), seatsPerBooking: request.seatsPerBooking ?? 1 };
  for (const folder of request.folders) {
    const found = refusePrices(await readCatalogFolder(folder), terms);
    report.refused.push(...found.refused);
    await importFolder(found, { sql, log, report, now: request.now ?? new Date() });
  }
  for (const refusal of report.refused) log(refusal.message);
  return { ...report, seconds: (performance.now() - started) / 1000 };
}

type Report = Omit<ImportReport, 'seconds'>;
type Run = { sql: Sql; log: Progress; report: Report; now: Date };
/** What the venues of a folder turned out to be, for its events. */
type Places = { venueKeys: Map<string, string>; planIds: Map<string, string> };
/** Imports one file in the transaction. The result adds it to the report, once the transaction is committed. */
type Step = (tx: TransactionSql) => Promise<() => void>;

async function importFolder(found: CatalogFolder, run: Run): Promise<void> {
  const places: Places = { venueKeys: new Map(), planIds: new Map() };
  const steps: Step[] = [
    ...found.venues.map((file) => (tx: TransactionSql) => importVenueFile(tx, file, { ...run, places })),
    ...found.events.map((file) => (tx: TransactionSql) => importEventFile(tx, file, { ...run, places })),
  ];
  for (const together of found.together ? [steps] : steps.map((step) => [step])) {
    try {
      const reports = await alone(run.sql, async (tx) => {
        const done: (() => void)[] = [];
        for (const step of together) done.push(await step(tx));
        return done;
      });
      for (const add of reports) add();
    } catch (error) {
      if (!(error instanceof ImportRefused)) throw error;
      run.report.refused.push(error);
    }
  }
}

type Context = Run & { places: Places };

async function importVenueFile(
  tx: TransactionSql,
  { file, venues, warnings = [] }: VenueFile,
  { log, report, places }: Context,
): Promise<() => void> {
  const quiet = quietly(log);
  const result = await importVenues(tx, venues, quiet.progress).finally(quiet.stop);
  for (const [index, placed] of result.placed.entries()) {
    places.venueKeys.set(venues[index]?.key ?? placed.key, placed.key);
    places.planIds.set(placed.key, planIdOf(placed));
  }
  return () => {
    report.venues.added += result.added;
    report.venues.changed += result.changed;
    report.seats += result.seats;
    log(
      `${file}: ${venues.length} venues, ${result.added} new, ${result.changed} changed, ` +
        `${result.seats.toLocaleString('en')} seats written`,
    );
    for (const { path, message } of warnings) log(`  ${path}: ${message}`);
  };
}

async function importEventFile(
  tx: TransactionSql,
  file: EventFile,
  { log, report, now, places }: Context,
): Promise<() => void> {
  const result = await importEvents(tx, file, { now, ...places });
  return () => {
    report.events.added += result.added;
    report.events.changed += result.changed;
    report.rooms += result.rooms;
    log(
      `${file.file}: ${file.events.length} events, ${result.added} new, ${result.changed} changed; moved by ` +
        `${result.weeks} weeks${result.firstStartsAt ? `, the first starts at ${result.firstStartsAt.toISOString()}` : ''}`,
    );
    for (const title of result.left)
      log(`${file.file}: "${title}" is no longer in the file. It stays on sale until an organizer cancels it.`);
    for (const { title, waitingRoom } of result.rooms > 0 ? file.events : [])
      if (waitingRoom) log(`${title} has a waiting room: ${waitingRoom.capacity} may buy at once`);
  };
}

/** One import at a time, in one transaction: the second one finds what the first one wrote. */
async function alone<T extends object>(sql: Sql, work: (tx: TransactionSql) => Promise<T>): Promise<T> {
  const result = await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${IMPORT_LOCK})`;
    return work(tx);
  });
  return result as T;
}

/**
 * Shows the latest progress line every two seconds, so that a short import prints nothing and a long one is never
 * silent.
 */
function quietly(log: Progress): { progress: Progress; stop: () => void } {
  let latest = '';
  const timer = setInterval(() => {
    if (latest) log(latest);
    latest = '';
  }, QUIET_MS);
  return {
    progress: (line) => {
      latest = line;
    },
    stop: () => clearInterval(timer),
  };
}
