import type { SearchAnswer } from './client.ts';
import type { EventFacet } from './event-search.ts';
import { placeKeys } from './normal-form/place-keys.ts';

type Count = { readonly value: string; readonly count: number };

/** How many values of a facet a client is shown. */
const MOST_VALUES = 250;

/**
 * Highest count first. Spellings of one city are one value, because each of them, used as filter, finds the events of
 * all.
 */
export const facetsOf = (answer: SearchAnswer | undefined): EventFacet[] =>
  (answer?.facet_counts ?? []).map(({ field_name: field, counts, stats }) => {
    const values = field === 'city' ? byPlace(counts) : counts.map(({ value, count }) => ({ value, count }));
    const unseen = Math.max(0, (stats?.total_values ?? counts.length) - counts.length);
    return {
      field: field === 'country_code' ? 'countryCode' : field,
      counts: values.sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)).slice(0, MOST_VALUES),
      totalValues: values.length + unseen,
    };
  });

/** The most frequent spelling is shown for all. */
function byPlace(counts: readonly Count[]): Count[] {
  const places: { value: string; count: number }[] = [];
  const placeOf = new Map<string, (typeof places)[number]>();
  for (const { value, count } of [...counts].sort((a, b) => b.count - a.count)) {
    const keys = placeKeys(value);
    const known = keys.map((key) => placeOf.get(key)).find((place) => place !== undefined);
    const place = known ?? { value, count: 0 };
    if (!known) places.push(place);
    place.count += count;
    for (const key of keys) placeOf.set(key, place);
  }
  return places.map(({ value, count }) => ({ value, count }));
}
