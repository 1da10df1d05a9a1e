/** Encoded seat-map deltas of one event. */
export const seatMapChannel = (eventId: string): string => `seatmap:{${eventId}}`;

/** A booking changed; the payload is a `bookingNews`, and the reader queries PostgreSQL. */
export const bookingChannel = (bookingId: string): string => `booking:${bookingId}`;

/**
 * Names a booking and, when the change moved seats, its version since then, so that a reader who has that version does
 * not read again.
 */
export const bookingNews = (bookingId: string, version?: number): string =>
  version === undefined ? bookingId : `${bookingId} ${version}`;

/** The version in a `bookingNews`; undefined when it has none, or when the payload is something else. */
export function versionInNews(payload: unknown): number | undefined {
  const [, version] = typeof payload === 'string' ? payload.split(' ') : [];
  return version === undefined ? undefined : Number(version);
}

/** An event's catalogue entry or sale status changed. */
export const eventChannel = (eventId: string): string => `event:${eventId}`;

/** A beat per second from the worker; five seconds without one mean that this process does not receive pub/sub. */
export const HEARTBEAT_CHANNEL = 'frontrow:heartbeat';

/** Every change of every waiting room; the payload is the room as JSON (`Room`). */
export const WAITING_ROOMS_CHANNEL = 'waiting-rooms';

/** A fan joined the room of the event in the payload; its controller may be resting. */
export const WAITING_ROOM_JOINED_CHANNEL = 'waiting-rooms:joined';

/** PostgreSQL has a change of a viewer's place whose turn has come; the payload is only its ordinal. */
export const placeChannel = (eventId: string, userId: string): string => `waiting-room:${eventId}:${userId}`;

/** The event in the payload was cancelled; a worker ends its bookings. */
export const EVENT_CANCELLATIONS_CHANNEL = 'event-cancellations';

/** Members or access keys of the organization in the payload have changed. */
export const RIGHTS_CHANNEL = 'rights';
