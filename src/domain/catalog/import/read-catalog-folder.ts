import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeText, NOT_UTF8 } from '../plan-files/utf8-text.ts';
import type { EventFile, VenueFile } from './catalog-records.ts';
import { ImportRefused } from './import-refused.ts';
import { parseChartEvents, parseChartVenue } from './seating-chart-venue.ts';
import { parseMatches, parseTeams } from './world-cup-matches.ts';
import { parseStadiums, type Stadium } from './world-cup-stadiums.ts';

/** What a folder has to import, file by file, and which of its files were refused. Venues come before their events. */
export type CatalogFolder = {
  venues: VenueFile[];
  events: EventFile[];
  /** The files describe one thing, so they are imported together or not at all. */
  together: boolean;
  refused: ImportRefused[];
};

export const COMMITTEE = {
  key: 'organizer/World Cup Organizing Committee',
  displayName: 'World Cup Organizing Committee',
  email: 'tickets@world-cup-organizing-committee.example',
};

/**
 * Reads a folder of one of two formats: `worldcup.json` with `worldcup.stadiums.json` (and, for the teams' other
 * names, `worldcup.teams.json`), or `chart.json` with `venue.json`. Never throws ImportRefused: refusals are in the
 * result.
 */
export async function readCatalogFolder(folder: string): Promise<CatalogFolder> {
  if (await isFile(join(folder, 'chart.json'))) return readChartFolder(folder);
  if (await isFile(join(folder, 'worldcup.stadiums.json'))) return readWorldCupFolder(folder);
  const reason = 'neither chart.json nor worldcup.stadiums.json is there';
  return {
    venues: [],
    events: [],
    together: false,
    refused: [new ImportRefused(folder, [{ record: 'the folder', reason }])],
  };
}

async function readWorldCupFolder(folder: string): Promise<CatalogFolder> {
  const found: CatalogFolder = { venues: [], events: [], together: false, refused: [] };
  const stadiumsFile = join(folder, 'worldcup.stadiums.json');
  const stadiums = await attempt(found, async (): Promise<Stadium[]> => {
    const parsed = parseStadiums(stadiumsFile, await readText(stadiumsFile));
    found.venues.push({ file: stadiumsFile, venues: parsed.map(({ venue }) => venue) });
    return parsed;
  });
  const teamsFile = join(folder, 'worldcup.teams.json');
  const teams = (await isFile(teamsFile))
    ? await attempt(found, async () => parseTeams(teamsFile, await readText(teamsFile)))
    : new Map<string, string>();
  const file = join(folder, 'worldcup.json');
  await attempt(found, async () => {
    if (!stadiums || !teams) {
      const reason = `it needs ${stadiums ? teamsFile : stadiumsFile}, which was refused`;
      throw new ImportRefused(file, [{ record: 'the file', reason }]);
    }
    const { competition, events } = parseMatches(file, await readText(file), { stadiums, teams });
    found.events.push({ file, source: `event/${competition}`, organizer: COMMITTEE, events });
  });
  return found;
}

async function readChartFolder(folder: string): Promise<CatalogFolder> {
  const found: CatalogFolder = { venues: [], events: [], together: true, refused: [] };
  const chartFile = join(folder, 'chart.json');
  const aboutFile = join(folder, 'venue.json');
  await attempt(found, async () => {
    const about = { file: aboutFile, text: await readText(aboutFile) };
    const { venue, plan, warnings } = parseChartVenue({ file: chartFile, text: await readText(chartFile) }, about);
    const events = parseChartEvents(about, venue, plan);
    found.venues.push({ file: chartFile, venues: [venue], warnings });
    found.events.push(events);
  });
  return found;
}

async function attempt<T>(found: CatalogFolder, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ImportRefused)) throw error;
    found.refused.push(error);
    return undefined;
  }
}

/** UTF-8, with or without a byte order mark: any other encoding could only be guessed. */
async function readText(file: string): Promise<string> {
  const refused = (reason: string) => new ImportRefused(file, [{ record: 'the file', reason }]);
  const bytes = await readFile(file).catch((error: Error) => {
    throw refused(`cannot be read: ${error.message}`);
  });
  const text = decodeText(bytes);
  if (text === undefined) throw refused(NOT_UTF8);
  return text;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
