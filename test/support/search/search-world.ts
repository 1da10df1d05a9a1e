import { randomUUIDv7 } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { closeDb, type Db, openDb } from '#db/client.ts';
import { importEvents } from '#domain/catalog/import/import-events-statements.ts';
import { nameBasedId } from '#domain/catalog/import/name-based-id.ts';
import { readCatalogFolder } from '#domain/catalog/import/read-catalog-folder.ts';
import { openRawClient } from '#shared/postgres.ts';
import { createBookingDatabase } from '#test/support/databases/databases.ts';

export type Catalogue = {
  db: Db;
  url: string;
  /** Raw ids of the venues by city. */
  venues: ReadonlyMap<string, string>;
  /** Puts another event on sale at a venue; returns its raw id. */
  addEvent(event: NewEvent): Promise<string>;
  /** Changes a column as the organizer would: with a new version. */
  change(eventId: string, set: { title?: string; status?: 'CANCELLED' | 'DRAFT' | 'PUBLISHED' }): Promise<void>;
  close(): Promise<void>;
};
export type NewEvent = {
  city: string;
  title: string;
  performers?: readonly string[];
  description?: string;
  category?: string;
  startsAt?: Date;
  /** Default a minute ago. */
  onSaleAt?: Date;
  priceMinor?: number;
  /** Default USD. */
  currency?: string;
  popularity?: number;
  /** Makes a venue in a city that has none yet. */
  venue?: true;
};

const DAY_MS = 86_400_000;

/**
 * A booking database with the 104 matches of the World Cup. Its stadiums have a plan of one seat, because search
 * sees no seats.
 */
export async function createCatalogue(): Promise<Catalogue> {
  const database = await createBookingDatabase();
  const folder = await readCatalogFolder(fileURLToPath(new URL('../../../data/worldcup-2026', import.meta.url)));
  const raw = openRawClient({ url: database.url, poolMax: 1, name: 'test-catalogue' });
  const planIds = new Map<string, string>();
  const venues = new Map<string, string>();
  await raw.begin(async (tx) => {
    for (const { venues: records } of folder.venues) {
      for (const record of records) {
        const venueId = nameBasedId(record.key);
        const planId = randomUUIDv7();
        planIds.set(record.key, planId);
        venues.set(record.city, venueId);
        await tx`insert into venues (id, name, city, country_code, latitude, longitude, time_zone, capacity)
          values (${venueId}, ${record.name}, ${record.city}, ${record.countryCode}, ${record.latitude},
                  ${record.longitude}, ${record.timeZone}, 100)`;
        await tx`insert into seating_plans (id, venue_id, version, seat_count, layout_hash, layout)
          values (${planId}, ${venueId}, 1, 100, ${planId}, '')`;
        await tx`insert into sections (id, plan_id, position, label, tier_label)
          select gen_random_uuid(), ${planId}, n, n::text, 'Category ' || n from generate_series(1, 4) n`;
      }
    }
    for (const file of folder.events) await importEvents(tx, file, { now: new Date(), planIds, venueKeys: new Map() });
  });
  await raw.end();
  const db = openDb({ url: database.url, poolMax: 12, name: 'test' });
  return {
    db,
    url: database.url,
    venues,
    addEvent: (event) => addEvent(db, event),
    change: (eventId, set) => change(db, eventId, set),
    close: async () => {
      await closeDb(db);
      await database.drop();
    },
  };
}

async function addVenue(db: Db, city: string): Promise<void> {
  const [id, planId] = [randomUUIDv7(), randomUUIDv7()];
  await db.execute(sql`insert into venues (id, name, city, country_code, latitude, longitude, time_zone, capacity)
    values (${id}, 'Hall', ${city}, 'CA', 43.6, -79.4, 'America/Toronto', 100)`);
  await db.execute(sql`insert into seating_plans (id, venue_id, version, seat_count, layout_hash, layout)
    values (${planId}, ${id}, 1, 100, ${planId}, '')`);
}

async function addEvent(db: Db, event: NewEvent): Promise<string> {
  const id = randomUUIDv7();
  if (event.venue) await addVenue(db, event.city);
  const startsAt = (event.startsAt ?? new Date(Date.now() + 30 * DAY_MS)).toISOString();
  const onSaleAt = (event.onSaleAt ?? new Date(Date.now() - 60_000)).toISOString();
  await db.execute(sql`
    with added as (
      insert into events (id, organizer_id, venue_id, plan_id, title, description, category, performers, starts_at,
                          on_sale_at, off_sale_at, status, currency, popularity)
      select ${id}, (select id from users where role = 'ORGANIZER' limit 1), v.id, p.id, ${event.title},
             ${event.description ?? ''}, ${event.category ?? 'CONCERT'},
             (select coalesce(array_agg(value), '{}') from jsonb_array_elements_text(${JSON.stringify(event.performers ?? [])}::jsonb)),
             ${startsAt}, ${onSaleAt}, ${startsAt}, 'PUBLISHED', ${event.currency ?? 'USD'}, ${event.popularity ?? 10}
      from venues v join seating_plans p on p.venue_id = v.id where v.city = ${event.city}
      returning id),
    priced as (
      insert into price_tiers (id, event_id, name, price_minor, fee_minor)
      select gen_random_uuid(), id, 'Standing', ${event.priceMinor ?? 5000}, 100 from added)
    insert into seat_inventories (event_id, capacity, available) select id, 100, 100 from added`);
  return id;
}

async function change(db: Db, eventId: string, set: { title?: string; status?: string }): Promise<void> {
  await db.execute(sql`
    update events set title = coalesce(${set.title ?? null}, title), status = coalesce(${set.status ?? null}, status),
                      updated_version = updated_version + 1, updated_at = now()
    where id = ${eventId}`);
}
