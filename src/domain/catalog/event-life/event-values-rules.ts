import { isUuid } from '#shared/uuid.ts';
import { isCurrency } from '../../currency-rules.ts';
import { InvalidInput, NotFound } from '../../errors.ts';
import { requireText } from '../../text-rules.ts';
import { readLocalTime } from './local-time-rules.ts';

/** OFF: any choice. LENIENT: no single seat where the row has a choice without one. STRICT: no single seat. */
export type OrphanPolicy = 'OFF' | 'LENIENT' | 'STRICT';
type Category = 'SPORT' | 'CONCERT' | 'THEATRE' | 'COMEDY' | 'FESTIVAL' | 'FAMILY' | 'CONFERENCE' | 'OTHER';

/** What a member may set of an event. Times of the venue are texts: what its clock shows, or with an offset. */
export type EventInput = {
  readonly venueId: string;
  readonly seatingPlanId: string;
  readonly title: string;
  readonly description: string;
  readonly category: Category;
  readonly performers: readonly string[];
  readonly startsAt: string;
  readonly endsAt: string | null;
  readonly doorsAt: string | null;
  readonly onSaleAt: Date;
  readonly offSaleAt: Date;
  readonly currency: string;
  readonly holdSeconds: number;
  readonly cancellableUntil: Date | null;
  readonly seatsPerBooking: number;
  readonly seatsPerViewer: number;
  readonly orphanPolicy: OrphanPolicy;
  /** When wheelchair places and companion seats that are left are sold like other seats; null: never. */
  readonly accessibleReleaseAt: Date | null;
  /** An upload with an image of the event; null: it has none. */
  readonly imageUploadId: string | null;
};

/** The same as it is stored. Null settings: those of the process. */
export type EventValues = {
  readonly venueId: string;
  readonly planId: string;
  readonly title: string;
  readonly description: string;
  readonly category: Category;
  readonly performers: string[];
  readonly startsAt: Date;
  readonly endsAt: Date | null;
  readonly doorsAt: Date | null;
  readonly onSaleAt: Date;
  readonly offSaleAt: Date;
  readonly currency: string;
  readonly holdSeconds: number | null;
  readonly cancellableUntil: Date | null;
  readonly seatsPerBooking: number | null;
  readonly seatsPerViewer: number | null;
  readonly orphanPolicy: OrphanPolicy;
  readonly accessibleReleaseAt: Date | null;
  readonly imageUploadId: string | null;
};

/** The input field of each value; most have the same name. */
export const fieldOf = (name: string): string => (name === 'planId' ? 'seatingPlanId' : name);

const TITLE = { atMost: 200 } as const;
const DESCRIPTION = { atMost: 10_000, hasLines: true } as const;
const PERFORMER = { atMost: 100 } as const;
const MOST_PERFORMERS = 50;
const [FIRST_YEAR, LAST_YEAR] = [2000, 2199] as const;

/** The given values in their normal forms; times are read on the clock of `timeZone`. Throws InvalidInput. */
export function requireValues<Given extends Partial<EventInput>>(given: Given, timeZone: string): Partial<EventValues> {
  const { seatingPlanId, ...rest } = given;
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(rest))
    if (value !== undefined) values[name] = requireValue(name as keyof typeof readers, value, timeZone);
  if (seatingPlanId !== undefined) values.planId = requireId('seating plan', seatingPlanId);
  return values as Partial<EventValues>;
}

type Reader = (value: never, timeZone: string, field: string) => unknown;

const localTime = (text: string | null, timeZone: string, field: string): Date | null => {
  if (text === null) return null;
  const read = readLocalTime(text, timeZone);
  if ('problem' in read) throw new InvalidInput(field, `${field} ${read.problem}.`);
  return inRange(read.at, timeZone, field);
};
const inRange = (at: Date | null, _timeZone: string, field: string): Date | null => {
  const year = at?.getUTCFullYear() ?? FIRST_YEAR;
  if (year >= FIRST_YEAR && year <= LAST_YEAR) return at;
  throw new InvalidInput(field, `${field} must be between the years ${FIRST_YEAR} and ${LAST_YEAR}.`);
};
const whole =
  (min: number, max: number): Reader =>
  (value: number, _timeZone: string, field: string) => {
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidInput(field, `${field} must be a whole number from ${min} to ${max.toLocaleString('en')}.`);
  };
const asItIs: Reader = (value) => value;

const readers = {
  venueId: (id: string) => requireId('venue', id),
  title: (text: string) => requireText('title', 'A title', text, TITLE),
  description: (text: string) =>
    text.trim() === '' ? '' : requireText('description', 'A description', text, DESCRIPTION),
  category: asItIs,
  performers: requirePerformers,
  startsAt: localTime,
  endsAt: localTime,
  doorsAt: localTime,
  onSaleAt: inRange,
  offSaleAt: inRange,
  cancellableUntil: inRange,
  currency: requireCurrency,
  holdSeconds: whole(10, 3_600),
  seatsPerBooking: whole(1, 100),
  seatsPerViewer: whole(1, 1_000),
  orphanPolicy: asItIs,
  accessibleReleaseAt: inRange,
  imageUploadId: asItIs,
} as const;

function requireValue(name: keyof typeof readers, value: unknown, timeZone: string): unknown {
  const read: Reader = readers[name];
  return read(value as never, timeZone, name);
}

function requireId(what: string, id: string): string {
  if (isUuid(id)) return id;
  throw new NotFound(what);
}

function requirePerformers(names: readonly string[]): string[] {
  if (names.length > MOST_PERFORMERS)
    throw new InvalidInput('performers', `An event has at most ${MOST_PERFORMERS} performers.`);
  return names.map((name) => requireText('performers', 'A performer', name, PERFORMER));
}

function requireCurrency(code: string): string {
  if (isCurrency(code)) return code;
  throw new InvalidInput('currency', 'This is not a currency of ISO 4217, such as EUR, in which a fan can pay.');
}
