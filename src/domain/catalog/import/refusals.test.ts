import { describe, expect, it } from 'vitest';
import { ImportRefused } from './import-refused.ts';
import { parseMatches } from './world-cup-matches.ts';
import { parseStadiums } from './world-cup-stadiums.ts';

const stadium = {
  city: 'Toronto',
  timezone: 'UTC-4',
  cc: 'ca',
  name: 'BMO Field',
  capacity: 45_000,
  coords: `43°38'0"N 79°25'07"W`,
};
const match = {
  round: 'Matchday 2',
  date: '2026-06-12',
  time: '15:00 UTC-4',
  team1: 'Canada',
  team2: 'Bosnia & Herzegovina',
  group: 'Group B',
  ground: 'Toronto',
};

/** The refusals and their reasons; fails when there are none. */
function problemsOf(parse: () => unknown) {
  try {
    parse();
  } catch (error) {
    if (error instanceof ImportRefused) return error.problems;
    throw error;
  }
  throw new Error('nothing was refused');
}
const stadiums = (...records: unknown[]) => JSON.stringify({ name: 'Cup', stadiums: records });
const matches = (...records: unknown[]) => JSON.stringify({ name: 'Cup', matches: records });
const known = { stadiums: parseStadiums('stadiums.json', stadiums(stadium)), teams: new Map<string, string>() };
const ofStadiums = (...records: unknown[]) => problemsOf(() => parseStadiums('stadiums.json', stadiums(...records)));
const ofMatches = (...records: unknown[]) => problemsOf(() => parseMatches('cup.json', matches(...records), known));

describe('stadiums', () => {
  it.each([
    [{ capacity: 0 }, 'capacity: a stadium without seats (capacity must be at least 1)'],
    [{ capacity: 1.5 }, 'capacity: '],
    [{ capacity: 10_000_000 }, 'capacity: '],
    [{ capacity: '45000' }, 'capacity: '],
    [{ coords: 'downtown' }, 'coords: cannot read the coordinate "downtown"'],
    [{ coords: undefined }, 'coords: '],
    [{ cc: 'Canada' }, 'cc: a country code of two letters is needed'],
    [{ name: ' ' }, 'name: '],
    [{ city: 'Atlantis' }, 'the time zone of Atlantis is not known'],
  ])('refuses %j with record and reason', (change, reason) => {
    const [problem, ...others] = ofStadiums({ ...stadium, ...change });
    expect(others).toEqual([]);
    expect(problem?.record).toMatch(/^stadium 1 /);
    expect(problem?.reason).toContain(reason);
  });

  it('reports all problems of a file at once', () => {
    const problems = ofStadiums(
      { ...stadium, capacity: 0, coords: '?' },
      'not a stadium',
      stadium,
      { ...stadium, city: 'Vancouver' },
      { ...stadium, name: 'Other Field' },
    );
    expect(problems.map(({ record }) => record)).toEqual([
      'stadium 1 (BMO Field)',
      'stadium 1 (BMO Field)',
      'stadium 2',
      'stadium 5 (Other Field)',
      'stadium 4 (BMO Field)',
    ]);
    expect(problems.at(-1)?.reason).toBe('the stadium appears twice, first as stadium 3 (BMO Field)');
  });

  it('takes the time zone of an unknown city from an IANA name', () => {
    const [read] = parseStadiums('s', stadiums({ ...stadium, city: 'Lisbon', cc: 'pt', timezone: 'Europe/Lisbon' }));
    expect(read?.venue).toMatchObject({ timeZone: 'Europe/Lisbon', countryCode: 'PT' });
  });

  it.each(['', '{', 'null', '[]', '{"name":"Cup"}', '{"name":"Cup","stadiums":[]}'])(
    'refuses the broken file %j',
    (text) => {
      expect(problemsOf(() => parseStadiums('stadiums.json', text))[0]?.record).toBe('the file');
    },
  );

  it('names the file and every problem in its message', () => {
    expect(() => parseStadiums('stadiums.json', stadiums({ ...stadium, capacity: 0 }))).toThrow(
      /^stadiums\.json: refused, nothing of it was imported\n {2}stadium 1 \(BMO Field\): capacity: a stadium without/,
    );
  });
});

describe('matches', () => {
  it.each([
    [{ ground: 'Atlantis' }, 'unknown venue "Atlantis"'],
    [{ date: '2026-06-31' }, 'the calendar has no 2026-06-31 15:00'],
    [{ time: '25:00 UTC-4' }, 'the calendar has no 2026-06-12 25:00'],
    [{ time: '15:00' }, 'time: a kick-off such as "13:00 UTC-6" is needed'],
    [{ time: '15:00 UTC-99' }, 'cannot read the UTC offset "UTC-99"'],
    [{ time: '15:00 UTC-5' }, 'but the clocks in America/Toronto say otherwise on 2026-06-12'],
    [{ date: '2026-01-12' }, 'but the clocks in America/Toronto say otherwise on 2026-01-12'],
    [{ team2: 'Qatar' }, 'team2: a team cannot play against itself'],
    [{ team1: undefined }, 'team1: '],
  ])('refuses %j with record and reason', (change, reason) => {
    const [problem, ...others] = ofMatches(match, { ...match, team1: 'Qatar', ...change });
    expect(others).toEqual([]);
    expect(problem?.record).toMatch(/^match 2/);
    expect(problem?.reason).toContain(reason);
  });

  it('refuses a duplicate match', () => {
    expect(ofMatches(match, match)).toEqual([
      {
        record: 'match 2 (Canada vs Bosnia & Herzegovina)',
        reason: 'the match appears twice, first as match 1 (Canada vs Bosnia & Herzegovina)',
      },
    ]);
  });
});
