/** Encoded seat-map deltas of one event. */
export const seatMapChannel = (eventId: string): string => `seatmap:{${eventId}}`;

/** Says that a booking changed; the payload is the booking's id alone, the reader asks PostgreSQL. */
export const bookingChannel = (bookingId: string): string => `booking:${bookingId}`;

/** Says that an event's catalogue entry or sale status changed. */
export const eventChannel = (eventId: string): string => `event:${eventId}`;

/** A beat a second from the worker; five seconds without one mean that pub/sub is deaf. */
export const HEARTBEAT_CHANNEL = 'frontrow:heartbeat';

/** Every change of every waiting room; the payload is the room as JSON (`Room`). */
export const WAITING_ROOMS_CHANNEL = 'waiting-rooms';

/** Says that somebody joined the room of the event in the payload, whose controller may rest. */
export const WAITING_ROOM_JOINED_CHANNEL = 'waiting-rooms:joined';

/** Says that PostgreSQL knows something new of a viewer's place whose turn has come; the payload is its ordinal alone. */
export const placeChannel = (eventId: string, userId: string): string => `waiting-room:${eventId}:${userId}`;
