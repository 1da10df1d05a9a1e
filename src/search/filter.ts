import { isUuid } from '#shared/uuid.ts';
import type { GeoPoint } from './event-search.ts';

declare const brand: unique symbol;

/**
 * A `filter_by` clause. Only the functions here make one, so that no text of a client reaches Typesense unescaped: an
 * empty pair of backticks crashes 0.24.1, an integer beyond 64 bits hangs it, and an unescaped value can add a
 * clause.
 */
export type Filter = string & { readonly [brand]: true };

type TextField = 'city_keys' | 'country_code' | 'category' | 'currency';
type NumberField = 'starts_at' | 'ends_at' | 'on_sale_at' | 'off_sale_at' | 'price_from_minor' | 'popularity' | 'seq';
type Comparison = '=' | '<' | '<=' | '>' | '>=';

/** The value cannot be searched for; the message says why. */
export class BadFilter extends Error {
  override name = 'BadFilter';
}

const trusted = (clause: string) => clause as Filter;

/**
 * Equal to one of the values as a whole. @throws BadFilter for a value without a letter or digit, which the engine
 * cannot match
 */
export function isText(field: TextField, values: readonly string[]): Filter {
  if (values.length === 0) throw new BadFilter(`no value for ${field}`);
  return trusted(`${field}:=[${values.map(quoted).join(',')}]`);
}

function quoted(value: string): string {
  const clean = value.replace(/[`\\\p{C}]/gu, ' ').trim();
  if (!/[\p{L}\p{N}]/u.test(clean)) throw new BadFilter('a text without a letter or digit');
  return `\`${clean}\``;
}

/** @throws BadFilter unless there is an id and all are lower-case UUIDs */
export function isId(ids: readonly string[]): Filter {
  if (ids.length === 0 || !ids.every(isUuid)) throw new BadFilter('not an id');
  return trusted(`id:=[${ids.join(',')}]`);
}

/** @throws BadFilter unless `value` is a safe integer */
export function compare(field: NumberField, comparison: Comparison, value: number): Filter {
  if (!Number.isSafeInteger(value)) throw new BadFilter(`${value} is not a safe integer`);
  return trusted(`${field}:${comparison}${value}`);
}

/** @throws BadFilter for a point outside the globe or a radius that is not in (0, 20,040] */
export function isWithin(point: GeoPoint, radiusKm: number): Filter {
  if (!(radiusKm > 0 && radiusKm <= 20_040)) throw new BadFilter('a radius outside the globe');
  return trusted(`location:(${coordinates(point)}, ${Math.max(radiusKm, 0.001).toFixed(3)} km)`);
}

/** `latitude, longitude` without an exponent, which the engine does not read. @throws BadFilter */
export function coordinates({ latitude, longitude }: GeoPoint): string {
  if (!(Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)) throw new BadFilter('a point outside the globe');
  return `${latitude.toFixed(6)}, ${longitude.toFixed(6)}`;
}

/** Always in parentheses, because `&&` and `||` have the same precedence. */
export const allOf = (filters: readonly Filter[]): Filter | undefined => joined(filters, ' && ');
export const anyOf = (filters: readonly Filter[]): Filter | undefined => joined(filters, ' || ');

function joined(filters: readonly Filter[], operator: string): Filter | undefined {
  if (filters.length < 2) return filters[0];
  return trusted(`(${filters.join(operator)})`);
}
