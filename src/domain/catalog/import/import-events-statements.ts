import type { TransactionSql } from 'postgres';
import type { EventFile, EventRecord, OrganizerRecord } from './catalog-records.ts';
import { appendCatalogChanges, type CatalogChange } from './import-outbox-statements.ts';
import { ImportRefused } from './import-refused.ts';
import { importRooms } from './import-rooms-statements.ts';
import { findChanged, recordImported, type Tracked } from './imported-records-statements.ts';
import { instantAfterWeeks, weeksAhead, weeksBetween } from './kickoff.ts';
import { nameBasedId } from './name-based-id.ts';

export type EventsImported = { added: number; changed: number; rooms: number; weeks: number; firstStartsAt: Date };
export type EventsContext = { now: Date; planIds: ReadonlyMap<string, string> };

/** The first event of a file is at least this far ahead when the file is first imported. */
const DAYS_AHEAD = 30;
/** A confirmed booking can be cancelled until two days before the start. */
const CANCELLABLE_HOURS_BEFORE = 48;

/**
 * Writes the events that are new or changed, each with its prices and its inventory. All events of a file are moved
 * by the same number of whole weeks: by as many as its events in the database already are; at the first import, so
 * that the first event is far enough ahead.
 */
export async function importEvents(
  tx: TransactionSql,
  { file, organizer, events }: EventFile,
  { now, planIds }: EventsContext,
): Promise<EventsImported> {
  const weeks = (await weeksSoFar(tx, events)) ?? weeksAhead(events, now, DAYS_AHEAD);
  const starts = events.map((event) => instantAfterWeeks(event.startsLocal, event.timeZone, weeks).getTime());
  const report = { weeks, firstStartsAt: new Date(Math.min(...starts)) };
  const changes = await findChanged(tx, events, ({ waitingRoom: _, ...event }) => event);
  if (changes.length > 0) await writeEvents(tx, changes, { file, organizer, weeks, planIds });
  const rooms = await importRooms(tx, events);
  const added = changes.filter(({ isNew }) => isNew).length;
  return { ...report, added, changed: changes.length - added, rooms };
}

type Source = { file: string; organizer: OrganizerRecord; weeks: number; planIds: ReadonlyMap<string, string> };

async function writeEvents(
  tx: TransactionSql,
  changes: readonly Tracked<EventRecord>[],
  { file, organizer, weeks, planIds }: Source,
): Promise<void> {
  await refuseMoves(tx, file, changes);
  await ensureOrganizer(tx, file, organizer);
  const rows = changes.map((change) => eventRow(change, { weeks, planIds, organizer }));
  await insertEvents(tx, rows);
  const published = await updateEvents(
    tx,
    rows.filter((row) => !row.is_new),
  );
  await upsertPrices(tx, changes);
  const added = changes.filter((change) => change.isNew);
  await appendCatalogChanges(tx, [
    ...added.map(({ id }): CatalogChange => ({ type: 'EventPublished', id, updatedVersion: 1 })),
    ...published,
  ]);
  await recordImported(tx, changes);
}

/** By how many weeks most of these events were moved at their import; an organizer may have moved one since. */
async function weeksSoFar(tx: TransactionSql, events: readonly EventRecord[]): Promise<number | undefined> {
  const byId = new Map(events.map((event) => [nameBasedId(event.key), event]));
  const rows = await tx<{ id: string; starts_at_ms: number }[]>`
    select id, extract(epoch from starts_at)::float8 * 1000 as starts_at_ms from events
    where id = any(${[...byId.keys()]}::uuid[])`;
  const votes = new Map<number, number>();
  for (const row of rows) {
    const event = byId.get(row.id);
    if (!event) continue;
    const weeks = weeksBetween(event.startsLocal, event.timeZone, new Date(row.starts_at_ms));
    votes.set(weeks, (votes.get(weeks) ?? 0) + 1);
  }
  return [...votes].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/** Seats were sold from the plan of the event's present venue, so the event cannot move to another venue. */
async function refuseMoves(tx: TransactionSql, file: string, changes: readonly Tracked<EventRecord>[]): Promise<void> {
  const venues = changes.map(({ record }) => nameBasedId(record.venueKey));
  const moved = await tx<{ title: string; name: string }[]>`
    select event.title, venue.name
    from unnest(${changes.map(({ id }) => id)}::uuid[], ${venues}::uuid[]) as wanted(id, venue_id)
    join events event using (id) join venues venue on venue.id = event.venue_id
    where event.venue_id <> wanted.venue_id`;
  if (moved.length === 0) return;
  throw new ImportRefused(
    file,
    moved.map(({ title, name }) => ({
      record: title,
      reason: `it is on sale at ${name} and cannot move to another venue`,
    })),
  );
}

/** The organizer's account has no password, so it is impossible to sign in to it. */
async function ensureOrganizer(
  tx: TransactionSql,
  file: string,
  { key, email, displayName }: OrganizerRecord,
): Promise<void> {
  const id = nameBasedId(key);
  const made = await tx`
    insert into users (id, email, display_name, role)
    values (${id}, ${email}, ${displayName}, 'ORGANIZER') on conflict do nothing returning id`;
  if (made.length > 0 || (await tx`select 1 from users where id = ${id}`).length > 0) return;
  // Anyone can sign up with an address that is not theirs, so the account that has it does not become the organizer.
  throw new ImportRefused(file, [
    {
      record: `organizer ${displayName}`,
      reason: `the e-mail address ${email} belongs to an account that an import did not make: give the organizer another address`,
    },
  ]);
}

type EventRow = ReturnType<typeof eventRow>;
function eventRow(
  { id, isNew, record }: Tracked<EventRecord>,
  from: { weeks: number; planIds: ReadonlyMap<string, string>; organizer: OrganizerRecord },
) {
  const startsAt = instantAfterWeeks(record.startsLocal, record.timeZone, from.weeks);
  return {
    id,
    is_new: isNew,
    organizer_id: nameBasedId(from.organizer.key),
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
      insert into events (id, organizer_id, venue_id, plan_id, title, description, category, performers, starts_at,
                          on_sale_at, off_sale_at, cancellable_until, status, currency, popularity)
      select id, organizer_id, venue_id, plan_id, title, description, category, performers, starts_at,
             date_trunc('minute', now()) - interval '1 minute', starts_at, cancellable_until, 'PUBLISHED', currency,
             popularity
      from jsonb_to_recordset(${tx.json(rows)})
        as r(id uuid, is_new boolean, organizer_id uuid, venue_id uuid, plan_id uuid, title text, description text,
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
      popularity = r.popularity, updated_version = event.updated_version + 1, updated_at = now()
    from jsonb_to_recordset(${tx.json(rows)})
      as r(id uuid, title text, description text, category text, performers text[], starts_at timestamptz,
           cancellable_until timestamptz, popularity integer)
    where event.id = r.id
    returning event.id, event.updated_version::float8, event.status`;
  return updated
    .filter((event) => event.status === 'PUBLISHED')
    .map((event) => ({ type: 'EventChanged', id: event.id, updatedVersion: event.updated_version }));
}

/** A hold keeps the price at which it was made, so a price may change while the event is on sale. */
async function upsertPrices(tx: TransactionSql, changes: readonly Tracked<EventRecord>[]): Promise<void> {
  const rows = changes.flatMap(({ id, record }) =>
    record.prices.map(({ tier, priceMinor, feeMinor }) => ({
      id: nameBasedId(`price/${id}/${tier}`),
      event_id: id,
      name: tier,
      price_minor: priceMinor,
      fee_minor: feeMinor,
    })),
  );
  await tx`
    insert into price_tiers (id, event_id, name, price_minor, fee_minor)
    select r.id, event_id, r.name, price_minor, fee_minor
    from jsonb_to_recordset(${tx.json(rows)})
      as r(id uuid, event_id uuid, name text, price_minor bigint, fee_minor bigint)
    join events event on event.id = r.event_id
    where exists (select 1 from sections where sections.plan_id = event.plan_id
                  and (sections.tier_label = r.name or r.name = any(sections.seat_tier_labels)))
    on conflict (event_id, name) do update set price_minor = excluded.price_minor, fee_minor = excluded.fee_minor`;
}
