import { hash, randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';

/** A token of a recovery link of the guest, as in a mail; the database keeps only its hash. */
export async function recoveryTokenFor(db: Db, userId: string): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  const id = userId.replace('User_', '');
  await db.execute(sql`insert into guest_recoveries (token_hash, mail_id, user_id, expires_at)
    values (${hash('sha256', token, 'buffer')}, ${randomUUID()}, ${id}, now() + interval '1 minute')`);
  return token;
}
