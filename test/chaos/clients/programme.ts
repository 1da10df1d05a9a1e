import { setTimeout as sleep } from 'node:timers/promises';
import type { TransactionSql } from 'postgres';
import type { EventRecord, VenueRecord } from '#domain/catalog/import/catalog-records.ts';
import { importEvents } from '#domain/catalog/import/import-events-statements.ts';
import { planIdOf } from '#domain/catalog/import/import-plan-statements.ts';
import { importVenues } from '#domain/catalog/import/import-venues-statements.ts';
import { generateSeatingPlan } from '#domain/catalog/seating-plan-generator.ts';
import { openRawClient } from '#shared/postgres.ts';
import type { Random } from '#test/fans/random.ts';
import type { Notebook, Phase } from './run-clients.ts';

type Parts = { readonly url: string; readonly notebook: Notebook; readonly phase: Phase; readonly random: Random };

const EVENTS_AT_FIRST = 20;
const EVENTS_AT_MOST = 120;
const PAUSE_MS = 150;
const AGAIN_MS = 200;
const CAPACITY = 1_000;

const organizer = { key: 'chaos/organizer', email: 'programme@example.org', displayName: 'Programme' };
const venue: VenueRecord = {
  key: 'chaos/hall',
  name: 'Programme Hall',
  address: null,
  city: 'Guadalajara',
  countryCode: 'MX',
  latitude: 20.68,
  longitude: -103.46,
  timeZone: 'America/Mexico_City',
  capacity: CAPACITY,
  planKey: 'programme',
  draftPlan: () => generateSeatingPlan({ name: 'Programme Hall', capacity: CAPACITY }),
};

/**
 * An organizer whose file of events is edited and imported all the time. After a failure the same file is imported
 * again until it is in the catalogue. So search always has changes to follow.
 */
export async function keepImporting({ url, notebook: { tally }, phase, random }: Parts): Promise<void> {
  const sql = openRawClient({ url, poolMax: 1, name: 'frontrow-import' });
  const editions = Array<number>(EVENTS_AT_FIRST).fill(0);
  const importUntilDone = async () => {
    for (;;) {
      try {
        await sql.begin((tx) => importProgramme(tx, editions.map(eventOf)));
        tally.count('import', 'ok');
        return;
      } catch (error) {
        tally.count('import', 'unknown', error instanceof Error && 'code' in error ? String(error.code) : 'LOST');
        await sleep(AGAIN_MS);
      }
    }
  };
  while (!phase.isFinishing) {
    const index = random.below(editions.length);
    editions[index] = (editions[index] ?? 0) + 1;
    if (editions.length < EVENTS_AT_MOST && random.chance(0.2)) editions.push(0);
    await importUntilDone();
    await sleep(PAUSE_MS);
  }
  await sql.end({ timeout: 5 });
}

async function importProgramme(tx: TransactionSql, events: EventRecord[]): Promise<void> {
  const { placed } = await importVenues(tx, [venue], () => undefined);
  const planIds = new Map(placed.map((record) => [record.key, planIdOf(record)]));
  const venueKeys = new Map(placed.map((record) => [venue.key, record.key]));
  const file = { file: 'programme', source: 'programme', organizer, events };
  await importEvents(tx, file, { now: new Date(), planIds, venueKeys });
}

const eventOf = (edition: number, index: number): EventRecord => ({
  key: `chaos/programme/${index}`,
  venueKey: venue.key,
  title: `Programme ${index}, edition ${edition}`,
  description: '',
  category: 'CONCERT',
  performers: [`Performer ${edition % 7}`],
  startsLocal: '2026-06-11T19:00',
  timeZone: venue.timeZone,
  currency: 'MXN',
  popularity: edition,
  prices: [],
});
