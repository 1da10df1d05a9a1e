import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRawClient } from '#shared/postgres.ts';
import { createBookingDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { generateSeatingPlan } from '../seating-plan-generator.ts';
import { importCatalog } from './import-catalog.ts';
import { publishPlan } from './import-plan-statements.ts';
import { nameBasedId } from './name-based-id.ts';

const now = new Date('2026-11-23T06:00:00Z');
let database: TestDatabase;
let sql: postgres.Sql;
const folders: string[] = [];

beforeEach(async () => {
  database = await createBookingDatabase();
  sql = openRawClient({ url: database.url, poolMax: 2, name: 'test-import' });
});
afterEach(async () => {
  await sql.end();
  await database.drop();
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

const seats = (count: number) => Array.from({ length: count }, (_, i) => ({ label: `${i + 1}`, x: i * 12, y: 0 }));
const chartOf = (count: number, category = 'Parterre') => ({
  name: 'Sala',
  categories: { list: [{ key: 1, label: category }] },
  subChart: { width: 900, height: 300, rows: [{ label: 'F1', categoryKey: 1, seats: seats(count) }] },
});
const turin = {
  name: 'Sala Rossa',
  city: 'Torino',
  countryCode: 'IT',
  coordinates: '45.07, 7.69',
  timeZone: 'Europe/Rome',
};
const house = { displayName: 'Sala Rossa', email: 'biglietti@sala-rossa.example' };
const evening = {
  key: 'prima',
  title: 'La prima',
  description: '',
  category: 'THEATRE',
  performers: [],
  startsAt: '2027-03-05T21:00',
  currency: 'EUR',
  popularity: 3,
  prices: { Parterre: { priceMinor: 4_200, feeMinor: 0 } },
};
type About = { venue?: object; organizer?: object; events?: object[]; chart?: object };

async function run({ venue = turin, organizer = house, events = [evening], chart = chartOf(6) }: About, at = now) {
  const folder = await mkdtemp(join(tmpdir(), 'frontrow-faults-'));
  folders.push(folder);
  await writeFile(join(folder, 'chart.json'), JSON.stringify(chart));
  await writeFile(join(folder, 'venue.json'), JSON.stringify({ venue, organizer, events }));
  const lines: string[] = [];
  const report = await importCatalog({ sql }, { folders: [folder], now: at, log: (line) => lines.push(line) });
  const problems = report.refused.flatMap((refusal) =>
    refusal.problems.map(({ record, reason }) => `${record}: ${reason}`),
  );
  return { ...report, lines, problems };
}
const rows = async () =>
  (
    await sql`
      select title, venue.city, venue.country_code as country, currency, price_minor::float8 as price, organizer.email,
             to_char(starts_at at time zone venue.time_zone, 'YYYY-MM-DD HH24:MI') as local, event.status
      from events event join venues venue on venue.id = venue_id join users organizer on organizer.id = organizer_id
      join price_tiers on event_id = event.id order by title, venue.city`
  ).map((row) => ({ ...row }));
const count = async (table: string) => (await sql`select count(*)::int as count from ${sql(table)}`)[0]?.count;

describe('names', () => {
  it('venues of one name in two cities, and in two countries, are different venues with different events', async () => {
    const lugano = {
      ...turin,
      city: 'Lugano',
      countryCode: 'CH',
      coordinates: '46.00, 8.95',
      timeZone: 'Europe/Zurich',
    };
    const milan = { ...turin, city: 'Milano', coordinates: '45.46, 9.19' };
    for (const venue of [turin, milan, lugano]) expect((await run({ venue })).problems).toEqual([]);
    expect((await rows()).map(({ city, country }) => `${city} ${country}`)).toEqual([
      'Lugano CH',
      'Milano IT',
      'Torino IT',
    ]);
    for (const venue of [lugano, turin, milan])
      expect(await run({ venue })).toMatchObject({
        venues: { added: 0, changed: 0 },
        events: { added: 0, changed: 0 },
      });
    const [plain] = await sql`select city from events join venues on venues.id = venue_id
      where events.id = ${nameBasedId('event/Sala Rossa/prima')}`;
    expect(plain?.city).toBe('Torino');
  });

  it('cities of one name and one country that are far apart are two cities', async () => {
    const portland = { ...turin, city: 'Portland', countryCode: 'US', timeZone: 'America/New_York' };
    await run({ venue: { ...portland, coordinates: '45.52, -122.68' } });
    expect(await run({ venue: { ...portland, coordinates: '43.66, -70.26' } })).toMatchObject({ venues: { added: 1 } });
    expect(await run({ venue: { ...portland, coordinates: '43.67, -70.25' } })).toMatchObject({
      venues: { added: 0, changed: 1 },
    });
  });

  it('a venue whose city is spelled in another way is the same venue', async () => {
    await run({});
    expect(await run({ venue: { ...turin, city: 'Turin' } })).toMatchObject({ venues: { added: 0, changed: 1 } });
    expect((await rows()).map(({ city }) => city)).toEqual(['Turin']);
  });

  it('organizers of one name with two addresses are two accounts, and one with a new name stays one', async () => {
    await run({});
    const milan = { ...turin, city: 'Milano', coordinates: '45.46, 9.19' };
    await run({ venue: milan, organizer: { ...house, email: 'altra@sala-rossa.example' } });
    expect((await rows()).map(({ email }) => email)).toEqual(['altra@sala-rossa.example', house.email]);
    await run({ organizer: { ...house, displayName: 'Teatro Rosso' }, events: [{ ...evening, popularity: 4 }] });
    const names = await sql`select display_name from users where role = 'ORGANIZER' order by email`;
    expect(names.map((row) => row.display_name)).toEqual(['Sala Rossa', 'Teatro Rosso']);
  });

  it("an account with the organizer's address is not taken over: the file is refused, with nothing of it kept", async () => {
    await sql`insert into users (id, email, password_hash, display_name)
      values (gen_random_uuid(), ${house.email.toUpperCase()}, 'x', 'A fan')`;
    const { problems } = await run({});
    expect(problems).toEqual([expect.stringContaining(`organizer ${house.displayName}: the e-mail address`)]);
    expect([await count('venues'), await count('venue_seats'), await count('events')]).toEqual([0, 0, 0]);
  });
});

describe('changes', () => {
  it('a change of the currency is refused together with its price, and the rest of the file too', async () => {
    await run({});
    const changed = { ...evening, currency: 'JPY', prices: { Parterre: { priceMinor: 900, feeMinor: 0 } } };
    const { problems } = await run({ venue: { ...turin, address: 'Via Nuova 1' }, events: [changed] });
    expect(problems).toEqual(['event prima: it is on sale in EUR and cannot change to JPY']);
    expect(await rows()).toMatchObject([{ currency: 'EUR', price: 4_200 }]);
    expect((await sql`select address from venues`)[0]?.address).toBeNull();
  });

  it('another organizer gets the event', async () => {
    await run({});
    await run({
      organizer: { displayName: 'Nuova', email: 'nuova@sala-rossa.example' },
      events: [{ ...evening, popularity: 9 }],
    });
    expect(await rows()).toMatchObject([{ email: 'nuova@sala-rossa.example' }]);
  });

  it('needs a price for each tier of the plan from which an event is sold, also when the chart has others now', async () => {
    await run({});
    const chart = chartOf(8, 'Platea');
    const platea = { Platea: { priceMinor: 5_000, feeMinor: 0 } };
    expect((await run({ chart, events: [{ ...evening, prices: platea }] })).problems).toEqual([
      'event prima: no price for "Parterre", which is in the seating plan from which it is sold',
    ]);
    const both = { ...platea, Parterre: { priceMinor: 4_300, feeMinor: 0 } };
    expect((await run({ chart, events: [{ ...evening, prices: both }] })).problems).toEqual([]);
    expect(await rows()).toMatchObject([{ price: 4_300 }]);
  });
});

describe('dates', () => {
  const series = ['2026-05-01T20:00', '2026-05-02T20:00', '2026-05-03T20:00'].map((startsAt, i) => ({
    ...evening,
    key: `s${i}`,
    title: `Evening ${i}`,
    startsAt,
  }));
  const dates = async () => (await rows()).map(({ local }) => local);

  it('a date that is ahead is kept, also when it is tomorrow', async () => {
    await run({
      events: [
        { ...evening, startsAt: '2026-11-24T06:30' },
        { ...evening, key: 'b', title: 'Z' },
      ],
    });
    expect(await dates()).toEqual(['2026-11-24 06:30', '2027-03-05 21:00']);
  });

  it('a postponed event moves by as much as in its file, and the others stay: two of three, one of one', async () => {
    await run({ events: series });
    const before = await dates();
    expect(before).toEqual(['2026-12-25 20:00', '2026-12-26 20:00', '2026-12-27 20:00']);
    const [first, ...others] = series;
    await run({ events: [{ ...first }, ...others.map((event) => ({ ...event, startsAt: '2026-05-31T19:00' }))] });
    expect(await dates()).toEqual(['2026-12-25 20:00', '2027-01-24 19:00', '2027-01-24 19:00']);
    const alone = { ...turin, name: 'Sala Blu' };
    await run({ venue: alone, events: [{ ...evening, title: 'Alone', startsAt: '2026-05-01T20:00' }] });
    await run({ venue: alone, events: [{ ...evening, title: 'Alone', startsAt: '2026-06-19T20:00' }] });
    expect((await dates())[0]).toBe('2027-02-12 20:00');
  });

  it('a new event whose date is ahead is at that date, in a file whose other dates were moved', async () => {
    await run({ events: series });
    await run({ events: [...series, { ...evening, title: 'Zeta' }] });
    expect((await dates()).at(-1)).toBe('2027-03-05 21:00');
  });

  it('an event that would start before its sale, or in the past, is refused by its key', async () => {
    await run({ events: series });
    const [first, second, third] = series;
    const early = await run({ events: [{ ...first, startsAt: '2025-05-01T20:00' }, second ?? {}, third ?? {}] });
    expect(early.problems).toEqual([expect.stringMatching(/^event s0: it would start at .*, before its sale opened$/)]);
    const mixed = await run({
      venue: { ...turin, name: 'Sala Blu' },
      events: [evening, { ...evening, key: 'old', startsAt: '2026-01-01T20:00' }],
    });
    expect(mixed.problems).toEqual([
      expect.stringMatching(/^event old: it starts at 2026-01-01T19:00:00.000Z, which is past;/),
    ]);
    expect(await count('venues')).toBe(1);
  });

  it('names an event that has left its file and stays on sale, until it is cancelled', async () => {
    await run({ events: series });
    const [, ...kept] = series;
    const left = (lines: string[]) => lines.filter((line) => line.includes('no longer in the file'));
    expect(left((await run({ events: kept })).lines)).toEqual([
      expect.stringContaining('"Evening 0" is no longer in the file'),
    ]);
    await sql`update events set status = 'CANCELLED' where title = 'Evening 0'`;
    expect(left((await run({ events: kept })).lines)).toEqual([]);
    expect(left((await run({ events: [] })).lines)).toHaveLength(2);
  });
});

describe('what the database cannot store', () => {
  it.each([
    ['a price', { events: [{ ...evening, prices: { Parterre: { priceMinor: 2 ** 53, feeMinor: 0 } } }] }, /priceMinor/],
    ['a fee', { events: [{ ...evening, prices: { Parterre: { priceMinor: 1, feeMinor: 1e300 } } }] }, /feeMinor/],
    ['a popularity', { events: [{ ...evening, popularity: 2 ** 31 }] }, /popularity/],
    ['an address of 3,000 characters', { organizer: { ...house, email: `${'a'.repeat(3_000)}@b.example` } }, /email/],
    [
      'a label of 3,000 bytes',
      {
        chart: {
          ...chartOf(1),
          subChart: {
            rows: [
              { label: 'a\u0300\u0301'.repeat(90) + '\u0300'.repeat(29).repeat(20), categoryKey: 1, seats: seats(1) },
            ],
          },
        },
      },
      /subChart.rows\[0\].label/,
    ],
    [
      'NUL in a chart',
      { chart: { ...chartOf(1), name: 'Sala', categories: { list: [{ key: 1, label: 'P\u0000' }] } } },
      /categories.list\[0\].label/,
    ],
    [
      'a position',
      {
        chart: {
          ...chartOf(1),
          subChart: { rows: [{ label: 'A', categoryKey: 1, seats: [{ label: '1', x: 1e300, y: 0 }] }] },
        },
      },
      /seats\[0\]\.x/,
    ],
  ])('%s is refused by its field', async (_what, about, path) => {
    const { problems } = await run(about);
    expect(problems.join('\n')).toMatch(path);
    expect([await count('venues'), await count('events')]).toEqual([0, 0]);
  });

  it.each([
    ['in the first of few seats', 20, 0],
    ['in the last of few seats', 20, 19],
    ['in the middle of many', 30_000, 14_321],
  ])(
    'a plan that PostgreSQL refuses %s ends its transaction with an error, and does not hang',
    async (_where, capacity, seatNo) => {
      const draft = generateSeatingPlan({ name: 'x', capacity });
      draft.seats.label[seatNo] = '1\u00002';
      const venue = { key: 'venue/XX/x', planKey: 'broken', draftPlan: () => draft };
      const venueId = nameBasedId('venue/XX/x');
      await sql`insert into venues (id, name, city, country_code, latitude, longitude, time_zone, capacity)
      values (${venueId}, 'x', 'x', 'XX', 0, 0, 'UTC', 1)`;
      await expect(sql.begin((tx) => publishPlan(tx, venueId, venue as never))).rejects.toThrow(/0x00|invalid byte/);
      expect(await count('seating_plans')).toBe(0);
    },
  );
});

it('a chart with tables, a standing area and seats of their own category sells all of it, each at its price', async () => {
  const [a, b] = seats(2);
  const chart = {
    name: 'Sala',
    categories: {
      list: [
        { key: 1, label: 'Parterre' },
        { key: 2, label: 'Oro' },
      ],
    },
    subChart: {
      rows: [{ label: 'A', categoryKey: 1, seats: [{ ...a, categoryKey: 2 }, b] }],
      tables: [{ label: 'T', categoryKey: 1, seats: seats(4).map((seat) => ({ ...seat, y: 50 })) }],
      generalAdmissionAreas: [{ label: 'In piedi', categoryKey: 1, capacity: 30 }],
    },
  };
  const prices = { ...evening.prices, Oro: { priceMinor: 9_900, feeMinor: 0 } };
  expect((await run({ chart, events: [evening] })).problems).toEqual(['event prima: no price for "Oro"']);
  expect((await run({ chart, events: [{ ...evening, prices }] })).problems).toEqual([]);
  const [stored] = await sql`select capacity, available from seat_inventories`;
  expect(stored).toMatchObject({ capacity: 36, available: 36 });
  expect(await sql`select label, tier_label, seat_tier_labels from sections order by position`).toMatchObject([
    { label: 'Sala', tier_label: 'Parterre', seat_tier_labels: ['Oro'] },
    { label: 'In piedi', tier_label: 'Parterre', seat_tier_labels: [] },
  ]);
  expect((await rows()).map(({ price }) => price).sort()).toEqual([4_200, 9_900]);
});
