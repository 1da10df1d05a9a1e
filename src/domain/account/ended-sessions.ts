import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { ACCESS_TOKEN_SECONDS } from './access-tokens.ts';

const REFRESH_MS = 3_000;
/** A revocation is looked for this much longer than an access token lives, for clocks that differ. */
const MARGIN_SECONDS = 60;

export type EndedSessions = {
  has(sessionId: string): boolean;
  /** Known here at once; the other processes hear of it from PostgreSQL within three seconds. */
  add(sessionId: string): void;
  close(): void;
};

/**
 * Access tokens are not looked up anywhere, so a session that was ended (sign-out, a stolen refresh token) would go on
 * for up to 15 minutes. One small query every three seconds a process tells which sessions ended lately: a request costs
 * one look into a set, and no round trip.
 */
export async function openEndedSessions({ db }: { db: Db }): Promise<EndedSessions> {
  let ended = new Set<string>();
  const own = new Set<string>();
  let refreshing = false;

  const refresh = async (): Promise<void> => {
    if (refreshing) return;
    refreshing = true;
    // What is added while the query runs may be missing from its snapshot, so it stays for another round.
    const before = [...own];
    try {
      const rows = await db.execute<{ family_id: string }>(sql`
        select distinct family_id from refresh_tokens
        where revoked_at > now() - make_interval(secs => ${ACCESS_TOKEN_SECONDS + MARGIN_SECONDS})`);
      ended = new Set(rows.map((row) => row.family_id));
      for (const sessionId of before) own.delete(sessionId);
    } catch {
      // PostgreSQL is away: what is known stays known, and nothing that needs a viewer can be written meanwhile.
    } finally {
      refreshing = false;
    }
  };

  await refresh();
  const timer = setInterval(() => void refresh(), REFRESH_MS).unref();
  return {
    has: (sessionId) => ended.has(sessionId) || own.has(sessionId),
    add: (sessionId) => void own.add(sessionId),
    close: () => clearInterval(timer),
  };
}
