export const eventStatuses = ['DRAFT', 'PUBLISHED', 'POSTPONED', 'CANCELLED', 'ENDED'] as const;
export type EventStatus = (typeof eventStatuses)[number];
/** The states that are stored: an event ends by the clock. */
export type StoredEventStatus = Exclude<EventStatus, 'ENDED'>;

/** The state of an event at `now`: a published event has ended at its end or, when that is not known, at its start. */
export function eventStatusAt(
  now: Date,
  { status, startsAt, endsAt }: { status: StoredEventStatus; startsAt: Date; endsAt: Date | null },
): EventStatus {
  return status === 'PUBLISHED' && now >= (endsAt ?? startsAt) ? 'ENDED' : status;
}
