import { sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { appendToOutbox } from '#db/outbox.ts';

/** The data of a venue that its events show have changed, so the keepers of copies of these events are notified. */
export async function touchEventsOfVenue(tx: Tx, venueId: string): Promise<void> {
  const events = await tx.execute<{ id: string; updatedVersion: number }>(sql`
    update events set updated_version = updated_version + 1, updated_at = now()
    where venue_id = ${venueId} and status = 'PUBLISHED'
    returning id, updated_version::float8 as "updatedVersion"`);
  await appendToOutbox(
    tx,
    events.map(({ id, updatedVersion }) => ({ type: 'EventChanged', aggregateId: id, eventId: id, updatedVersion })),
  );
}
