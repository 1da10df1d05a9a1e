import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import type { Redis } from '#redis/client.ts';

const PATIENCE_MS = 1_000;

export type Readiness = { readonly postgres: boolean; readonly redis: boolean };

/** Which stores answer within a second. Only PostgreSQL is needed: everything else has something to stand in for it. */
export async function checkReadiness({ db, redis }: { db: Db; redis: Redis }): Promise<Readiness> {
  const [postgres, redisAnswers] = await Promise.all([answers(db.execute(sql`select 1`)), answers(redis.ping())]);
  return { postgres, redis: redisAnswers };
}

async function answers(question: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), PATIENCE_MS);
  });
  const inTime = await Promise.race([
    question.then(
      () => true,
      () => false,
    ),
    late,
  ]);
  clearTimeout(timer);
  return inTime;
}
