import { type AdmissionKey, isSame, secretKeyOf, signatureOf } from './admission-tokens.ts';

/** A place in the room of an event. Ids are raw. */
export type TicketedPlace = { readonly eventId: string; readonly userId: string; readonly ordinal: number };

export type PlaceTickets = {
  sign(place: TicketedPlace): string;
  /** The ordinal that we signed for this viewer at this event; undefined for any other text. About 2 us. */
  verify(ticket: string, of: Pick<TicketedPlace, 'eventId' | 'userId'>): number | undefined;
};

const TICKET = /^([\w-]{1,32})\.(0|[1-9]\d{0,9})\.([\w-]{43})$/;

/**
 * A ticket that a waiting fan keeps, so that the place need not be looked up: the key's id, the ordinal, and a
 * signature over the event, the viewer and the ordinal. The first key signs, all keys verify. Throws when there is no
 * key.
 */
export function openPlaceTickets(keys: readonly AdmissionKey[]): PlaceTickets {
  const [first] = keys;
  if (!first) throw new Error('There is no key to sign places with.');
  const keyOf = new Map(keys.map((key) => [key.kid, secretKeyOf(key)]));
  const signingKey = secretKeyOf(first);
  return {
    sign: (place) => `${first.kid}.${place.ordinal}.${signatureOf(contentOf(place), signingKey)}`,
    verify(ticket, of) {
      const [, kid = '', ordinal = '', signature = ''] = TICKET.exec(ticket) ?? [];
      const key = keyOf.get(kid);
      if (!key) return undefined;
      const place = { ...of, ordinal: Number(ordinal) };
      return isSame(signature, signatureOf(contentOf(place), key)) ? place.ordinal : undefined;
    },
  };
}

/** No admission begins like this, so neither can pass for the other. */
const contentOf = ({ eventId, userId, ordinal }: TicketedPlace): string => `place ${eventId} ${userId} ${ordinal}`;
