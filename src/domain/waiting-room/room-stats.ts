import { NotFound } from '../errors.ts';
import type { OrganizerOperation } from '../organization/rights-rules.ts';
import type { Actor } from '../viewer.ts';
import { type ChangeNeeds, requireEventRight } from './change-room.ts';
import { estimateOf, type WaitEstimate } from './estimate-rules.ts';
import { readRooms } from './read-rooms.ts';
import type { Progress, Room } from './room.ts';

/** What an organizer watches. `estimate`: for a fan who joins now; undefined while it is unknown. */
export type RoomStats = Pick<Room, 'eventId' | 'state' | 'isPaused' | 'capacity' | 'joined'> &
  Omit<Progress, 'pace'> & { readonly estimate: WaitEstimate | undefined };

type Asked = {
  readonly actor: Actor;
  readonly eventId: string;
  readonly operation: OrganizerOperation & `${string}.waitingRoomStats`;
};

/**
 * The stats of the last tick, a second ago at most, with the organization of the event. Undefined unless there is a room
 * and the actor is a member of the organization of its event. Throws NotAllowed for a member whose role is too small.
 */
export async function findRoomStats(
  needs: Pick<ChangeNeeds, 'db' | 'rights'>,
  { actor, eventId, operation }: Asked,
): Promise<{ stats: RoomStats; organizationId: string } | undefined> {
  try {
    const { organizationId } = await requireEventRight(needs, actor, eventId, operation);
    const [room] = await readRooms(needs.db, { eventIds: [eventId] });
    return room && { stats: statsOf(room), organizationId };
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

export function statsOf({ eventId, state, isPaused, capacity, joined, watermark, progress }: Room): RoomStats {
  const { pace, ...measured } = progress;
  const estimate = state === 'DRAWN' ? estimateOf(Math.max(0, joined - watermark), pace) : undefined;
  return { eventId, state, isPaused, capacity, joined, ...measured, estimate };
}
