import { z } from 'zod';
import { generateSeatingPlan, MAX_GENERATED_CAPACITY, SEATING_PLAN_GENERATOR } from '../seating-plan-generator.ts';
import type { VenueRecord } from './catalog-records.ts';
import { readCoordinates } from './coordinates.ts';
import { describeIssues, type ImportProblem, ImportRefused, parseFile } from './import-refused.ts';
import { timeZoneNamed } from './kickoff.ts';
import { text } from './text-fields.ts';

/** The file names a UTC offset, which is right for one summer only. These are the time zones of its cities. */
const TIME_ZONE_OF_CITY: Readonly<Record<string, string>> = {
  Vancouver: 'America/Vancouver',
  Seattle: 'America/Los_Angeles',
  'San Francisco Bay Area (Santa Clara)': 'America/Los_Angeles',
  'Los Angeles (Inglewood)': 'America/Los_Angeles',
  'Guadalajara (Zapopan)': 'America/Mexico_City',
  'Mexico City': 'America/Mexico_City',
  'Monterrey (Guadalupe)': 'America/Monterrey',
  Houston: 'America/Chicago',
  'Dallas (Arlington)': 'America/Chicago',
  'Kansas City': 'America/Chicago',
  Atlanta: 'America/New_York',
  'Miami (Miami Gardens)': 'America/New_York',
  Toronto: 'America/Toronto',
  'Boston (Foxborough)': 'America/New_York',
  Philadelphia: 'America/New_York',
  'New York/New Jersey (East Rutherford)': 'America/New_York',
};

const stadiumsFile = z.object({ name: text({ atMost: 100 }), stadiums: z.array(z.unknown()).min(1) });

const stadiumShape = z.object({
  name: text({ atMost: 100 }),
  city: text({ atMost: 100 }),
  cc: z.string().regex(/^[A-Za-z]{2}$/, 'a country code of two letters is needed'),
  timezone: z.string(),
  capacity: z.int().min(1, 'a stadium without seats (capacity must be at least 1)').max(MAX_GENERATED_CAPACITY),
  coords: z.string().transform(readCoordinates),
});

/** A stadium as in the file, and the venue that is made from it. `ground` is the name by which matches refer to it. */
export type Stadium = { ground: string; venue: VenueRecord };

/** Reads `worldcup.stadiums.json`. Throws ImportRefused with all problems of the file. */
export function parseStadiums(file: string, text: string): Stadium[] {
  const { stadiums } = parseFile(file, text, stadiumsFile);
  const problems: ImportProblem[] = [];
  const parsed = stadiums.flatMap((stadium, index) => {
    const read = readStadium(stadium, index);
    if ('problems' in read) problems.push(...read.problems);
    return 'stadium' in read ? [{ ...read.stadium, record: read.record }] : [];
  });
  problems.push(...repeated(parsed, (stadium) => stadium.ground, 'the city'));
  problems.push(...repeated(parsed, nameAndPlace, 'the stadium'));
  if (problems.length > 0) throw new ImportRefused(file, problems);
  return parsed.map(({ ground, venue }) => ({ ground, venue }));
}

/** Stadiums of one name in two cities are two stadiums. */
const nameAndPlace = ({ venue }: Stadium): string =>
  `${venue.countryCode}/${venue.name}/${venue.latitude.toFixed(1)},${venue.longitude.toFixed(1)}`;

function readStadium(
  value: unknown,
  index: number,
): { problems: ImportProblem[] } | { record: string; stadium: Stadium } {
  const name = z.object({ name: z.string() }).safeParse(value).data?.name;
  const record = `stadium ${index + 1}${name ? ` (${name})` : ''}`;
  const parsed = stadiumShape.safeParse(value);
  if (!parsed.success) return { problems: describeIssues(parsed.error, record) };
  const { city, cc, capacity, timezone, coords } = parsed.data;
  const timeZone = timeZoneNamed(timezone) ?? TIME_ZONE_OF_CITY[city];
  if (!timeZone) {
    const reason = `the time zone of ${city} is not known: write its IANA name, such as Europe/London, in "timezone"`;
    return { problems: [{ record, reason }] };
  }
  const venue: VenueRecord = {
    key: `venue/${cc.toUpperCase()}/${city}/${parsed.data.name}`,
    name: parsed.data.name,
    address: null,
    city,
    countryCode: cc.toUpperCase(),
    ...coords,
    timeZone,
    capacity,
    planKey: `generated/${SEATING_PLAN_GENERATOR}/${capacity}`,
    draftPlan: () => generateSeatingPlan({ name: parsed.data.name, capacity }),
  };
  return { record, stadium: { ground: city, venue } };
}

/** A problem for each record whose key an earlier one has already. */
export function repeated<T extends { record: string }>(
  records: readonly T[],
  keyOf: (record: T) => string,
  what: string,
): ImportProblem[] {
  const seen = new Map<string, string>();
  return records.flatMap((record) => {
    const first = seen.get(keyOf(record));
    if (first === undefined) seen.set(keyOf(record), record.record);
    return first === undefined ? [] : [{ record: record.record, reason: `${what} appears twice, first as ${first}` }];
  });
}
