import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRawClient } from '#shared/postgres.ts';
import { createBookingDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { importCatalog } from './import-catalog.ts';
import { COMMITTEE } from './read-catalog-folder.ts';

const now = new Date('2026-11-23T06:00:00Z');
const arena = {
  city: 'Toronto',
  timezone: 'UTC-4',
  cc: 'ca',
  name: 'Small Arena',
  capacity: 200,
  coords: '43.6°N 79.4°W',
};
const dome = { ...arena, city: 'Houston', timezone: 'UTC-5', cc: 'us', name: 'Small Dome', capacity: 120 };
const opener = {
  round: 'Matchday 1',
  date: '2026-06-11',
  time: '13:00 UTC-4',
  team1: 'Canada',
  team2: 'Qatar',
  group: 'Group A',
  ground: 'Toronto',
};
const second = { ...opener, date: '2026-06-12', time: '18:00 UTC-5', team1: 'Haiti', ground: 'Houston' };

let database: TestDatabase;
let sql: postgres.Sql;
let folder: string;

beforeEach(async () => {
  database = await createBookingDatabase();
  sql = openRawClient({ url: database.url, poolMax: 2, name: 'test-import' });
  folder = await mkdtemp(join(tmpdir(), 'frontrow-import-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
  await sql.end();
  await database.drop();
});

async function write(stadiums: unknown[], matches: unknown[]): Promise<void> {
  await writeFile(join(folder, 'worldcup.stadiums.json'), JSON.stringify({ name: 'Small Cup', stadiums }));
  await writeFile(join(folder, 'worldcup.json'), JSON.stringify({ name: 'Small Cup', matches }));
}
const run = (at = now) => importCatalog({ sql }, { folders: [folder], now: at });
const events = () => sql`
  select title, venues.name as venue, plan.version as plan, seat_inventories.capacity, updated_version::int as version,
         starts_at at time zone venues.time_zone = off_sale_at at time zone venues.time_zone as off_sale_at_start,
         to_char(starts_at at time zone venues.time_zone, 'YYYY-MM-DD HH24:MI') as local, popularity
  from events join venues on venues.id = venue_id join seating_plans plan on plan.id = plan_id
  join seat_inventories on event_id = events.id order by starts_at`;
const outbox = () => sql`
  select type, title, (payload->>'updatedVersion')::int as version from outbox join events on events.id = event_id
  order by outbox.created_at, title`;
const counts = async () => {
  const [row] = await sql`
    select (select count(*)::int from venues) venues, (select count(*)::int from venue_seats) seats,
           (select count(*)::int from events) events, (select count(*)::int from outbox) outbox,
           (select count(*)::int from imported_records) records, (select count(*)::int from users) users`;
  return row;
};
const nothing = { venues: 0, seats: 0, events: 0, outbox: 0, records: 0, users: 0 };

describe('a refused file', () => {
  it.each([
    ['a stadium without seats', [arena, { ...dome, capacity: 0 }], 'stadium 2 (Small Dome)'],
    ['a coordinate that cannot be read', [{ ...arena, coords: 'here' }, dome], 'stadium 1 (Small Arena)'],
  ])('imports nothing of it: %s', async (_, stadiums, record) => {
    await write(stadiums, [opener]);
    const { refused } = await run();
    expect(refused.map(({ file }) => file)).toEqual([
      join(folder, 'worldcup.stadiums.json'),
      join(folder, 'worldcup.json'),
    ]);
    expect(refused[0]?.problems[0]?.record).toBe(record);
    expect(await counts()).toEqual(nothing);
  });

  it('imports no match when one of them is at an unknown venue, and keeps the venues', async () => {
    await write([arena], [opener, second]);
    const { refused } = await run();
    expect(refused.map(({ problems }) => problems)).toEqual([
      [{ record: 'match 2 (Haiti vs Qatar)', reason: 'unknown venue "Houston"' }],
    ]);
    expect(await counts()).toEqual({ ...nothing, venues: 1, seats: 200, records: 1 });
  });

  it('imports nothing of a chart with a seat label twice', async () => {
    const source = fileURLToPath(new URL('../../../../data/race-track-seating/', import.meta.url));
    const chart = JSON.parse(await readFile(join(source, 'chart.json'), 'utf8'));
    chart.subChart.sections[3].subChart.rows[25].seats[100].label = '1';
    await writeFile(join(folder, 'chart.json'), JSON.stringify(chart));
    await writeFile(join(folder, 'venue.json'), await readFile(join(source, 'venue.json')));
    const { refused } = await run();
    expect(refused[0]).toMatchObject({
      file: join(folder, 'chart.json'),
      problems: [
        {
          record: 'subChart.sections[3].subChart.rows[25].seats[100]',
          reason:
            'the seat label "1" appears twice in row "Z" of section "MT3", first at subChart.sections[3].subChart.rows[25].seats[0]',
        },
      ],
    });
    expect(await counts()).toEqual(nothing);
  });

  it('imports no event when the address of their organizer belongs to another account', async () => {
    await write([arena], [opener]);
    const { email } = COMMITTEE;
    await sql`insert into users (id, email, password_hash, display_name) values (gen_random_uuid(), ${email.toUpperCase()}, 'x', 'A fan')`;
    const { refused } = await run();
    expect(refused.map(({ problems }) => problems)).toEqual([
      [
        {
          record: `organizer ${COMMITTEE.displayName}`,
          reason: expect.stringContaining(`the e-mail address ${email} `),
        },
      ],
    ]);
    expect(await counts()).toMatchObject({ events: 0, outbox: 0, users: 1 });
    await sql`update users set is_guest = true`;
    expect((await run()).refused).toEqual([]);
  });

  it('imports nothing of a truncated file, of a missing one, and of a folder of another kind', async () => {
    expect((await run()).refused[0]?.message).toContain('neither chart.json nor worldcup.stadiums.json is there');
    await writeFile(join(folder, 'worldcup.stadiums.json'), JSON.stringify({ stadiums: [arena] }).slice(0, -3));
    const { refused } = await run();
    expect(refused[0]?.problems[0]?.reason).toMatch(/^not JSON: /);
    await writeFile(join(folder, 'worldcup.stadiums.json'), JSON.stringify({ name: 'Cup', stadiums: [arena] }));
    expect((await run()).refused[0]?.problems[0]?.reason).toMatch(/^cannot be read: .*ENOENT/);
    expect(await counts()).toMatchObject({ venues: 1, events: 0, outbox: 0 });
  });
});

it('two concurrent imports write everything once', async () => {
  await write([arena, dome], [opener, second]);
  const reports = await Promise.all([run(), run()]);
  expect(reports.map((report) => report.refused)).toEqual([[], []]);
  expect(reports.map((report) => report.venues.added).sort()).toEqual([0, 2]);
  expect(reports.map((report) => report.events.added).sort()).toEqual([0, 2]);
  expect(await counts()).toMatchObject({ venues: 2, seats: 320, events: 2, outbox: 2 });
});

it('a match that is added later is moved by as many weeks as the others', async () => {
  await write([arena, dome], [opener]);
  await run();
  await write([arena, dome], [opener, second]);
  const later = await run(new Date(now.getTime() + 20 * 86_400_000));
  expect(later.events).toEqual({ added: 1, changed: 0 });
  expect((await events()).map(({ title, local }) => `${title} ${local}`)).toEqual([
    'Canada vs Qatar 2026-12-24 13:00',
    'Haiti vs Qatar 2026-12-25 18:00',
  ]);
});

it('a match that changes in the file changes in the database, once, with one notice', async () => {
  await write([arena, dome], [opener, second]);
  await run();
  await write([arena, dome], [{ ...opener, time: '19:30 UTC-4' }, second]);
  expect((await run()).events).toEqual({ added: 0, changed: 1 });
  expect((await run()).events).toEqual({ added: 0, changed: 0 });
  const [changed] = await events();
  expect(changed).toMatchObject({ local: '2026-12-24 19:30', version: 2, off_sale_at_start: true });
  expect((await outbox()).slice(2)).toEqual([{ type: 'EventChanged', title: 'Canada vs Qatar', version: 2 }]);
});

it("an organizer's change stays as long as the file does not change", async () => {
  await write([arena], [opener]);
  await run();
  await sql`update events set title = 'Moved', starts_at = starts_at + interval '3 hours', updated_version = 2`;
  await run();
  expect((await events())[0]).toMatchObject({ title: 'Moved', local: '2026-12-24 16:00', version: 2 });
});

it("a waiting room is made once: an organizer's settings stay, even when the match changes in the file", async () => {
  const final = { ...opener, round: 'Final', num: 104 };
  await write([arena], [final]);
  expect((await run()).rooms).toBe(1);
  await sql`update waiting_rooms set capacity = 7, state = 'ENDED', version = 9`;
  const room = () => sql`select * from waiting_rooms`;
  const before = await room();
  expect(await run()).toMatchObject({ events: { added: 0, changed: 0 }, rooms: 0 });
  await write([arena], [{ ...final, time: '14:00 UTC-4' }]);
  expect(await run()).toMatchObject({ events: { added: 0, changed: 1 }, rooms: 0 });
  expect(await room()).toEqual(before);
});

it('a final that was imported before there were waiting rooms gets its room, and does not count as changed', async () => {
  await write([arena], [{ ...opener, round: 'Final', num: 104 }]);
  await run();
  await sql`delete from waiting_rooms`;
  const before = await counts();
  expect(await run()).toMatchObject({ events: { added: 0, changed: 0 }, rooms: 1 });
  expect(await counts()).toEqual(before);
  await sql`delete from waiting_rooms`;
  await sql`update events set status = 'CANCELLED'`;
  expect((await run()).rooms).toBe(0);
});

it('a stadium whose capacity changes gets a new plan; events on sale keep theirs, new ones use it', async () => {
  await write([arena], [opener]);
  await run();
  await write([{ ...arena, capacity: 260 }], [opener, { ...opener, team1: 'Haiti', date: '2026-06-20' }]);
  const report = await run();
  expect(report).toMatchObject({ venues: { added: 0, changed: 1 }, seats: 260, refused: [] });
  expect(await events()).toMatchObject([
    { title: 'Canada vs Qatar', plan: 1, capacity: 200 },
    { title: 'Haiti vs Qatar', plan: 2, capacity: 260 },
  ]);
  expect(await outbox()).toContainEqual({ type: 'EventChanged', title: 'Canada vs Qatar', version: 2 });
});

it('a match on sale cannot move to another venue: the file is refused and the others keep their places', async () => {
  await write([arena, dome], [opener, second]);
  await run();
  await write(
    [arena, dome],
    [
      { ...opener, ground: 'Houston', time: '13:00 UTC-5' },
      { ...second, time: '20:00 UTC-5' },
    ],
  );
  const { refused } = await run();
  expect(refused[0]?.problems).toEqual([
    { record: 'Canada vs Qatar', reason: 'it is on sale at Small Arena and cannot move to another venue' },
  ]);
  expect((await events())[1]).toMatchObject({ local: '2026-12-25 18:00', version: 1 });
});
