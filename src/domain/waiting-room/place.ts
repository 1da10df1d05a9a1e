import type { Viewer } from '../viewer.ts';
import type { AdmissionClaims } from './admission-tokens.ts';
import { estimateOf, type WaitEstimate } from './estimate-rules.ts';
import type { LiveRoom } from './live-room.ts';
import { aheadOf, placeStateOf, turnOf } from './place-rules.ts';
import type { PlaceState, Room, RoomSession } from './room.ts';
import { isLiveFor } from './session-views.ts';

/** A viewer's place as it is at one moment. */
export type Place = {
  readonly eventId: string;
  readonly userId: string;
  /** The sign-in session that asks. */
  readonly signInId: string;
  readonly ordinal: number;
  readonly state: PlaceState;
  /** Undefined until the draw, as `ahead` is. */
  readonly position: number | undefined;
  readonly ahead: number | undefined;
  /** Set while the place waits and the room's pace is known. */
  readonly estimate: WaitEstimate | undefined;
  /** Set while the viewer may enter, or is inside under this sign-in session. */
  readonly admission: Admission | undefined;
};

/** A token is made from it when a client asks for one. `expiresAtMs`: the end of the turn, or of the time inside. */
export type Admission = { readonly issuedAtMs: number; readonly expiresAtMs: number };

export type PlaceSource = {
  readonly live: LiveRoom;
  readonly viewer: Pick<Viewer, 'userId' | 'sessionId'>;
  readonly ordinal: number;
  readonly hasLeft: boolean;
  readonly session: RoomSession | undefined;
  readonly nowMs: number;
};

/** The admission of a viewer who is inside is renewed before it ends. */
const ADMISSION_LIVES_MS = 10 * 60_000;

export function placeOf(source: PlaceSource): Place {
  const { live, viewer, ordinal, session, nowMs } = source;
  const { room } = live;
  const position = live.positionOf(ordinal);
  const hasLeft = source.hasLeft || live.hasLeft(ordinal);
  const state = placeStateOf({ room, position, hasLeft, session, nowMs });
  const ahead = position === undefined ? undefined : aheadOf(room, position);
  const expiresAtMs = admittedUntil(source, state, position);
  return {
    eventId: room.eventId,
    userId: viewer.userId,
    signInId: viewer.sessionId,
    ordinal,
    state,
    position,
    ahead,
    estimate: state === 'WAITING' && ahead !== undefined ? estimateOf(ahead, room.progress.pace) : undefined,
    admission: expiresAtMs !== undefined && expiresAtMs > nowMs ? { issuedAtMs: nowMs, expiresAtMs } : undefined,
  };
}

/** In whole seconds, as in a token. */
function admittedUntil(source: PlaceSource, state: PlaceState, position: number | undefined): number | undefined {
  const until = endOf(source, state, position);
  return until === undefined ? undefined : Math.floor(until / 1000) * 1000;
}

function endOf({ live, viewer, session, nowMs }: PlaceSource, state: PlaceState, position: number | undefined) {
  if (state === 'INSIDE') return insideUntil(session, viewer.sessionId, nowMs);
  if (state === 'YOUR_TURN' && position !== undefined) return turnEndsAtMs(live.room, position, session);
  return undefined;
}

function insideUntil(session: RoomSession | undefined, signInId: string, nowMs: number): number | undefined {
  if (!session || !isLiveFor(session, signInId) || session.expiresAtMs === null) return undefined;
  return Math.min(nowMs + ADMISSION_LIVES_MS, session.expiresAtMs);
}

/** Undefined for a fan who found the room full and was not called in yet. */
function turnEndsAtMs(room: Room, position: number, session: RoomSession | undefined): number | undefined {
  if (isAtDoor(session) && session.calledAtMs === null) return undefined;
  const turn = turnOf(room, position);
  const endsAtMs = turn === undefined || turn === 'over' ? undefined : turn.endsAtMs;
  if (!isAtDoor(session)) return endsAtMs;
  return Math.max(endsAtMs ?? 0, session.knockedAtMs + room.graceSeconds * 1000);
}

/** The fan came, found the room full, and has not entered since. */
export const isAtDoor = (session: RoomSession | undefined): session is RoomSession & { knockedAtMs: number } =>
  session !== undefined && session.knockedAtMs !== null && session.enteredAtMs === null && session.endedAtMs === null;

/**
 * The content of an admission's token. The token outlives the turn, because a fan who entered is inside by then,
 * which PostgreSQL knows; after the turn it no longer lets a fan in.
 */
export const claimsOf = (place: Place, { issuedAtMs, expiresAtMs }: Admission, id: string): AdmissionClaims => ({
  id,
  eventId: place.eventId,
  userId: place.userId,
  signInId: place.signInId,
  ordinal: place.ordinal,
  issuedAtMs,
  enterUntilMs: expiresAtMs,
  expiresAtMs: issuedAtMs + ADMISSION_LIVES_MS,
});

/** A place that is over stays over; a viewer who joins again gets another one. */
export const isOver = ({ state }: Place): boolean => state === 'LEFT' || state === 'MISSED';
