import type { Db } from '#db/client.ts';
import type { EventIndex } from '#search/event-index.ts';
import { asIndexWriter } from './index-lease.ts';
import { findDocuments, findNow } from './index-queries.ts';

type Needs = { db: Db; index: EventIndex };

const BATCH = 500;

/**
 * Brings these events in the index to what PostgreSQL says now, whatever the message said: the row is read under the
 * lease, so an older version can never follow a newer one. What cannot be found any more is removed. While a rebuild is
 * under way its collection gets the same. Where there is no index nothing is written: building one reads PostgreSQL.
 *
 * @throws SearchUnavailable
 */
export async function indexEvents({ db, index }: Needs, eventIds: readonly string[]): Promise<void> {
  for (let start = 0; start < eventIds.length; start += BATCH) {
    const ids = eventIds.slice(start, start + BATCH);
    await asIndexWriter(db, async () => {
      const collections = [await index.current(), await index.next()].filter((name) => name !== undefined);
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

/** Removes what ended, which no message tells. Answers how many there were. @throws SearchUnavailable */
export async function removeEndedEvents({ db, index }: Needs): Promise<number> {
  return asIndexWriter(db, async () => {
    const nowUs = (await findNow({ db })).getTime() * 1000;
    let removed = 0;
    for (const collection of [await index.current(), await index.next()]) {
      if (collection !== undefined) removed += await index.removeEnded(collection, nowUs);
    }
    return removed;
  });
}
