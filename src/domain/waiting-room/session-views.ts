import { LRUCache } from 'lru-cache';
import type { RoomSession } from './room.ts';
import type { RoomSessions } from './room-sessions.ts';

/** What was read of a session, and when. */
type View = { session: RoomSession | undefined; readAt: number; touchedAt: number; toldUntilMs: number };

const WORTH_TELLING_MS = 15_000;
const MAX_KEPT = 50_000;

/**
 * A cache of the sessions that this process saw lately, so that a fan who looks around costs PostgreSQL at most one
 * read a second.
 */
export class SessionViews {
  readonly #sessions: RoomSessions;
  readonly #kept = new LRUCache<string, View>({ max: MAX_KEPT });

  constructor(sessions: RoomSessions) {
    this.#sessions = sessions;
  }

  /**
   * The session as it is in PostgreSQL, or was at most `maxAgeMs` ago. Undefined without a session for this ordinal.
   */
  async read(eventId: string, ordinal: number, maxAgeMs: number): Promise<RoomSession | undefined> {
    const known = this.#kept.get(keyOf(eventId, ordinal));
    if (known && performance.now() - known.readAt < maxAgeMs) return known.session;
    return this.note(eventId, ordinal, await this.#sessions.read(eventId, ordinal));
  }

  /** Whether the session now ends so much later than at the last notification that its admission is worth renewing. */
  isWorthTelling(eventId: string, { ordinal, expiresAtMs }: RoomSession): boolean {
    const toldUntilMs = this.#kept.get(keyOf(eventId, ordinal))?.toldUntilMs ?? 0;
    return expiresAtMs !== null && expiresAtMs >= toldUntilMs + WORTH_TELLING_MS;
  }

  /** The last known session, however old; no read. */
  peek(eventId: string, ordinal: number): RoomSession | undefined {
    return this.#kept.get(keyOf(eventId, ordinal))?.session;
  }

  wasTouchedWithin(eventId: string, ordinal: number, ms: number): boolean {
    const known = this.#kept.get(keyOf(eventId, ordinal));
    return known !== undefined && performance.now() - known.touchedAt < ms;
  }

  /** Drops sessions that this process changed. */
  forget(eventId: string, changes: readonly { readonly ordinal: number }[]): void {
    for (const { ordinal } of changes) this.#kept.delete(keyOf(eventId, ordinal));
  }

  /** `isTouched`: its time in the room started again. */
  note(
    eventId: string,
    ordinal: number,
    session: RoomSession | undefined,
    { isTouched = false } = {},
  ): RoomSession | undefined {
    const key = keyOf(eventId, ordinal);
    const now = performance.now();
    const known = this.#kept.get(key);
    const touchedAt = isTouched ? now : (known?.touchedAt ?? Number.NEGATIVE_INFINITY);
    const toldUntilMs = known?.toldUntilMs ?? session?.expiresAtMs ?? 0;
    this.#kept.set(key, { session, readAt: now, touchedAt, toldUntilMs });
    return session;
  }
}

const keyOf = (eventId: string, ordinal: number): string => `${eventId}/${ordinal}`;

/** Whether the fan is inside, under the sign-in session that the admission was given to. */
export const isLiveFor = (session: RoomSession | undefined, signInId: string): boolean =>
  session !== undefined && session.enteredAtMs !== null && session.endedAtMs === null && session.signInId === signInId;
