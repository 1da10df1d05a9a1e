import type { TransactionSql } from 'postgres';
import { distanceKm } from '../distance-rules.ts';
import type { VenueRecord } from './catalog-records.ts';
import { nameBasedId } from './name-based-id.ts';

type Location = { city: string; latitude: number; longitude: number };

/** A venue that is nearer than this is the same one, even if the file now spells its city in another way. */
const NEAR_KM = 5;
/** A venue of this city that is further away is in another city of the same name. */
const SAME_CITY_KM = 100;

function isSamePlace(one: Location, other: Location): boolean {
  const apart = distanceKm(one, other);
  return apart <= NEAR_KM || (apart <= SAME_CITY_KM && one.city.toLowerCase() === other.city.toLowerCase());
}

/** The keys that a venue may have, in the order in which they are tried. */
function keysOf({ countryCode, city, name, latitude, longitude }: VenueRecord): string[] {
  const placed = `venue/${countryCode}/${city}/${name}`;
  return [`venue/${countryCode}/${name}`, placed, `${placed}/${latitude.toFixed(1)},${longitude.toFixed(1)}`];
}

/**
 * Gives each venue the key under which it was imported before; the key in its file only tells the venues of the file apart. A new venue gets its plain key, unless a venue of that
 * name in another place has it: then its key names the city too. Venues of one name in two cities are two venues.
 */
export async function placeVenues(tx: TransactionSql, venues: readonly VenueRecord[]): Promise<VenueRecord[]> {
  const ids = venues.flatMap((venue) => keysOf(venue).map(nameBasedId));
  const rows = await tx<(Location & { id: string })[]>`
    select id, city, latitude, longitude from venues where id = any(${ids}::uuid[])`;
  const known = new Map<string, Location>(rows.map((row) => [row.id, row]));
  return venues.map((venue) => {
    const keys = keysOf(venue);
    const isOwn = (key: string) => {
      const there = known.get(nameBasedId(key));
      return there !== undefined && isSamePlace(there, venue);
    };
    const key = keys.find(isOwn) ?? keys.find((candidate) => !known.has(nameBasedId(candidate))) ?? venue.key;
    known.set(nameBasedId(key), venue);
    return { ...venue, key };
  });
}
