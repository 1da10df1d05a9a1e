/**
 * `{eventId}` is a hash tag: all keys of an event are in one cluster slot, so that one script may use them together.
 */
export const seatLock = (eventId: string, seatNo: number): string => `seat:{${eventId}}:${seatNo}`;

/**
 * Written last by a complete rebuild (`epochOn`); while it is missing or unknown, holds go through PostgreSQL alone.
 */
export const EPOCH = 'frontrow:epoch';

/**
 * The seat map's projection: one string with the version and the packed statuses, so that no eviction can separate
 * them; the list of its last deltas; and the changes that arrived before their predecessor.
 */
export const seatMap = (eventId: string): string => `seatmap:{${eventId}}:map`;
export const seatMapDeltas = (eventId: string): string => `seatmap:{${eventId}}:deltas`;
export const seatMapAhead = (eventId: string): string => `seatmap:{${eventId}}:ahead`;

/** The waiting room's version that was published last, so that an older one is not published after it. */
export const waitingRoom = (eventId: string): string => `waiting-room:{${eventId}}`;

/** For SCAN: the seat locks and seat maps of all events. */
export const SEAT_KEYS = 'seat*:{*}:*';
