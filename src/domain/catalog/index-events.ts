import type { Db } from '#db/client.ts';
import type { EventIndex } from '#search/event-index.ts';
import { asIndexWriter } from './index-lease.ts';
import { findDocuments, findNow } from './index-queries.ts';

type Needs = { db: Db; index: EventIndex };

const BATCH = 500;

/**
 * Makes these events in the index equal to PostgreSQL, regardless of the content of the message: the row is read
 * under the lease, so an older version can never follow a newer one. Events that can no longer be found are removed.
 * During a rebuild its collection gets the same writes. Nothing is written when there is no index: building one reads
 * PostgreSQL.
 *
 * @throws SearchUnavailable
 */
export async function indexEvents({ db, index }: Needs, eventIds: readonly string[]): Promise<void> {
  for (let start = 0; start < eventIds.length; start += BATCH) {
    const ids = eventIds.slice(start, start + BATCH);
    await asIndexWriter(db, async () => {
      const collections = await collectionsOf(index);
      const readAt = await findNow({ db });
      const documents = await findDocuments({ db }, ids);
      const found = new Set(documents.map(({ id }) => id));
      const gone = ids.filter((id) => !found.has(id));
      for (const collection of collections) {
        await index.put(collection, documents, 'upsert');
        await index.remove(collection, gone);
      }
      await index.stamp(readAt);
    });
  }
}

/** During a rebuild there are two. */
const collectionsOf = async (index: EventIndex): Promise<string[]> =>
  [await index.current(), await index.next()].filter((name) => name !== undefined);

/** The clock of this process decides only whether PostgreSQL is asked, so it may be wrong by an hour. */
const CLOCK_MARGIN_MS = 3_600_000;

/**
 * Removes ended events, because no message reports the end. Returns how many there were. Asks PostgreSQL only when an
 * event ends within an hour or has ended, because mostly none has.
 *
 * @throws SearchUnavailable
 */
export async function removeEndedEvents({ db, index }: Needs): Promise<number> {
  const soonUs = (Date.now() + CLOCK_MARGIN_MS) * 1000;
  const anyEnds = await Promise.all((await collectionsOf(index)).map((name) => index.hasEndBefore(name, soonUs)));
  if (!anyEnds.includes(true)) return 0;
  return asIndexWriter(db, async () => {
    const now = await findNow({ db });
    let removed = 0;
    for (const collection of await collectionsOf(index)) {
      removed += await index.removeEnded(collection, now.getTime() * 1000);
    }
    if (removed > 0) await index.stamp(now);
    return removed;
  });
}
