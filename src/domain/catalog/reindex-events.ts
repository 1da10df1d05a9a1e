import type { Db } from '#db/client.ts';
import type { EventIndex } from '#search/event-index.ts';
import { compareIndex } from './compare-index.ts';
import { indexEvents } from './index-events.ts';
import { asIndexWriter, asOnlyRebuild } from './index-lease.ts';
import { findNow, listDocumentsAfter } from './index-queries.ts';
import { writeWordsOf } from './search-words-queries.ts';

type Needs = { db: Db; index: EventIndex };

const BATCH = 1000;

/**
 * Builds the index again beside the one that serves searches, then swaps them: no search fails and no change is lost
 * meanwhile. Undefined when another process rebuilds.
 *
 * The live writer writes to both from the moment the next collection has its alias. Filling only creates documents
 * and never replaces one, because an existing document was written by the live writer and is newer. A document that
 * the writer removed between our reading and our writing comes back; the comparison finds it, like any other
 * difference, before the swap.
 *
 * @throws SearchUnavailable
 */
export function reindexEvents(needs: Needs): Promise<{ collection: string; events: number } | undefined> {
  const { db, index } = needs;
  return asOnlyRebuild(db, async () => {
    const startedAt = await findNow(needs);
    const collection = await asIndexWriter(db, () => index.startNext());
    const events = await fill(needs, collection);
    const { different } = await compareIndex(needs, collection);
    await indexEvents(needs, different);
    await asIndexWriter(db, async () => {
      // Searches must not find the old collection with the new stamp.
      await index.swap(collection);
      await index.stamp(startedAt);
    });
    return { collection, events };
  });
}

/**
 * Also writes the words for PostgreSQL's search where they are missing or old, because making the words of an event
 * takes most of the time. While a batch is written, the next one is read.
 */
async function fill({ db, index }: Needs, collection: string): Promise<number> {
  let filled = 0;
  let writing: Promise<unknown> = Promise.resolve();
  for (let after: string | undefined; ; ) {
    const documents = await listDocumentsAfter({ db }, after, BATCH);
    await writing;
    writing = Promise.all([index.put(collection, documents, 'create'), writeWordsOf({ db }, documents)]);
    // A failure is thrown where the batch is awaited, which may be after the next read.
    writing.catch(() => {});
    filled += documents.length;
    after = documents.at(-1)?.id;
    if (documents.length < BATCH) break;
  }
  await writing;
  return filled;
}

/** Builds the index when it is missing or has another shape. Returns whether it did. @throws SearchUnavailable */
export async function ensureIndex(needs: Needs): Promise<boolean> {
  const current = await needs.index.current();
  if (current !== undefined && needs.index.hasShape(current)) return false;
  return (await reindexEvents(needs)) !== undefined;
}
