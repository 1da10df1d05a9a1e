import type { SearchEventsRequest } from '#domain/catalog/search-types.ts';
import { tours } from './catalogue-words.ts';
import { type Catalogue, type City, drawFrom, oneOf, type Random, randomFrom, zipf } from './large-catalogue.ts';

/** What a fan asks. `request` has only arguments of `searchEvents`; facets are not asked for. */
export type Question = { readonly kind: QuestionKind; readonly request: Asked };
type Asked = Pick<SearchEventsRequest, 'text' | 'city' | 'near' | 'radiusKm' | 'countryCode' | 'startsBetween'>;
export type QuestionKind = keyof typeof makers;

const DAY_MS = 86_400_000;
const RADII_KM = [10, 25, 25, 50];

export const SEARCH_QUERY = `query ($text: String, $city: String, $countryCode: String, $near: GeoPointInput, $radiusKm: Float,
    $startsBetween: DateTimeRangeInput) {
  searchEvents(text: $text, city: $city, countryCode: $countryCode, near: $near, radiusKm: $radiusKm, startsBetween: $startsBetween, first: 20) {
    degraded totalCount
    edges { cursor distanceKm highlights { field snippet } node { id title startsAt venue { name city countryCode } priceFrom { amountMinor currency } } }
  } }`;

/** The body of the question as an API client sends it. */
export const bodyOf = (request: Asked): string => JSON.stringify({ query: SEARCH_QUERY, variables: request });

type Making = { readonly random: Random; readonly city: City; readonly performer: string; readonly today: number };

const makers = {
  text: ({ random, performer }) => ({ text: random() < 0.3 ? `${performer} ${oneOf(tours, random)}` : performer }),
  'text and city': ({ performer, city, random }) => ({
    text: random() < 0.5 ? performer : (performer.split(' ').at(-1) ?? performer),
    city: city.name,
  }),
  'near, with a radius': ({ city, random }) => ({
    near: { latitude: city.latitude, longitude: city.longitude },
    radiusKm: oneOf(RADII_KM, random),
  }),
  'city and days': ({ city, random, today }) => ({ city: city.name, startsBetween: daysFrom(random, today, 30) }),
  'country and days': ({ city, random, today }) => ({
    countryCode: city.countryCode,
    startsBetween: daysFrom(random, today, 7),
  }),
} as const satisfies Record<string, (making: Making) => Asked>;

/** How often fans ask each kind, in percent. */
const shares: Readonly<Record<QuestionKind, number>> = {
  text: 35,
  'text and city': 25,
  'near, with a radius': 20,
  'city and days': 15,
  'country and days': 5,
};
const kinds = Object.keys(shares) as QuestionKind[];

function daysFrom(random: Random, today: number, most: number) {
  const from = today + Math.floor(random() * 60) * DAY_MS;
  const days = 1 + Math.floor(random() * most);
  return { from: new Date(from), to: new Date(from + days * DAY_MS) };
}

/** Distinct questions, the same ones for the same seed. Well known performers and large cities come more often. */
export function questions(catalogue: Catalogue, { count, seed, today }: QuestionOptions): Question[] {
  const random = randomFrom(seed);
  const drawKind = drawFrom(kinds.map((kind) => shares[kind]));
  const drawCity = drawFrom(zipf(catalogue.cities.length, 0.8));
  const drawPerformer = drawFrom(zipf(catalogue.performers.length, 0.6));
  const made = new Map<string, Question>();
  while (made.size < count) {
    const kind = kinds[drawKind(random)] ?? 'text';
    const city = catalogue.cities[drawCity(random)] as City;
    const performer = catalogue.performers[drawPerformer(random)] ?? '';
    const request = makers[kind]({ random, city, performer, today });
    made.set(JSON.stringify(request), { kind, request });
  }
  return [...made.values()];
}
export type QuestionOptions = { readonly count: number; readonly seed: number; readonly today: number };

/** The ways in which fans write one question: in capitals, with further blanks, from a place a few metres away. */
export const spellings = ({ request }: Question): Asked[] => {
  const { text, city, near } = request;
  const with_ = (change: (words: string) => string, metres: number): Asked => ({
    ...request,
    ...(text === undefined ? {} : { text: change(text) }),
    ...(city === undefined ? {} : { city: change(city) }),
    ...(near === undefined ? {} : { near: { ...near, latitude: near.latitude + metres * 9e-6 } }),
  });
  return [request, with_((words) => words.toLowerCase(), 8), with_((words) => ` ${words.toUpperCase()}  `, -8)];
};
