import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { openRawClient } from '#shared/postgres.ts';
import { createBookingDatabase, type TestDatabase } from '#test/support/databases/databases.ts';
import { NotFound } from '../../errors.ts';
import { openSeatingPlanCache } from '../seating-plan-cache.ts';
import { type ImportReport, importCatalog } from './import-catalog.ts';

const data = fileURLToPath(new URL('../../../../data/', import.meta.url));
const real = [join(data, 'worldcup-2026'), join(data, 'race-track-seating')];
const now = new Date('2026-11-23T06:00:00Z');

let database: TestDatabase;
let sql: postgres.Sql;
let db: Db;

const open = async (): Promise<void> => {
  database = await createBookingDatabase();
  sql = openRawClient({ url: database.url, poolMax: 2, name: 'test-import' });
  db = openDb({ url: database.url, poolMax: 2, name: 'test-import' });
};
const close = async (): Promise<void> => {
  await closeDb(db);
  await sql.end();
  await database.drop();
};

/** Everything that an import writes, in numbers and in one digest of the rows that it must not touch again. */
async function contents() {
  const [counts] = await sql`
    select (select count(*)::int from venues) venues, (select count(*)::int from seating_plans) plans,
           (select count(*)::int from sections) sections, (select count(*)::int from venue_seats) seats,
           (select count(*)::int from events) events, (select count(*)::int from price_tiers) prices,
           (select count(*)::int from event_seats) event_seats, (select count(*)::int from outbox) outbox,
           (select coalesce(sum(available), 0)::int from seat_inventories) sellable,
           (select md5(string_agg(event::text, '' order by id)) from events event) digest,
           (select string_agg(room::text, '' order by event_id) from waiting_rooms room) rooms`;
  return counts;
}

describe('the real files', () => {
  let first: ImportReport;
  let lines: string[];

  beforeAll(async () => {
    await open();
    lines = [];
    first = await importCatalog({ sql }, { folders: real, now, log: (line) => lines.push(line) });
  });
  afterAll(close);

  it('put 105 events at 17 venues on sale, without a row per seat of an event', async () => {
    expect(first).toMatchObject({ venues: { added: 17 }, events: { added: 105 }, refused: [], seats: 1_097_897 });
    expect(await contents()).toMatchObject({
      venues: 17,
      plans: 17,
      seats: 1_089_000 + 8_897,
      events: 105,
      event_seats: 0,
      outbox: 105,
      sellable: 7_241_000 + 8_897,
    });
    const [onSale] = await sql<{ count: number }[]>`
      select count(*)::int as count from events where status = 'PUBLISHED' and now() between on_sale_at and off_sale_at
        and off_sale_at = starts_at and cancellable_until = starts_at - interval '48 hours'`;
    expect(onSale?.count).toBe(105);
  });

  it('give every plan as many seats as its venue holds, each in its section, and a price for each', async () => {
    expect(
      await sql`select venues.name from venues join seating_plans plan on plan.venue_id = venues.id
                where venues.capacity <> plan.seat_count
                   or plan.seat_count <> (select count(*) from venue_seats where plan_id = plan.id)
                   or plan.seat_count <> (select max(seat_no) + 1 from venue_seats where plan_id = plan.id)`,
    ).toEqual([]);
    expect(
      await sql`select events.title, sections.label from events join sections using (plan_id)
                left join price_tiers tier on tier.event_id = events.id and tier.name = sections.tier_label
                where tier.id is null`,
    ).toEqual([]);
  });

  it('move all matches by the same whole weeks, on the clocks of their venues, the first about 30 days ahead', async () => {
    expect(lines.find((line) => line.includes('worldcup.json'))).toContain('moved by 28 weeks');
    const rows = await sql<{ title: string; local: string }[]>`
      select title, to_char(starts_at at time zone time_zone, 'YYYY-MM-DD HH24:MI') as local
      from events join venues on venues.id = venue_id order by starts_at, seq`;
    expect(rows[0]).toEqual({ title: 'Mexico vs South Africa', local: '2026-12-24 13:00' });
    const { matches } = JSON.parse(await readFile(join(data, 'worldcup-2026/worldcup.json'), 'utf8'));
    const expected = matches.map((match: { team1: string; team2: string; date: string; time: string }) => {
      const moved = new Date(Date.parse(match.date) + 28 * 7 * 86_400_000).toISOString().slice(0, 10);
      return `${match.team1} vs ${match.team2} ${moved} ${match.time.split(' ')[0]?.padStart(5, '0')}`;
    });
    const found = rows.map(({ title, local }) => `${title} ${local}`).filter((row) => !row.startsWith('Season Finale'));
    expect(found.sort()).toEqual(expected.sort());
  });

  it('give only the final a waiting room that is open', async () => {
    expect(first.rooms).toBe(1);
    expect(lines).toContain('Spain vs Argentina has a waiting room: 2000 may buy at once');
    expect(
      await sql`select title, room.state, room.capacity, session_seconds, grace_seconds, opens_at <= now() as open,
                       draw_at = greatest(opens_at, on_sale_at) as draws_then,
                       draw_commitment = encode(sha256(decode(draw_secret, 'hex')), 'hex') as committed
                from waiting_rooms room join events on events.id = event_id`,
    ).toEqual([
      {
        title: 'Spain vs Argentina',
        state: 'CLOSED',
        capacity: 2000,
        session_seconds: 600,
        grace_seconds: 120,
        open: true,
        draws_then: true,
        committed: true,
      },
    ]);
  });

  it('write each event to the outbox once', async () => {
    expect(
      await sql`select type, aggregatetype, (payload->>'updatedVersion')::int as version, count(*)::int,
                       count(distinct event_id)::int as events from outbox group by 1, 2, 3`,
    ).toEqual([{ type: 'EventPublished', aggregatetype: 'catalog', version: 1, count: 105, events: 105 }]);
  });

  it('change nothing when they are imported again, a month later', async () => {
    const before = await contents();
    const later = new Date(now.getTime() + 31 * 86_400_000);
    const second = await importCatalog({ sql }, { folders: real, now: later });
    expect(second).toMatchObject({ venues: { added: 0, changed: 0 }, events: { added: 0, changed: 0 }, seats: 0 });
    expect(await contents()).toEqual(before);
  });

  it("keep the race track's chart as it is in the file", async () => {
    const [row] = await sql<{ plan_id: string; seats: number; sections: number }[]>`
      select plan_id, count(*)::int as seats, count(distinct section_id)::int as sections from venue_seats
      where plan_id in (select plan.id from seating_plans plan join venues on venues.id = venue_id where venues.name = 'Race Track')
      group by 1`;
    expect(row).toMatchObject({ seats: 8_897, sections: 4 });
    const plan = await openSeatingPlanCache({ db }).get(row?.plan_id ?? '');
    expect(plan.sections.map(({ label, tierLabel, focalPoint }) => ({ label, tierLabel, focalPoint }))).toEqual([
      { label: 'Goal Stand 4', tierLabel: 'Goal Stands', focalPoint: [15445.45, 18181.82] },
      { label: 'Goal Stand 3', tierLabel: 'Goal Stands', focalPoint: [15445.45, 18181.82] },
      { label: 'MT1', tierLabel: 'Mid Track Stand', focalPoint: [43627.27, 18681.82] },
      { label: 'MT3', tierLabel: 'Mid Track Stand', focalPoint: [43627.27, 18681.82] },
    ]);
    expect([plan.x[0], plan.y[0]]).toEqual([Math.fround(39735.23 + 676), Math.fround(22018.06 + 976)]);
  });

  it('are read from the cache: one plan for all callers, the layout by its hash', async () => {
    const cache = openSeatingPlanCache({ db });
    const [stored] = await sql<{ id: string; layout_hash: string; layout: Buffer }[]>`
      select id, layout_hash, layout from seating_plans order by seat_count desc limit 1`;
    const plans = await Promise.all([1, 2, 3].map(() => cache.get(stored?.id ?? '')));
    expect(plans[0]).toMatchObject({ planId: stored?.id, hash: stored?.layout_hash, seatCount: 94_000 });
    expect(plans[1]).toBe(plans[0]);
    expect(await cache.get(stored?.id ?? '')).toBe(plans[0]);
    expect((await cache.layoutByHash(stored?.layout_hash ?? ''))?.gzip.equals(stored?.layout ?? Buffer.alloc(0))).toBe(
      true,
    );
    expect(await cache.layoutByHash('0'.repeat(32))).toBeUndefined();
    expect(await cache.layoutByHash("' or true --")).toBeUndefined();
    await expect(cache.get('00000000-0000-8000-8000-000000000000')).rejects.toBeInstanceOf(NotFound);
  });
});
