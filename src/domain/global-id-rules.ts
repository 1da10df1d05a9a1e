import { isUuid } from '#shared/uuid.ts';

/**
 * `<Type>_<id>`: readable in logs and GraphiQL, and so repetitive that a layout with 94,000 of them compresses to
 * almost nothing.
 */
export const encodeGlobalId = (type: string, id: string): string => `${type}_${id}`;

/** Undefined for a text that is not a global id. The id itself is not looked up. */
export function decodeGlobalId(globalId: string): { type: string; id: string } | undefined {
  const match = /^([A-Z][A-Za-z]{0,31})_([0-9A-Za-z_-]{1,80})$/.exec(globalId);
  return match?.[1] && match[2] ? { type: match[1], id: match[2] } : undefined;
}

/**
 * The raw id of a viewer's place in the waiting room of an event: the same one, even if the viewer joins several
 * times.
 */
export const encodePlaceId = (eventId: string, userId: string): string => `${eventId}_${userId}`;

export function decodePlaceId(placeId: string): { eventId: string; userId: string } | undefined {
  const [eventId = '', userId = '', ...others] = placeId.split('_');
  return others.length === 0 && isUuid(eventId) && isUuid(userId) ? { eventId, userId } : undefined;
}

/** A venue seat's raw id: the seating plan and the seat's index in every packed form. */
export const encodeSeatId = (planId: string, seatNo: number): string => `${planId}_${seatNo}`;

export function decodeSeatId(seatId: string): { planId: string; seatNo: number } | undefined {
  const match = /^([0-9a-f-]{36})_(0|[1-9]\d{0,6})$/.exec(seatId);
  return match?.[1] && match[2] && isUuid(match[1]) ? { planId: match[1], seatNo: Number(match[2]) } : undefined;
}
