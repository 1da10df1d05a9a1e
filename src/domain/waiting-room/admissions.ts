import { AdmissionRequired } from '../booking/errors.ts';
import { TryAgain } from '../errors.ts';
import { isOutage } from '../outages.ts';
import type { Viewer } from '../viewer.ts';
import type { AdmissionClaims, AdmissionTokens } from './admission-tokens.ts';
import type { LiveRoom } from './live-room.ts';
import type { OnChanged } from './publish-room.ts';
import type { RoomSession } from './room.ts';
import type { RoomSessions } from './room-sessions.ts';
import { isLiveFor, type SessionViews } from './session-views.ts';
import type { WaitingRooms } from './waiting-rooms.ts';

export type AdmissionNeeds = {
  waitingRooms: WaitingRooms;
  admissionTokens: AdmissionTokens;
  roomSessions: RoomSessions;
  sessionViews: SessionViews;
  /** Notifies the watchers of the place, so that its admission is renewed. */
  changed: OnChanged;
};

export type AdmissionRequest = {
  readonly eventId: string;
  readonly admission: string | undefined;
  /** True for requests that change something: while PostgreSQL is away they are not admitted from memory. */
  readonly fresh?: boolean;
};

/** A place that an admission names. */
type Admitted = { readonly eventId: string; readonly ordinal: number; readonly position: number };

/** A fan who looks around causes a write at most this often. */
const TOUCH_EVERY_MS = 5_000;
/** When a fan should knock again at a full room. */
const KNOCK_AGAIN_SECONDS = 3;

/**
 * Lets a viewer through who is in the room of the event, and enters one who comes with an admission for the first
 * time. The admission must be signed by us, belong to this event, viewer and sign-in session, be in time, and be live
 * in PostgreSQL. Throws (or rejects with) AdmissionRequired, and TryAgain while PostgreSQL is away. For an event
 * without an open room it returns undefined at once and uses no store.
 */
export function requireAdmission(
  needs: AdmissionNeeds,
  viewer: Viewer | undefined,
  request: AdmissionRequest,
): Promise<void> | undefined {
  const live = needs.waitingRooms.gating(request.eventId);
  return live && admit(needs, live, viewer, request);
}

async function admit(
  needs: AdmissionNeeds,
  live: LiveRoom,
  viewer: Viewer | undefined,
  { eventId, admission, fresh = false }: AdmissionRequest,
): Promise<void> {
  const { ordinal, enterUntilMs } = claimsIn(needs, viewer, { eventId, admission });
  const position = live.positionOf(ordinal);
  if (!viewer || position === undefined || position > live.room.watermark) throw new AdmissionRequired('NOT_VALID');
  const { sessionId: signInId, userId } = viewer;
  const place = { eventId, ordinal, position };
  const inside = fresh ? await look(needs, place, signInId) : await lookOrRemember(needs, place, signInId);
  if (isLiveFor(inside, signInId)) return;
  if (needs.waitingRooms.nowMs() >= enterUntilMs) throw new AdmissionRequired('OVER');
  const entered = await needs.roomSessions.enter(eventId, { ordinal, position, userId, signInId });
  if (entered.kind === 'full') throw new AdmissionRequired('FULL', KNOCK_AGAIN_SECONDS);
  if (entered.kind === 'over') throw new AdmissionRequired('OVER');
  needs.sessionViews.note(eventId, ordinal, entered.session, { isTouched: true });
}

/** The content of the admission. Throws AdmissionRequired unless it is valid for this viewer now. */
export function claimsIn(
  { admissionTokens, waitingRooms }: Pick<AdmissionNeeds, 'admissionTokens' | 'waitingRooms'>,
  viewer: Viewer | undefined,
  { eventId, admission }: Omit<AdmissionRequest, 'fresh'>,
): AdmissionClaims {
  if (admission === undefined) throw new AdmissionRequired('MISSING');
  const claims = admissionTokens.verify(admission);
  const isGood =
    claims &&
    viewer &&
    claims.eventId === eventId &&
    claims.userId === viewer.userId &&
    claims.signInId === viewer.sessionId &&
    claims.expiresAtMs > waitingRooms.nowMs();
  if (!isGood) throw new AdmissionRequired('NOT_VALID');
  return claims;
}

/** The session in PostgreSQL; every few seconds its time in the room starts again. */
async function look(
  { roomSessions, sessionViews, changed }: AdmissionNeeds,
  { eventId, ordinal }: Admitted,
  signInId: string,
): Promise<RoomSession | undefined> {
  // Reads are batched. A cached copy would keep the token of a fan who left valid for as long as it is cached.
  if (sessionViews.wasTouchedWithin(eventId, ordinal, TOUCH_EVERY_MS))
    return await sessionViews.read(eventId, ordinal, 0);
  const session = await roomSessions.touch(eventId, { ordinal, signInId });
  if (session && sessionViews.isWorthTelling(eventId, session)) changed(eventId, [session]);
  return sessionViews.note(eventId, ordinal, session, { isTouched: session !== undefined });
}

/** While PostgreSQL is away, a fan who was inside may go on looking. */
async function lookOrRemember(
  needs: AdmissionNeeds,
  place: Admitted,
  signInId: string,
): Promise<RoomSession | undefined> {
  const known = needs.sessionViews.peek(place.eventId, place.ordinal);
  try {
    return await look(needs, place, signInId);
  } catch (error) {
    const isWithinTime = (known?.expiresAtMs ?? 0) > needs.waitingRooms.nowMs();
    if ((isOutage(error) || error instanceof TryAgain) && isWithinTime && isLiveFor(known, signInId)) return known;
    throw error;
  }
}
