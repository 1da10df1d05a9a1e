import type { TransactionSql } from 'postgres';
import { IMPORTED_ORGANIZATION_ID } from '#db/tables/catalog.ts';
import type { EventFile, EventRecord } from './catalog-records.ts';
import { refuseImpossibleChanges } from './event-changes-statements.ts';
import { type MovedWeeks, movedWeeks } from './event-dates-statements.ts';
import { type PlacedKeys, placeEvents } from './event-keys-statements.ts';
import { appendCatalogChanges, type CatalogChange } from './import-outbox-statements.ts';
import { importPrices } from './import-prices-statements.ts';
import { importRooms } from './import-rooms-statements.ts';
import { findChanged, recordImported, type Tracked } from './imported-records-statements.ts';
import { instantAfterWeeks } from './kickoff.ts';
import { findLeftEvents, recordSource } from './left-events-statements.ts';
import { nameBasedId } from './name-based-id.ts';
import { ensureOrganizer } from './organizers-statements.ts';

export type EventsImported = {
  added: number;
  changed: number;
  rooms: number;
  weeks: number;
  /** Undefined for a file without events. */
  firstStartsAt: Date | undefined;
  /** The titles of events on sale that the file no longer has. */
  left: readonly string[];
};
/** `planIds`: by the key under which a venue was imported. */
export type EventsContext = { now: Date; planIds: ReadonlyMap<string, string>; venueKeys: PlacedKeys };

/** A confirmed booking can be cancelled until two days before the start. */
const CANCELLABLE_HOURS_BEFORE = 48;

/**
 * Writes the events that are new or changed, each with its prices and its inventory. Throws ImportRefused, with all
 * problems, for a change that cannot be made whole.
 */
export async function importEvents(
  tx: TransactionSql,
  file: EventFile,
  { now, planIds, venueKeys }: EventsContext,
): Promise<EventsImported> {
  const events = await placeEvents(tx, file.events, venueKeys);
  const weeks = await movedWeeks(tx, events, now);
  const starts = events.map((event) => instantAfterWeeks(event.startsLocal, event.timeZone, weeks.of(event)).getTime());
  const changes = await findChanged(tx, events, ({ waitingRoom: _, keyAtVenue: __, ...event }) => event);
  await refuseImpossibleChanges(tx, changes, { file: file.file, weeks, now });
  if (changes.length > 0) await writeEvents(tx, changes, { file, weeks, planIds });
  await recordSource(
    tx,
    file.source,
    events.map((event) => ({ id: nameBasedId(event.key), weeks: weeks.of(event) })),
  );
  const added = changes.filter(({ isNew }) => isNew).length;
  return {
    weeks: weeks.ofFile,
    firstStartsAt: starts.length > 0 ? new Date(Math.min(...starts)) : undefined,
    added,
    changed: changes.length - added,
    rooms: await importRooms(tx, events),
    left: await findLeftEvents(tx, events, file.source),
  };
}

type Source = { file: EventFile; weeks: MovedWeeks; planIds: ReadonlyMap<string, string> };

async function writeEvents(
  tx: TransactionSql,
  changes: readonly Tracked<EventRecord>[],
  { file, weeks, planIds }: Source,
): Promise<void> {
  const organizerId = await ensureOrganizer(tx, file.file, file.organizer);
  const rows = changes.map((change) => eventRow(change, { weeks, planIds, organizerId }));
  await insertEvents(tx, rows);
  const published = await updateEvents(
    tx,
    rows.filter((row) => !row.is_new),
  );
  await importPrices(tx, changes);
  const added = changes.filter((change) => change.isNew);
  await appendCatalogChanges(tx, [
    ...added.map(({ id }): CatalogChange => ({ type: 'EventPublished', id, updatedVersion: 1 })),
    ...published,
  ]);
  await recordImported(tx, changes);
}

type EventRow = ReturnType<typeof eventRow>;
function eventRow(
  { id, isNew, record }: Tracked<EventRecord>,
  from: { weeks: MovedWeeks; planIds: ReadonlyMap<string, string>; organizerId: string },
) {
  const startsAt = instantAfterWeeks(record.startsLocal, record.timeZone, from.weeks.of(record));
  return {
    id,
    is_new: isNew,
    organization_id: IMPORTED_ORGANIZATION_ID,
    organizer_id: from.organizerId,
    venue_id: nameBasedId(record.venueKey),
    plan_id: from.planIds.get(record.venueKey) ?? null,
    title: record.title,
    description: record.description,
    category: record.category,
    performers: record.performers,
    starts_at: startsAt.toISOString(),
    cancellable_until: new Date(startsAt.getTime() - CANCELLABLE_HOURS_BEFORE * 3_600_000).toISOString(),
    currency: record.currency,
    popularity: record.popularity,
  };
}

/**
 * On sale from now until it starts, with one inventory row. Seats get rows of their own when they are first touched.
 */
async function insertEvents(tx: TransactionSql, rows: readonly EventRow[]): Promise<void> {
  await tx`
    with added as (
      insert into events (id, organization_id, organizer_id, venue_id, plan_id, title, description, category, performers, starts_at,
                          on_sale_at, off_sale_at, cancellable_until, status, currency, popularity)
      select id, organization_id, organizer_id, venue_id, plan_id, title, description, category, performers, starts_at,
             least(date_trunc('minute', now()), starts_at) - interval '1 minute', starts_at, cancellable_until, 'PUBLISHED', currency,
             popularity
      from jsonb_to_recordset(${tx.json(rows)})
        as r(id uuid, is_new boolean, organization_id uuid, organizer_id uuid, venue_id uuid, plan_id uuid, title text, description text,
             category text, performers text[], starts_at timestamptz, cancellable_until timestamptz, currency text,
             popularity integer)
      where is_new
      order by starts_at, id
      returning id, plan_id
    )
    insert into seat_inventories (event_id, capacity, available)
    select added.id, plan.seat_count, plan.seat_count from added join seating_plans plan on plan.id = added.plan_id`;
}

async function updateEvents(tx: TransactionSql, rows: readonly EventRow[]): Promise<CatalogChange[]> {
  const updated = await tx<{ id: string; updated_version: number; status: string }[]>`
    update events event set
      title = r.title, description = r.description, category = r.category, performers = r.performers,
      starts_at = r.starts_at, off_sale_at = r.starts_at, cancellable_until = r.cancellable_until,
      popularity = r.popularity, organizer_id = r.organizer_id, updated_version = event.updated_version + 1, updated_at = now()
    from jsonb_to_recordset(${tx.json(rows)})
      as r(id uuid, title text, description text, category text, performers text[], starts_at timestamptz,
           cancellable_until timestamptz, popularity integer, organizer_id uuid)
    where event.id = r.id
    returning event.id, event.updated_version::float8, event.status`;
  return updated
    .filter((event) => event.status === 'PUBLISHED')
    .map((event) => ({ type: 'EventChanged', id: event.id, updatedVersion: event.updated_version }));
}
