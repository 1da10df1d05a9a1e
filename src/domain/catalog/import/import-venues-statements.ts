import type { TransactionSql } from 'postgres';
import { IMPORTED_ORGANIZATION_ID } from '#db/tables/catalog.ts';
import type { VenueRecord } from './catalog-records.ts';
import { appendCatalogChanges } from './import-outbox-statements.ts';
import { publishPlan } from './import-plan-statements.ts';
import { findChanged, recordImported, type Tracked } from './imported-records-statements.ts';
import { placeVenues } from './venue-keys-statements.ts';

export type VenuesImported = {
  added: number;
  changed: number;
  seats: number;
  /** The venues with the keys under which they are stored, in the order of the file. */
  placed: readonly VenueRecord[];
};
export type Progress = (line: string) => void;

/** Writes the venues that are new or changed, each with its seating plan. */
export async function importVenues(
  tx: TransactionSql,
  venues: readonly VenueRecord[],
  progress: Progress,
): Promise<VenuesImported> {
  const placed = await placeVenues(tx, venues);
  const changes = await findChanged(tx, placed, ({ draftPlan: _, ...content }) => content);
  if (changes.length === 0) return { added: 0, changed: 0, seats: 0, placed };
  await upsertVenues(tx, changes);
  let seats = 0;
  for (const [index, { id, record }] of changes.entries()) {
    const written = await publishPlan(tx, id, record);
    seats += written;
    if (written > 0) {
      progress(`seating plan ${index + 1} of ${changes.length}: ${record.name}, ${written.toLocaleString('en')} seats`);
    }
  }
  await tellEvents(
    tx,
    changes.filter((change) => !change.isNew).map((change) => change.id),
  );
  await recordImported(tx, changes);
  const added = changes.filter((change) => change.isNew).length;
  return { added, changed: changes.length - added, seats, placed };
}

async function upsertVenues(tx: TransactionSql, changes: readonly Tracked<VenueRecord>[]): Promise<void> {
  const rows = changes.map(({ id, record }) => ({
    id,
    organization_id: IMPORTED_ORGANIZATION_ID,
    name: record.name,
    address: record.address,
    city: record.city,
    country_code: record.countryCode,
    latitude: record.latitude,
    longitude: record.longitude,
    time_zone: record.timeZone,
    capacity: record.capacity,
  }));
  await tx`
    insert into venues (id, organization_id, name, address, city, country_code, latitude, longitude, time_zone, capacity)
    select * from jsonb_to_recordset(${tx.json(rows)})
      as r(id uuid, organization_id uuid, name text, address text, city text, country_code text, latitude float8, longitude float8,
           time_zone text, capacity integer)
    on conflict (id) do update set
      name = excluded.name, address = excluded.address, city = excluded.city, country_code = excluded.country_code,
      latitude = excluded.latitude, longitude = excluded.longitude, time_zone = excluded.time_zone,
      capacity = excluded.capacity`;
}

/** The venue's data that events show has changed, so the keepers of copies of these events are notified. */
async function tellEvents(tx: TransactionSql, venueIds: readonly string[]): Promise<void> {
  if (venueIds.length === 0) return;
  const events = await tx<{ id: string; updated_version: number }[]>`
    update events set updated_version = updated_version + 1, updated_at = now()
    where venue_id = any(${venueIds as string[]}::uuid[]) and status = 'PUBLISHED'
    returning id, updated_version::float8`;
  await appendCatalogChanges(
    tx,
    events.map((event) => ({ type: 'EventChanged', id: event.id, updatedVersion: event.updated_version })),
  );
}
