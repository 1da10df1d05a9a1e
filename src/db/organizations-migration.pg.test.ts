import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import postgres from 'postgres';
import { expect, test } from 'vitest';
import { nameBasedId } from '#domain/catalog/import/name-based-id.ts';
import { createEmptyDatabase } from '#test/support/databases/databases.ts';
import { applyMigrations, migrate } from './migrate.ts';
import { IMPORTED_ORGANIZATION_ID } from './tables/catalog.ts';

const FIRST = '20261130_1401_organizations.sql';
const files = new URL('../../drizzle/booking/', import.meta.url);
const uuid = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;

/** A database as the last release left it. */
async function formerDatabase() {
  const database = await createEmptyDatabase();
  const directory = await mkdtemp(join(tmpdir(), 'frontrow-migrations-'));
  for (const name of await readdir(files))
    if (name < FIRST) await copyFile(new URL(name, files), join(directory, name));
  await applyMigrations({ url: database.url, title: 'booking', directory: pathToFileURL(`${directory}/`) });
  await rm(directory, { recursive: true });
  return database;
}

const user = (sql: postgres.Sql, n: number, role: string, password: string | null) =>
  sql`insert into users (id, email, display_name, role, password_hash)
    values (${uuid(n)}, ${`${n}@example.org`}, ${`Organizer ${n}`}, ${role}, ${password})`;
/** Without an organization, as code of the last release writes it. */
const event = (sql: postgres.Sql, n: number, organizer: number) =>
  sql`insert into events (id, organizer_id, venue_id, plan_id, title, category, starts_at, on_sale_at, off_sale_at, currency)
    values (${uuid(n)}, ${uuid(organizer)}, ${uuid(50)}, ${uuid(51)}, 'Event', 'OTHER', now(), now(), now() + interval '1 day', 'CHF')`;

test('each existing organizer gets an organization and owns it; imported data belongs to "Frontrow demo"', async () => {
  expect(IMPORTED_ORGANIZATION_ID).toBe(nameBasedId('organization/Frontrow demo'));
  const database = await formerDatabase();
  const sql = postgres(database.url, { max: 1 });
  await user(sql, 1, 'ORGANIZER', null);
  await user(sql, 2, 'ORGANIZER', 'hash');
  await user(sql, 3, 'ADMIN', 'hash');
  await user(sql, 4, 'ORGANIZER', 'hash');
  await user(sql, 5, 'FAN', 'hash');
  await user(sql, 6, 'ADMIN', 'hash');
  await sql`insert into venues (id, name, city, country_code, latitude, longitude, time_zone, capacity)
    values (${uuid(50)}, 'Hall', 'Bern', 'CH', 0, 0, 'Europe/Zurich', 1)`;
  await sql`insert into seating_plans (id, venue_id, version, seat_count, layout_hash, layout)
    values (${uuid(51)}, ${uuid(50)}, 1, 1, 'hash', '')`;
  for (const [n, organizer] of [
    [60, 1],
    [61, 2],
    [62, 3],
  ] as const)
    await event(sql, n, organizer);

  const { applied } = await migrate({ url: database.url, folder: 'booking' });
  expect(applied).toContain(FIRST);
  const owners = await sql`
    select m.user_id as user, o.name, o.country_code as country, m.role, o.id = ${IMPORTED_ORGANIZATION_ID} as imported
    from organization_members m join organizations o on o.id = m.organization_id order by m.user_id`;
  const own = { role: 'OWNER', imported: false };
  expect([...owners]).toEqual([
    { user: uuid(1), name: 'Frontrow demo', country: 'ZZ', role: 'OWNER', imported: true },
    { ...own, user: uuid(2), name: 'Organizer 2', country: 'CH' },
    { ...own, user: uuid(3), name: 'Organizer 3', country: 'CH' },
    { ...own, user: uuid(4), name: 'Organizer 4', country: 'ZZ' },
  ]);
  const events = await sql`
    select e.id, m.user_id as owner from events e join organization_members m on m.organization_id = e.organization_id
    order by e.id`;
  expect([...events]).toEqual([
    { id: uuid(60), owner: uuid(1) },
    { id: uuid(61), owner: uuid(2) },
    { id: uuid(62), owner: uuid(3) },
  ]);

  // Code of the last release runs on for a while.
  await event(sql, 63, 1);
  const [late] = await sql`select organization_id from events where id = ${uuid(63)}`;
  expect(late).toEqual({ organization_id: IMPORTED_ORGANIZATION_ID });
  const [rest] =
    await sql`select (select organization_id from venues) as venue, (select organization_id from seating_plans) as plan`;
  expect(rest).toEqual({ venue: IMPORTED_ORGANIZATION_ID, plan: IMPORTED_ORGANIZATION_ID });
  await sql.end();
  await database.drop();
});
