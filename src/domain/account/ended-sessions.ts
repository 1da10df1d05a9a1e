import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { withDeadline } from '#shared/deadline.ts';
import { ACCESS_TOKEN_SECONDS } from './access-tokens.ts';

/** Everything of an ended session is over within three seconds: this interval, one query, and closing what is open. */
const REFRESH_MS = 2_000;
/** A revocation is remembered this much longer than an access token lives, for clocks that differ. */
const MARGIN_SECONDS = 60;
const REMEMBERED_SECONDS = ACCESS_TOKEN_SECONDS + MARGIN_SECONDS;
/** `revoked_at` is the start of its transaction, which can be seen only after it has committed. */
const OVERLAP_SECONDS = 60;

/** The query runs while callers ask about sessions, and for so long after; then it rests until the next call. */
const IN_USE_MS = 10_000;
/** A caller waits at most so long for the first query after a rest. */
const PATIENCE_MS = 500;

export type EndedSessions = {
  /** From the last query. A connection that stays open asks at least every second, which keeps the query running. */
  has(sessionId: string): boolean;
  /** The same for a caller with a token: after a rest PostgreSQL is queried first. */
  hasNow(sessionId: string): boolean | Promise<boolean>;
  /** Effective here at once; the other processes learn it from PostgreSQL. */
  add(sessionId: string): void;
  /** Calls `listener` when further sessions have ended; returns the function that stops it. */
  onEnded(listener: () => void): () => void;
  close(): void;
};

/**
 * Access tokens are not looked up, so a session that was ended (sign-out, a stolen refresh token, a lower role) would
 * continue for up to 15 minutes. In a process that is in use, one small query every two seconds returns the sessions
 * that ended lately: a request costs one map look-up, and no round trip.
 */
export async function openEndedSessions({ db }: { db: Db }): Promise<EndedSessions> {
  /**
   * Until when (ms) each is remembered; the oldest first. Not a bounded cache: a dropped entry would let an ended
   * session continue.
   */
  const ended = new Map<string, number>();
  const listeners = new Set<() => void>();
  let refreshing: Promise<void> | undefined;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  /** By the monotonic clock. */
  let usedAt = performance.now();
  let isResting = false;

  const remember = (sessionIds: readonly string[]): void => {
    const now = Date.now();
    const unknown = sessionIds.filter((sessionId) => !ended.has(sessionId));
    for (const sessionId of unknown) ended.set(sessionId, now + REMEMBERED_SECONDS * 1000);
    for (const [sessionId, until] of ended) {
      if (until > now) break;
      ended.delete(sessionId);
    }
    if (unknown.length > 0) for (const listener of listeners) listener();
  };

  const read = async (): Promise<void> => {
    const now = Date.now();
    const seconds = Math.min((now - askedAtMs) / 1000 + OVERLAP_SECONDS, REMEMBERED_SECONDS);
    try {
      const rows = await db.execute<{ family_id: string }>(sql`
        select distinct family_id from refresh_tokens where revoked_at > now() - make_interval(secs => ${seconds})`);
      askedAtMs = now;
      remember(rows.map((row) => row.family_id));
    } catch {
      // PostgreSQL is away: the known endings are kept, and requests that need a viewer cannot write meanwhile.
    }
  };
  const refresh = (): Promise<void> => {
    refreshing ??= read().finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  };
  const has = (sessionId: string): boolean => {
    usedAt = performance.now();
    return ended.has(sessionId);
  };

  await refresh();
  const timer = setInterval(() => {
    if (performance.now() - usedAt < IN_USE_MS) void refresh();
    else isResting = true;
  }, REFRESH_MS).unref();
  return {
    has,
    hasNow(sessionId) {
      const isKnown = has(sessionId);
      if (isKnown || !isResting) return isKnown;
      return withDeadline(refresh(), PATIENCE_MS, () => undefined).then(() => {
        isResting = false;
        return has(sessionId);
      });
    },
    add: (sessionId) => remember([sessionId]),
    onEnded(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => clearInterval(timer),
  };
}
