import { InvalidInput } from '../errors.ts';

const MAX_FIRST = 50;
const MAX_TEXT = 200;
/** Each word costs the engine a look-up with all its misspellings; nobody types more to find an event. */
const MAX_WORDS = 12;
/** Half the Earth's circumference: everywhere. */
export const MAX_RADIUS_KM = 20_040;
const MAX_PRICE_MINOR = 2_147_483_647;
const CATEGORIES = ['SPORT', 'CONCERT', 'THEATRE', 'COMEDY', 'FESTIVAL', 'FAMILY', 'CONFERENCE', 'OTHER'];
const SORTS = ['RELEVANCE', 'SOONEST', 'NEAREST', 'PRICE', 'POPULARITY'];

type Filters = {
  near?: { latitude: number; longitude: number } | undefined;
  radiusKm?: number | undefined;
  countryCode?: string | undefined;
  categories?: readonly string[] | undefined;
  startsBetween?: { from?: Date | undefined; to?: Date | undefined } | undefined;
  priceAtMostMinor?: number | undefined;
  sort?: string | undefined;
};

function refuseUnless(holds: boolean, field: string, message: string): asserts holds {
  if (!holds) throw new InvalidInput(field, message);
}

const isWithin = (value: number, [low, high]: readonly [number, number]) => value >= low && value <= high;

/** @throws InvalidInput */
export function checkFirst(first: number): void {
  refuseUnless(Number.isInteger(first) && isWithin(first, [1, MAX_FIRST]), 'first', `Ask for 1 to ${MAX_FIRST}.`);
}

/**
 * What is searched for: words of letters and digits in lower case, separated by one space; undefined where there are
 * none. Nothing that is an operator to an engine is left, and no more than the first 12 words.
 *
 * @throws InvalidInput for more than 200 characters
 */
export function wordsOf(field: 'text' | 'city', text: string | null | undefined): string | undefined {
  if (text === undefined || text === null) return undefined;
  refuseUnless(text.length <= MAX_TEXT, field, `At most ${MAX_TEXT} characters.`);
  const words = text
    .normalize('NFC')
    .toLowerCase()
    .replace(/['’`´]/g, '')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim()
    .split(' ')
    .slice(0, MAX_WORDS)
    .join(' ');
  return /[\p{L}\p{N}]/u.test(words) ? words : undefined;
}

/** @throws InvalidInput with the field that is wrong */
export function checkFilters(request: Filters): void {
  checkPlace(request);
  checkRanges(request);
  const { countryCode, categories = [], sort } = request;
  refuseUnless(
    countryCode === undefined || /^[A-Za-z]{2}$/.test(countryCode),
    'countryCode',
    'Two letters, such as MX (ISO 3166-1).',
  );
  refuseUnless(
    categories.every((category) => CATEGORIES.includes(category)),
    'categories',
    `Each is one of ${CATEGORIES.join(', ')}.`,
  );
  refuseUnless(sort === undefined || SORTS.includes(sort), 'sort', `One of ${SORTS.join(', ')}.`);
  refuseUnless(sort !== 'NEAREST' || request.near !== undefined, 'sort', 'NEAREST needs `near`.');
}

function checkPlace({ near, radiusKm }: Filters): void {
  if (near) {
    refuseUnless(isWithin(near.latitude, [-90, 90]), 'near.latitude', 'Degrees from -90 to 90.');
    refuseUnless(isWithin(near.longitude, [-180, 180]), 'near.longitude', 'Degrees from -180 to 180.');
  }
  if (radiusKm === undefined) return;
  refuseUnless(near !== undefined, 'radiusKm', 'A radius needs `near`.');
  refuseUnless(radiusKm > 0 && radiusKm <= MAX_RADIUS_KM, 'radiusKm', `More than 0, at most ${MAX_RADIUS_KM}.`);
}

function checkRanges({ startsBetween, priceAtMostMinor }: Filters): void {
  const { from, to } = startsBetween ?? {};
  refuseUnless(!from || isInstant(from), 'startsBetween.from', 'Not an instant that a calendar has.');
  refuseUnless(!to || isInstant(to), 'startsBetween.to', 'Not an instant that a calendar has.');
  refuseUnless(!from || !to || from <= to, 'startsBetween', '`from` is after `to`.');
  if (priceAtMostMinor === undefined) return;
  refuseUnless(
    Number.isInteger(priceAtMostMinor) && isWithin(priceAtMostMinor, [0, MAX_PRICE_MINOR]),
    'priceAtMostMinor',
    'A whole number of minor units, not negative.',
  );
}

/** In microseconds it must fit a safe integer: up to the year 2255. */
const isInstant = (at: Date): boolean => Math.abs(at.getTime()) * 1000 <= Number.MAX_SAFE_INTEGER;
