import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { insertCancellation, keepPreview, readFigures } from '#domain/cancellation/cancellation-statements.ts';

/** A preview of the cancellation of an event that was not changed yet. Returns its token. */
export async function seedPreview(db: Db, eventId: string): Promise<string> {
  const token = randomUUID();
  const figures = await readFigures(db, eventId);
  await inTransaction(db, 'test', (tx) => keepPreview(tx, { token, eventId, revision: 1, figures, seconds: 900 }));
  return token;
}

/** Cancels an event, with its job. */
export async function seedCancellation(db: Db, eventId: string): Promise<void> {
  const figures = await readFigures(db, eventId);
  const [now, token] = [new Date(), randomUUID()];
  const previewed = { revision: 1, figures, madeAtMs: now.getTime(), isExpired: false };
  const decision = { refundFees: true, reason: 'Of a test', createdBy: randomUUID() };
  await inTransaction(db, 'test', async (tx) => {
    await tx.execute(sql`update events set status = 'CANCELLED' where id = ${eventId}`);
    await insertCancellation(tx, { eventId, token, ...decision, now, previewed, figures });
  });
}
