import { MAX_AMOUNT_MINOR } from '../currency-rules.ts';
import { InvalidInput } from '../errors.ts';

const MAX_FIRST = 50;
const MAX_TEXT = 200;
/** Half the Earth's circumference: everywhere. */
export const MAX_RADIUS_KM = 20_040;
const CATEGORIES = ['SPORT', 'CONCERT', 'THEATRE', 'COMEDY', 'FESTIVAL', 'FAMILY', 'CONFERENCE', 'OTHER'];
const SORTS = ['RELEVANCE', 'SOONEST', 'NEAREST', 'PRICE', 'POPULARITY'];

type Filters = {
  near?: { latitude: number; longitude: number } | undefined;
  radiusKm?: number | undefined;
  city?: string | undefined;
  countryCode?: string | undefined;
  currency?: string | undefined;
  categories?: readonly string[] | undefined;
  startsBetween?: { from?: Date | undefined; to?: Date | undefined } | undefined;
  priceAtMostMinor?: number | undefined;
  priceAtMost?: { amountMinor: number; currency: string } | undefined;
  sort?: string | undefined;
};

function refuseUnless(holds: boolean, field: string, message: string): asserts holds {
  if (!holds) throw new InvalidInput(field, message);
}

const isWithin = (value: number, [low, high]: readonly [number, number]) => value >= low && value <= high;

/** @throws InvalidInput */
export function checkFirst(first: number): void {
  refuseUnless(
    Number.isInteger(first) && isWithin(first, [1, MAX_FIRST]),
    'first',
    `\`first\` must be 1 to ${MAX_FIRST}.`,
  );
}

/**
 * The text, or undefined for a text of blanks only. A text without a word, such as "!!!", is returned.
 *
 * @throws InvalidInput for more than 200 characters
 */
export function textOf(field: 'text' | 'city', text: string | null | undefined): string | undefined {
  if (text === undefined || text === null || text.trim() === '') return undefined;
  refuseUnless(text.length <= MAX_TEXT, field, `A search text may have at most ${MAX_TEXT} characters.`);
  return text;
}

/** @throws InvalidInput with the field that is wrong */
export function checkFilters(request: Filters): void {
  checkPlace(request);
  checkRanges(request);
  checkPrice(request);
  const { countryCode, categories = [], sort } = request;
  refuseUnless(
    countryCode === undefined || /^[A-Za-z]{2}$/.test(countryCode),
    'countryCode',
    'A country code must be two letters, such as MX (ISO 3166-1).',
  );
  refuseUnless(
    categories.every((category) => CATEGORIES.includes(category)),
    'categories',
    `Each category must be one of ${CATEGORIES.join(', ')}.`,
  );
  refuseUnless(sort === undefined || SORTS.includes(sort), 'sort', `The order must be one of ${SORTS.join(', ')}.`);
  refuseUnless(sort !== 'NEAREST' || request.near !== undefined, 'sort', 'NEAREST needs `near`.');
}

function checkPlace({ near, radiusKm, city }: Filters): void {
  refuseUnless(
    city === undefined || /[\p{L}\p{N}\p{So}]/u.test(city),
    'city',
    'The name of a city must have a letter or digit.',
  );
  if (near) {
    refuseUnless(isWithin(near.latitude, [-90, 90]), 'near.latitude', 'The latitude must be -90 to 90 degrees.');
    refuseUnless(isWithin(near.longitude, [-180, 180]), 'near.longitude', 'The longitude must be -180 to 180 degrees.');
  }
  if (radiusKm === undefined) return;
  refuseUnless(near !== undefined, 'radiusKm', '`radiusKm` needs `near`.');
  refuseUnless(
    radiusKm > 0 && radiusKm <= MAX_RADIUS_KM,
    'radiusKm',
    `The radius must be more than 0 and at most ${MAX_RADIUS_KM} km.`,
  );
}

function checkRanges({ startsBetween }: Filters): void {
  const { from, to } = startsBetween ?? {};
  refuseUnless(!from || isInstant(from), 'startsBetween.from', 'This instant does not exist in the calendar.');
  refuseUnless(!to || isInstant(to), 'startsBetween.to', 'This instant does not exist in the calendar.');
  refuseUnless(!from || !to || from <= to, 'startsBetween', '`from` is after `to`.');
}

function checkPrice({ priceAtMostMinor, priceAtMost, currency }: Filters): void {
  refuseUnless(
    priceAtMostMinor === undefined || priceAtMost === undefined,
    'priceAtMost',
    'Give either `priceAtMost` or `priceAtMostMinor`, not both.',
  );
  checkAmount('priceAtMostMinor', priceAtMostMinor);
  checkAmount('priceAtMost.amountMinor', priceAtMost?.amountMinor);
  checkCurrency('currency', currency);
  checkCurrency('priceAtMost.currency', priceAtMost?.currency);
  refuseUnless(
    !priceAtMost || !currency || priceAtMost.currency.toUpperCase() === currency.toUpperCase(),
    'currency',
    '`currency` must be the currency of `priceAtMost`.',
  );
}

const checkAmount = (field: string, amount: number | undefined): void =>
  refuseUnless(
    amount === undefined || (Number.isInteger(amount) && isWithin(amount, [0, MAX_AMOUNT_MINOR])),
    field,
    'The amount must be a whole number of minor units, 0 or more.',
  );

const checkCurrency = (field: string, currency: string | undefined): void =>
  refuseUnless(
    currency === undefined || /^[A-Za-z]{3}$/.test(currency),
    field,
    'A currency code must be three letters, such as EUR (ISO 4217).',
  );

/**
 * Refuses to compare amounts of different currencies.
 *
 * @throws InvalidInput for a price without a currency, when the events to compare are priced in several
 */
export function refuseMixedCurrencies({ priceAtMostMinor }: Filters, currencies: readonly string[]): void {
  const field = priceAtMostMinor === undefined ? 'sort' : 'priceAtMostMinor';
  const some = currencies.length > 10 ? [...currencies.slice(0, 10), '...'] : currencies;
  refuseUnless(
    currencies.length < 2,
    field,
    `The events are priced in more than one currency (${some.join(', ')}), and amounts can be compared only within one currency. ` +
      'Give `priceAtMost` with an amount and a currency, give `currency`, or narrow the search.',
  );
}

/** In microseconds it must fit a safe integer: up to the year 2255. */
const isInstant = (at: Date): boolean => Math.abs(at.getTime()) * 1000 <= Number.MAX_SAFE_INTEGER;
