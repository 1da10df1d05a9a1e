import { z } from 'zod';
import type { EventRecord } from './catalog-records.ts';
import { describeIssues, type ImportProblem, ImportRefused, parseFile } from './import-refused.ts';
import { offsetMinutes, parseUtcOffset, problemOfStart } from './kickoff.ts';
import { text } from './text-fields.ts';
import { popularityOf, pricesOf } from './world-cup-prices.ts';
import { repeated, type Stadium } from './world-cup-stadiums.ts';

const name = text({ atMost: 100 });

const matchesFile = z.object({ name, matches: z.array(z.unknown()).min(1) });

const KICKOFF = /^(\d{1,2}:\d{2}) (UTC\S*)$/;

const matchShape = z
  .object({
    round: name,
    num: z.int().positive().optional(),
    date: z.string(),
    time: z.string().regex(KICKOFF, 'a kick-off such as "13:00 UTC-6" is needed'),
    team1: name,
    team2: name,
    group: name.optional(),
    ground: name,
  })
  .refine((match) => match.team1 !== match.team2, { path: ['team2'], error: 'a team cannot play against itself' });
type Match = z.infer<typeof matchShape>;

const teamsFile = z.array(z.object({ name, name_normalised: name.optional(), fifa_code: name }));
/** By the name that matches use: the team's other names, for those who search for them. */
export type TeamNames = ReadonlyMap<string, string>;

/** Reads `worldcup.teams.json`. Throws ImportRefused when it has another shape. */
export function parseTeams(file: string, text: string): TeamNames {
  return new Map(
    parseFile(file, text, teamsFile).map(({ name, name_normalised, fifa_code }) => [
      name,
      [name_normalised, fifa_code].filter(Boolean).join(', '),
    ]),
  );
}

/** Without a waiting room its seats would be gone in a minute. */
const FINAL_ROOM = { capacity: 2_000, sessionMinutes: 10, graceSeconds: 120 };

export type Matches = { competition: string; events: EventRecord[] };
export type MatchContext = { stadiums: readonly Stadium[]; teams: TeamNames };

/** Reads `worldcup.json`, with its stadiums. Throws ImportRefused with all problems of the file. */
export function parseMatches(file: string, text: string, { stadiums, teams }: MatchContext): Matches {
  const { name, matches } = parseFile(file, text, matchesFile);
  const byGround = new Map(stadiums.map((stadium) => [stadium.ground, stadium]));
  const problems: ImportProblem[] = [];
  const events = matches.flatMap((value, index) => {
    const parsed = matchShape.safeParse(value);
    const record = recordName(value, index);
    if (!parsed.success) {
      problems.push(...describeIssues(parsed.error, record));
      return [];
    }
    const read = readMatch(name, parsed.data, { stadium: byGround.get(parsed.data.ground), teams });
    if (typeof read === 'string') problems.push({ record, reason: read });
    return typeof read === 'string' ? [] : [{ ...read, record }];
  });
  problems.push(...repeated(events, (event) => event.key, 'the match'));
  if (problems.length > 0) throw new ImportRefused(file, problems);
  return { competition: name, events: events.map(({ record: _, ...event }) => event) };
}

function recordName(value: unknown, index: number): string {
  const teams = z.object({ team1: z.string(), team2: z.string() }).safeParse(value).data;
  return `match ${index + 1}${teams ? ` (${teams.team1} vs ${teams.team2})` : ''}`;
}

/** The event of a match, or the reason why it has no event. */
function readMatch(
  competition: string,
  match: Match,
  { stadium, teams }: { stadium: Stadium | undefined; teams: TeamNames },
): EventRecord | string {
  if (!stadium) return `unknown venue "${match.ground}"`;
  const { venue } = stadium;
  const [, clock = '', offset = ''] = KICKOFF.exec(match.time) ?? [];
  const time = clock.padStart(5, '0');
  const problem = problemOfStart(match.date, time, venue.timeZone);
  if (problem) return problem;
  const startsLocal = `${match.date}T${time}`;
  const minutes = parseUtcOffset(offset);
  if (minutes === undefined) return `cannot read the UTC offset "${offset}"`;
  if (offsetMinutes(startsLocal, venue.timeZone) !== minutes) {
    return `kick-off is given at ${offset}, but the clocks in ${venue.timeZone} say otherwise on ${match.date}`;
  }
  const { currency, prices } = pricesOf(match.round, venue.countryCode);
  return {
    // Match numbers exist for the knock-out rounds only; in a group each pair meets once.
    key: `event/${competition}/${match.num ?? `${match.group ?? match.round}/${match.team1}/${match.team2}`}`,
    venueKey: venue.key,
    title: `${match.team1} vs ${match.team2}`,
    description: describe(competition, match, { stadium, teams, clock }),
    category: 'SPORT',
    performers: [match.team1, match.team2],
    startsLocal,
    timeZone: venue.timeZone,
    currency,
    popularity: popularityOf(match.round, venue.capacity),
    prices,
    ...(match.round === 'Final' && { waitingRoom: FINAL_ROOM }),
  };
}

function describe(
  competition: string,
  match: Match,
  { stadium, teams, clock }: { stadium: Stadium; teams: TeamNames; clock: string },
): string {
  const what = [competition, match.round, match.group, match.num && `Match ${match.num}`].filter(Boolean).join(', ');
  const alsoKnownAs = [match.team1, match.team2].flatMap((team) => {
    const names = teams.get(team);
    return names ? [`${team} (${names})`] : [];
  });
  const line = `${what}. ${stadium.venue.name}, ${match.ground}; kick-off at ${clock}, local time.`;
  return alsoKnownAs.length > 0 ? `${line} Teams: ${alsoKnownAs.join('; ')}.` : line;
}
