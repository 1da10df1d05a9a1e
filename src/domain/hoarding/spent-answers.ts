import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { orTryAgain } from '../or-try-again.ts';

/**
 * Whether this call is the first to spend the answer, over all processes. It is stored until it would be too old
 * anyway.
 */
export async function spendAnswer(db: Db, answer: string, lifetimeSeconds: number): Promise<boolean> {
  const hash = createHash('sha256').update(answer).digest('hex');
  const rows = await orTryAgain(
    db.execute(sql`
      insert into spent_challenge_answers (answer_hash, expires_at)
      values (decode(${hash}, 'hex'), clock_timestamp() + make_interval(secs => ${lifetimeSeconds}))
      on conflict do nothing returning 1`),
  );
  return rows.length > 0;
}
