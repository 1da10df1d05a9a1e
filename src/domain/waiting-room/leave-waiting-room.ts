import { NotFound } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import type { Viewer } from '../viewer.ts';
import { currentPlace, type PlaceNeeds, requireStanding } from './find-place.ts';
import { isOver, type Place } from './place.ts';
import type { Places } from './places.ts';

export type LeaveNeeds = PlaceNeeds & { places: Places };

export const leaveRefusals = [NotFound] as const;

/**
 * Gives up the viewer's place, and its slot in the room, if it has one. Returns the place after that; leaving again
 * changes nothing. Throws NotFound for a viewer without a place, TryAgain while PostgreSQL is away.
 */
export async function leaveWaitingRoom(
  needs: LeaveNeeds,
  viewer: Viewer,
  request: { eventId: string },
): Promise<Place> {
  const { eventId } = request;
  const standing = await orTryAgain(requireStanding(needs, viewer, { eventId, ticket: undefined }));
  const place = await orTryAgain(currentPlace(needs, viewer, standing));
  if (isOver(place)) return place;
  const { ordinal, position, state } = place;
  const isTurn = state === 'YOUR_TURN' || state === 'INSIDE';
  await orTryAgain(needs.places.leave(eventId, viewer, { ordinal, position, isTurn }));
  needs.knownPlaces.note(eventId, viewer.userId, { ordinal, hasLeft: true });
  standing.live.depart([ordinal]);
  return { ...place, state: 'LEFT', estimate: undefined, admission: undefined };
}
