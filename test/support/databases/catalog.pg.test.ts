import { sql } from 'drizzle-orm';
import { afterAll, expect, test } from 'vitest';
import { closeDb, openDb } from '#db/client.ts';
import { openSeatingPlanCache } from '#domain/catalog/seating-plan-cache.ts';
import { seedEvent } from './catalog.ts';
import { createBookingDatabase } from './databases.ts';

const database = await createBookingDatabase();
const db = openDb({ url: database.url, poolMax: 2, name: 'test' });
afterAll(async () => {
  await closeDb(db);
  await database.drop();
});

test('a seeded event has a plan that the cache can read, a tier for each section and all seats free', async () => {
  const event = await seedEvent(db, { seats: 40, rows: 2, sections: 2, priceMinor: 100, onSaleInSeconds: 60 });
  const plan = await openSeatingPlanCache({ db }).get(event.planId);
  expect(plan).toMatchObject({ seatCount: 40, sections: [{ tierLabel: 'Tier 1' }, { tierLabel: 'Tier 2' }] });
  expect([plan.rowOf[9], plan.rowOf[10], plan.sectionOf[19], plan.sectionOf[20]]).toEqual(['1', '2', 0, 1]);
  const [row] = await db.execute(sql`
    select i.available, e.on_sale_at > now() as later, (select array_agg(price_minor::int order by name) from price_tiers) as prices,
      (select count(*)::int from venue_seats) as seats
    from seat_inventories i join events e on e.id = i.event_id`);
  expect(row).toEqual({ available: 40, later: true, prices: [100, 1100], seats: 40 });
});

test('a second event can use the same plan', async () => {
  const first = await seedEvent(db, { seats: 4 });
  const second = await seedEvent(db, { seats: 4, like: first });
  expect(second.planId).toBe(first.planId);
  expect(second.eventId).not.toBe(first.eventId);
});
