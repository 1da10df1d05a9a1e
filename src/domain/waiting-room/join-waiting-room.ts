import { isUuid } from '#shared/uuid.ts';
import { EventNotOnSale } from '../booking/errors.ts';
import { NotFound, RateLimited, TryAgain } from '../errors.ts';
import { TooManyPlaces } from '../hoarding/errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import type { Viewer } from '../viewer.ts';
import { currentPlace, type PlaceNeeds } from './find-place.ts';
import type { JoinAnswer, Joins } from './joins.ts';
import type { LiveRoom } from './live-room.ts';
import { isOver, type Place } from './place.ts';

export type JoinNeeds = PlaceNeeds & { joins: Joins };

export const joinRefusals = [NotFound, EventNotOnSale, TooManyPlaces, RateLimited, TryAgain] as const;

/** `addressKey`: the address of the request, as `openAddressKeys` names it. */
export type JoinRequest = { readonly eventId: string; readonly addressKey?: string | undefined };

/** Close to the opening PostgreSQL decides, by its clock; earlier it need not be asked. */
const MARGIN_MS = 2_000;

/**
 * The viewer's place in the room of this event. A viewer who has none, or whose place is over, gets a new one at the
 * end. Repeating the call changes nothing. Throws one of `joinRefusals`; for a room that opens later, EventNotOnSale
 * with `opensAt`.
 */
export async function joinWaitingRoom(
  needs: JoinNeeds,
  viewer: Viewer,
  { eventId, addressKey }: JoinRequest,
): Promise<Place> {
  if (!isUuid(eventId)) throw new NotFound('event with a waiting room');
  const known = needs.waitingRooms.get(eventId);
  if (known) refuseIfFarTooEarly(known, needs.waitingRooms.nowMs());
  const place = await join(needs, viewer, { eventId, addressKey });
  return isOver(place) ? await join(needs, viewer, { eventId, addressKey }, place.ordinal) : place;
}

async function join(
  needs: JoinNeeds,
  viewer: Viewer,
  { eventId, addressKey }: JoinRequest,
  replacing?: number,
): Promise<Place> {
  const ordinal = ordinalOf(await needs.joins.join(eventId, viewer.userId, replacing, addressKey));
  needs.knownPlaces.note(eventId, viewer.userId, { ordinal, hasLeft: false });
  const live = await orTryAgain(needs.waitingRooms.find(eventId));
  if (!live) throw new NotFound('event with a waiting room');
  return await orTryAgain(currentPlace(needs, viewer, { live, ordinal, hasLeft: false }));
}

function refuseIfFarTooEarly({ room }: LiveRoom, nowMs: number): void {
  const opensInMs = room.opensAtMs - nowMs;
  if (room.state === 'CLOSED' && opensInMs > MARGIN_MS) throw notOpenYet(room.opensAtMs, Math.ceil(opensInMs / 1000));
}

const notOpenYet = (opensAtMs: number, inSeconds: number): EventNotOnSale =>
  new EventNotOnSale('The waiting room has not opened yet.', { at: new Date(opensAtMs), inSeconds });

function ordinalOf(answer: JoinAnswer): number {
  switch (answer.kind) {
    case 'joined':
      return answer.ordinal;
    case 'notOpen':
      throw notOpenYet(answer.opensAtMs, answer.opensInSeconds);
    case 'ended':
      throw new EventNotOnSale('The waiting room has ended.');
    case 'tooManyPlaces':
      throw new TooManyPlaces(answer.limit);
    case 'noRoom':
      throw new NotFound('event with a waiting room');
  }
}
