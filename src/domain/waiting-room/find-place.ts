import { NotFound } from '../errors.ts';
import type { Viewer } from '../viewer.ts';
import type { KnownPlaces } from './known-places.ts';
import type { LiveRoom } from './live-room.ts';
import { isAtDoor, type Place, placeOf } from './place.ts';
import { turnOf } from './place-rules.ts';
import type { PlaceTickets } from './place-tickets.ts';
import type { RoomSession } from './room.ts';
import type { RoomSessions } from './room-sessions.ts';
import type { Comer } from './session-statements.ts';
import type { SessionViews } from './session-views.ts';
import type { WaitingRooms } from './waiting-rooms.ts';

export type PlaceNeeds = {
  waitingRooms: WaitingRooms;
  placeTickets: PlaceTickets;
  knownPlaces: KnownPlaces;
  roomSessions: RoomSessions;
  sessionViews: SessionViews;
};

/** `ticket`: the text that the viewer got with the place. It spares a read of PostgreSQL. */
export type PlaceRequest = { readonly eventId: string; readonly ticket: string | undefined };

/** The viewer's place in a room, without what depends on the current time. */
export type Standing = { readonly live: LiveRoom; readonly ordinal: number; readonly hasLeft: boolean };

/** The viewer's place in the room of this event; undefined without one. Reading a place that waits writes nothing. */
export async function findPlace(needs: PlaceNeeds, viewer: Viewer, request: PlaceRequest): Promise<Place | undefined> {
  const standing = await findStanding(needs, viewer, request);
  return standing && (await currentPlace(needs, viewer, standing));
}

export async function findStanding(
  { waitingRooms, placeTickets, knownPlaces }: Pick<PlaceNeeds, 'waitingRooms' | 'placeTickets' | 'knownPlaces'>,
  { userId }: Pick<Viewer, 'userId'>,
  { eventId, ticket }: PlaceRequest,
): Promise<Standing | undefined> {
  const live = waitingRooms.get(eventId);
  if (!live) return undefined;
  const ticketed = ticket === undefined ? undefined : placeTickets.verify(ticket, { eventId, userId });
  if (ticketed !== undefined) return { live, hasLeft: false, ordinal: knownPlaces.newest(eventId, userId, ticketed) };
  const found = await knownPlaces.find(eventId, userId);
  return found && { live, ...found };
}

/** Throws NotFound when the viewer has no place. */
export async function requireStanding(needs: PlaceNeeds, viewer: Viewer, request: PlaceRequest): Promise<Standing> {
  const standing = await findStanding(needs, viewer, request);
  if (!standing) throw new NotFound('place in a waiting room');
  return standing;
}

/**
 * While the place waits, no store is read. From its turn on the state comes from PostgreSQL and is a second old at
 * most.
 */
export async function currentPlace(needs: PlaceNeeds, viewer: Viewer, standing: Standing): Promise<Place> {
  const nowMs = needs.waitingRooms.nowMs();
  const place = placeOf({ ...standing, viewer, session: undefined, nowMs });
  if (place.state === 'WAITING' || standing.live.room.state === 'ENDED') return place;
  const today = await todaysStanding(needs, viewer, standing);
  const session = await readSession(needs, viewer, today);
  return placeOf({ ...today, viewer, session, nowMs: needs.waitingRooms.nowMs() });
}

const FRESH_MS = 1_000;
const KNOWN_MS = 5_000;

/** The viewer's newest place: a ticket or another process may not know that the viewer replaced an older one. */
async function todaysStanding({ knownPlaces }: PlaceNeeds, { userId }: Viewer, standing: Standing): Promise<Standing> {
  const found = await knownPlaces.find(standing.live.room.eventId, userId, KNOWN_MS);
  return found && found.ordinal !== standing.ordinal ? { live: standing.live, ...found } : standing;
}

/**
 * A viewer who is inside and asks from another sign-in session is inside under that session from now on. For a viewer
 * at the door, the request counts as another knock.
 */
export async function readSession(
  needs: PlaceNeeds,
  { userId, sessionId }: Viewer,
  { live, ordinal }: Standing,
): Promise<RoomSession | undefined> {
  const { eventId } = live.room;
  const position = live.positionOf(ordinal);
  if (position === undefined || turnOf(live.room, position) === undefined) return undefined;
  const session = await needs.sessionViews.read(eventId, ordinal, FRESH_MS);
  const comer = { ordinal, position, userId, signInId: sessionId };
  if (isAtDoor(session)) return await knockAgain(needs, live, comer, session);
  const isInside = session && session.enteredAtMs !== null && session.endedAtMs === null;
  if (!isInside || session.signInId === sessionId) return session;
  return needs.sessionViews.note(eventId, ordinal, await needs.roomSessions.moveTo(eventId, comer));
}

/** When a fan at the door has to knock again to keep the turn, by the database's clock. */
export const knocksAgainAtMs = ({ room }: LiveRoom, session: { knockedAtMs: number }): number =>
  session.knockedAtMs + (room.graceSeconds * 1000) / 2;

async function knockAgain(
  { waitingRooms, roomSessions, sessionViews }: PlaceNeeds,
  live: LiveRoom,
  comer: Comer,
  session: RoomSession & { knockedAtMs: number },
): Promise<RoomSession | undefined> {
  const { eventId } = live.room;
  if (waitingRooms.nowMs() < knocksAgainAtMs(live, session)) return session;
  const answer = await roomSessions.enter(eventId, comer);
  if (answer.kind === 'inside') return sessionViews.note(eventId, comer.ordinal, answer.session);
  return await sessionViews.read(eventId, comer.ordinal, 0);
}
