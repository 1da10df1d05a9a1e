import type { TransactionSql } from 'postgres';
import type { EventRecord } from './catalog-records.ts';
import { nameBasedId } from './name-based-id.ts';

/** By the key that a venue has in its file, the key under which it was imported, which is different for a namesake. */
export type PlacedKeys = ReadonlyMap<string, string>;

/**
 * The events with the keys of their venues and their own. An event's key has the name of its venue, so events of a
 * namesake may have the same one: the later event then gets a key with the whole key of its venue.
 */
export async function placeEvents(
  tx: TransactionSql,
  events: readonly EventRecord[],
  venueKeys: PlacedKeys,
): Promise<EventRecord[]> {
  const placed = events.map((event) => {
    const venueKey = venueKeys.get(event.venueKey) ?? event.venueKey;
    const otherKey = event.keyAtVenue === undefined ? event.key : `event/${venueKey}/${event.keyAtVenue}`;
    return { event: { ...event, venueKey }, otherKey };
  });
  const ids = placed.flatMap(({ event, otherKey }) => [nameBasedId(event.key), nameBasedId(otherKey)]);
  const rows = await tx<{ id: string; venue_id: string }[]>`
    select id, venue_id from events where id = any(${ids}::uuid[])`;
  const venueOf = new Map(rows.map((row) => [row.id, row.venue_id]));
  return placed.map(({ event, otherKey }) => {
    const holder = venueOf.get(nameBasedId(event.key));
    const isFree = holder === undefined || holder === nameBasedId(event.venueKey);
    return isFree && !venueOf.has(nameBasedId(otherKey)) ? event : { ...event, key: otherKey };
  });
}
