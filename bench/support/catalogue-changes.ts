import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { appendToOutbox } from '#db/outbox.ts';
import { inTransaction } from '#db/transaction.ts';
import type { Engine, SearchStand } from './search-stand.ts';

const LOOK_EVERY_MS = 5;
const VISIBLE_WITHIN_MS = 20_000;

/**
 * Changes an event's title as the organizer would, and returns how many milliseconds after the commit the engine's
 * document has it; undefined when it does not within 20 s.
 */
export async function changeTitle(
  { stores: { db }, engine }: SearchStand,
  { eventId, title }: { eventId: string; title: string },
): Promise<number | undefined> {
  await inTransaction(db, 'bench', async (tx) => {
    const [row] = await tx.execute<{ version: number }>(sql`
      update events set title = ${title}, updated_version = updated_version + 1, updated_at = now()
      where id = ${eventId} returning updated_version::float8 as version`);
    const updatedVersion = row?.version ?? 0;
    await appendToOutbox(tx, [{ type: 'EventChanged', aggregateId: eventId, eventId, updatedVersion }]);
  });
  const committedAt = performance.now();
  while (performance.now() - committedAt < VISIBLE_WITHIN_MS) {
    if ((await titleInEngine(engine, eventId)) === title) return performance.now() - committedAt;
    await sleep(LOOK_EVERY_MS);
  }
  return undefined;
}

async function titleInEngine({ url, apiKey }: Engine, eventId: string): Promise<string | undefined> {
  const response = await fetch(`${url}/collections/events/documents/${eventId}`, {
    headers: { 'x-typesense-api-key': apiKey },
  });
  return ((await response.json()) as { title?: string }).title;
}
