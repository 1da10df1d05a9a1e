import type { ResultOf } from '../api/graphql.ts';
import { someNumber, someText, textOf } from '../forms/fields.tsx';
import { instantOf, localOf } from '../forms/local-time.ts';
import type { EVENT_FORM } from '../operations/events.ts';

export type FormEvent = NonNullable<ResultOf<typeof EVENT_FORM>['event']>;

export const CATEGORIES = [
  'CONCERT',
  'THEATRE',
  'SPORT',
  'COMEDY',
  'FESTIVAL',
  'FAMILY',
  'CONFERENCE',
  'OTHER',
] as const;
export const POLICIES = ['LENIENT', 'STRICT', 'OFF'] as const;

/** The fields of the form of an event, by their names in the input. */
export const EVENT_FIELDS = [
  'title',
  'description',
  'category',
  'performers',
  'venueId',
  'seatingPlanId',
  'startsAt',
  'doorsAt',
  'endsAt',
  'onSaleAt',
  'offSaleAt',
  'cancellableUntil',
  'currency',
  'holdSeconds',
  'seatsPerBooking',
  'seatsPerViewer',
  'orphanPolicy',
  'imageUploadId',
];

/** What the form says of an event. Undefined: the field was not in the form. */
export type EventValues = ReturnType<typeof readValues>;

/** Reads the form. Times of the sale are instants, which the clock at the venue shows. */
export function readValues(given: FormData, timeZone: string) {
  const instant = (name: string) => instantOf(textOf(given, name), timeZone) ?? null;
  const performers = textOf(given, 'performers').split('\n');
  return {
    title: textOf(given, 'title'),
    description: textOf(given, 'description'),
    category: textOf(given, 'category') as (typeof CATEGORIES)[number],
    performers: performers.map((name) => name.trim()).filter((name) => name !== ''),
    startsAt: someText(given, 'startsAt'),
    doorsAt: someText(given, 'doorsAt') ?? null,
    endsAt: someText(given, 'endsAt') ?? null,
    onSaleAt: instant('onSaleAt'),
    offSaleAt: instant('offSaleAt'),
    cancellableUntil: instant('cancellableUntil'),
    currency: textOf(given, 'currency'),
    holdSeconds: (someNumber(given, 'holdMinutes') ?? 5) * 60,
    seatsPerBooking: someNumber(given, 'seatsPerBooking') ?? 10,
    seatsPerViewer: someNumber(given, 'seatsPerViewer') ?? 20,
    orphanPolicy: textOf(given, 'orphanPolicy') as (typeof POLICIES)[number],
  };
}

/** The same values of an event that is there, as the form would read them. */
export function valuesOf(event: FormEvent): EventValues {
  const local = (instant: string | null) => localOf(instant, event.venue.timeZone) || null;
  const minute = (instant: string | null) =>
    instantOf(localOf(instant, event.venue.timeZone), event.venue.timeZone) ?? null;
  const { title, description, category, currency, holdSeconds, seatsPerBooking, seatsPerViewer, orphanPolicy } = event;
  return {
    ...{ title, description, category, currency, holdSeconds, seatsPerBooking, seatsPerViewer, orphanPolicy },
    performers: [...event.performers],
    startsAt: local(event.startsAt) ?? undefined,
    doorsAt: local(event.doorsAt),
    endsAt: local(event.endsAt),
    onSaleAt: minute(event.onSaleAt),
    offSaleAt: minute(event.offSaleAt),
    cancellableUntil: minute(event.cancellableUntil),
  };
}

/** Only what differs, so that a field that another person changed meanwhile is not changed back. */
export function changesOf(before: EventValues, after: EventValues): Partial<EventValues> {
  const entries = Object.entries(after).filter(
    ([name, value]) =>
      value !== undefined && JSON.stringify(value) !== JSON.stringify(before[name as keyof EventValues]),
  );
  return Object.fromEntries(entries);
}
