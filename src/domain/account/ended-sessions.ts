import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { ACCESS_TOKEN_SECONDS } from './access-tokens.ts';

/** Everything of an ended session is over within three seconds: this, one query, and closing what is open. */
const REFRESH_MS = 2_000;
/** A revocation is remembered this much longer than an access token lives, for clocks that differ. */
const MARGIN_SECONDS = 60;
const REMEMBERED_SECONDS = ACCESS_TOKEN_SECONDS + MARGIN_SECONDS;
/** `revoked_at` is when its transaction began, and it can be seen only when that has committed. */
const OVERLAP_SECONDS = 60;

export type EndedSessions = {
  has(sessionId: string): boolean;
  /** Known here at once; the other processes hear of it from PostgreSQL. */
  add(sessionId: string): void;
  /** Calls `listener` whenever sessions ended that were not known; returns how to stop that. */
  onEnded(listener: () => void): () => void;
  close(): void;
};

/**
 * Access tokens are not looked up anywhere, so a session that was ended (sign-out, a stolen refresh token, a lower role)
 * would go on for up to 15 minutes. One small query every two seconds a process reports which sessions ended lately: a
 * request costs one look into a map, and no round trip.
 */
export async function openEndedSessions({ db }: { db: Db }): Promise<EndedSessions> {
  /** Until when (ms) each is remembered; the oldest first. */
  const ended = new Map<string, number>();
  const listeners = new Set<() => void>();
  let refreshing = false;
  let askedAtMs = Number.NEGATIVE_INFINITY;

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

  const refresh = async (): Promise<void> => {
    if (refreshing) return;
    refreshing = true;
    const now = Date.now();
    const seconds = Math.min((now - askedAtMs) / 1000 + OVERLAP_SECONDS, REMEMBERED_SECONDS);
    try {
      const rows = await db.execute<{ family_id: string }>(sql`
        select distinct family_id from refresh_tokens where revoked_at > now() - make_interval(secs => ${seconds})`);
      askedAtMs = now;
      remember(rows.map((row) => row.family_id));
    } catch {
      // PostgreSQL is away: what is known stays known, and nothing that needs a viewer can be written meanwhile.
    } finally {
      refreshing = false;
    }
  };

  await refresh();
  const timer = setInterval(() => void refresh(), REFRESH_MS).unref();
  return {
    has: (sessionId) => ended.has(sessionId),
    add: (sessionId) => remember([sessionId]),
    onEnded(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => clearInterval(timer),
  };
}
