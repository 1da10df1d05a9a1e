import { createHash } from 'node:crypto';
import type { Db } from '#db/client.ts';
import type { EventIndex, IndexedVersion } from '#search/event-index.ts';
import { indexEvents } from './index-events.ts';
import { findNow, findVersions } from './index-queries.ts';

type Needs = { db: Db; index: EventIndex };

/** Count and hash of the ids and versions of one side. Two sides agree if and only if these are equal. */
export type IndexDigest = { readonly count: number; readonly hash: string };
export type IndexComparison = {
  readonly postgres: IndexDigest;
  readonly index: IndexDigest;
  /** Ids that are missing, left over, or of another version in the index. */
  readonly different: readonly string[];
};

/**
 * Compares the collection that serves searches, or the given one, with PostgreSQL. The two are read one after the
 * other, so changes in between may count as different.
 *
 * @throws SearchUnavailable
 */
export async function compareIndex({ db, index }: Needs, collection?: string): Promise<IndexComparison> {
  const name = collection ?? (await index.current());
  const indexed = name === undefined ? new Map<string, IndexedVersion>() : await index.versions(name);
  const expected = await findVersions({ db });
  const different = [...new Set([...expected.keys(), ...indexed.keys()])].filter(
    (id) => wordOf(expected.get(id)) !== wordOf(indexed.get(id)),
  );
  return { postgres: digestOf(expected), index: digestOf(indexed), different };
}

/** Compares, and indexes the differences. Returns how many there were. @throws SearchUnavailable */
export async function healIndex(needs: Needs): Promise<number> {
  const readAt = await findNow(needs);
  const { different } = await compareIndex(needs);
  await indexEvents(needs, different);
  if (different.length === 0) await needs.index.stamp(readAt);
  return different.length;
}

const wordOf = (version: IndexedVersion | undefined) =>
  version && `${version.updatedVersion}/${version.availableShare}`;

function digestOf(versions: ReadonlyMap<string, IndexedVersion>): IndexDigest {
  const hash = createHash('sha256');
  for (const id of [...versions.keys()].sort()) hash.update(`${id} ${wordOf(versions.get(id))}\n`);
  return { count: versions.size, hash: hash.digest('hex') };
}
