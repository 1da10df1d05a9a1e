import type { Db } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import type { Viewer } from '../viewer.ts';
import type { EndedSessions } from './ended-sessions.ts';
import { endFamily } from './session-statements.ts';

/**
 * Ends the session of the given token: its refresh token at once, its access tokens within three seconds in all
 * processes.
 */
export async function signOut(needs: { db: Db; endedSessions: EndedSessions }, viewer: Viewer): Promise<boolean> {
  await inTransaction(needs.db, 'signOut', (tx) => endFamily(tx, viewer.sessionId));
  needs.endedSessions.add(viewer.sessionId);
  return true;
}
