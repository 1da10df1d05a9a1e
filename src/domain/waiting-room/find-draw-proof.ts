import type { Viewer } from '../viewer.ts';
import { findStanding, type PlaceNeeds, type PlaceRequest } from './find-place.ts';

export type DrawProof = {
  readonly ordinal: number;
  readonly commitment: string;
  /** `entries`, `secret` and `position` are undefined until the draw. */
  readonly entries: number | undefined;
  readonly secret: string | undefined;
  readonly position: number | undefined;
};

/**
 * What is needed to recompute the viewer's position; undefined for a viewer without a place in the room of this
 * event.
 */
export async function findDrawProof(
  needs: Pick<PlaceNeeds, 'waitingRooms' | 'placeTickets' | 'knownPlaces'>,
  viewer: Viewer,
  request: PlaceRequest,
): Promise<DrawProof | undefined> {
  const standing = await findStanding(needs, viewer, request);
  if (!standing) return undefined;
  const { live, ordinal } = standing;
  const { draw, drawCommitment } = live.room;
  return {
    ordinal,
    commitment: drawCommitment,
    entries: draw?.entries,
    secret: draw?.secret,
    position: live.positionOf(ordinal),
  };
}
