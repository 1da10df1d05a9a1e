import { eq } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { ONE_ROUND_TRIP } from '#db/prepared.ts';
import { users } from '#db/tables/account.ts';
import type { Viewer } from '../viewer.ts';
import type { User } from './session-statements.ts';

/** The viewer's own account. Another viewer's account cannot be requested. */
export async function findViewerAccount({ db }: { db: Db }, viewer: Viewer): Promise<User | undefined> {
  const [user] = await db
    .select({ id: users.id, email: users.email, displayName: users.displayName, role: users.role })
    .from(users)
    .where(eq(users.id, viewer.userId))
    .prepare(ONE_ROUND_TRIP)
    .execute();
  return user;
}
