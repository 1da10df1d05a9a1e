import { sql } from 'drizzle-orm';
import { closeDb, openDb } from '#db/client.ts';
import { seedMember, seedOrganization, seedUser } from '#test/support/databases/catalog.ts';
import { createBookingDatabase } from '#test/support/databases/databases.ts';

/** A database with organizations, for tests below HTTP. */
export async function openOrganizationWorld({ connections = 4 } = {}) {
  const database = await createBookingDatabase();
  const db = openDb({ url: database.url, poolMax: connections, name: 'organization-test' });
  /** The organizations whose changes were announced. */
  const announced: string[] = [];
  const rights = { changed: async (organizationId: string) => void announced.push(organizationId) };
  const user = async () => (await seedUser(db)).userId;
  return {
    db,
    announced,
    rights,
    user,
    needs: { db, rights },
    async addressOf(userId: string): Promise<string> {
      return String((await db.execute(sql`select email from users where id = ${userId}`))[0]?.email);
    },
    /** An organization with this many owners, the first of whom made it. */
    async organizationWith(count: number) {
      const owner = await user();
      const organizationId = await seedOrganization(db, owner);
      const others = await Promise.all(Array.from({ length: count - 1 }, user));
      for (const userId of others) await seedMember(db, { organizationId, userId, role: 'OWNER' });
      return { organizationId, owner, owners: [owner, ...others] };
    },
    async close() {
      await closeDb(db);
      await database.drop();
    },
  };
}

/** The outcome, again after each TryAgain, as a client asks: many callers wait for one lock, which has a limit. */
export async function outcomeAfterRetries(work: () => Promise<unknown>): Promise<string> {
  for (;;) {
    const outcome = await outcomeOf(work());
    if (outcome !== 'TryAgain') return outcome;
  }
}

/** `done`, or the name of the error's class. */
export const outcomeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: Error) => error.constructor.name,
  );
