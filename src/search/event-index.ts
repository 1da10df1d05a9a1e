import { randomBytes } from 'node:crypto';
import { Errors } from 'typesense';
import { type SearchClient, whileAvailable } from './client.ts';
import { type EventDocument, eventCollection, SHAPE, STATE_ID, stateCollection } from './event-collection.ts';
import { compare, isId } from './filter.ts';

/** The fields that a comparison checks. */
export type IndexedVersion = { readonly updatedVersion: number; readonly availableShare: number };
export type EventIndex = ReturnType<typeof openEventIndex>;

const CONFLICT = 409;
/** A query string may have 4,000 characters. */
const IDS_IN_A_URL = 90;

/** The writing side of the index. It does not order writes: one caller at a time, see the domain's `index-events`. */
export function openEventIndex(client: SearchClient) {
  const { admin, names } = client;
  const collectionOf = (alias: string) =>
    orUndefined(async () => (await admin.aliases(alias).retrieve()).collection_name);
  const generations = async () => {
    const all = await whileAvailable(() => admin.collections().retrieve());
    return all.map(({ name }) => name).filter((name) => name.startsWith(names.generation));
  };

  return {
    /** The collection that serves searches. */
    current: () => collectionOf(names.events),
    /** The collection that a rebuild fills. */
    next: () => collectionOf(names.eventsNext),
    /** False for a collection that code with other fields made. */
    hasShape: (collection: string) => collection.startsWith(`${names.generation}${SHAPE}_`),

    /** Makes an empty collection; from its next batch on the writer fills it as well. */
    async startNext(): Promise<string> {
      const name = `${names.generation}${SHAPE}_${Date.now().toString(36)}_${randomBytes(3).toString('hex')}`;
      await whileAvailable(() => admin.collections().create(eventCollection(name)));
      await whileAvailable(() => admin.aliases().upsert(names.eventsNext, { collection_name: name }));
      return name;
    },

    /** From now on searches use `collection`; collections without an alias are dropped. */
    async swap(collection: string): Promise<void> {
      await whileAvailable(() => admin.aliases().upsert(names.events, { collection_name: collection }));
      await orUndefined(() => admin.aliases(names.eventsNext).delete());
      for (const name of await generations()) {
        if (name !== collection) await orUndefined(() => admin.collections(name).delete());
      }
    },

    /**
     * `upsert` replaces a document; `create` leaves an existing one, because a newer write made it.
     *
     * @throws SearchUnavailable; Error for a document that the engine refuses
     */
    async put(collection: string, documents: readonly EventDocument[], action: 'upsert' | 'create'): Promise<void> {
      if (documents.length === 0) return;
      const lines = documents.map((document) => JSON.stringify(document)).join('\n');
      const answer = await whileAvailable(() => admin.collections(collection).documents().import(lines, { action }));
      for (const line of String(answer).split('\n')) {
        const result = JSON.parse(line) as { success: boolean; error?: string; code?: number };
        if (result.success || (action === 'create' && result.code === CONFLICT)) continue;
        throw new Error(`Typesense refused a document (${result.code}): ${result.error}`);
      }
    },

    async remove(collection: string, eventIds: readonly string[]): Promise<void> {
      for (let start = 0; start < eventIds.length; start += IDS_IN_A_URL) {
        await removeWhere(client, collection, isId(eventIds.slice(start, start + IDS_IN_A_URL)));
      }
    },

    /** Whether an event ends at this time or before. False for a collection that a rebuild has dropped since. */
    async hasEndBefore(collection: string, timeUs: number): Promise<boolean> {
      const ends = { q: '*', filter_by: compare('ends_at', '<=', timeUs), per_page: 0 };
      const answer = await orUndefined(() => admin.collections(collection).documents().search(ends));
      return (answer?.found ?? 0) > 0;
    },

    /** Returns how many documents were removed. */
    removeEnded: (collection: string, nowUs: number): Promise<number> =>
      removeWhere(client, collection, compare('ends_at', '<=', nowUs)),

    versions: (collection: string) => versionsIn(client, collection),

    /** Records that the index agreed with PostgreSQL at this time. */
    async stamp(indexedAt: Date): Promise<void> {
      const state = { id: STATE_ID, indexed_at: indexedAt.getTime() };
      const put = () => admin.collections<typeof state>(names.state).documents().upsert(state);
      if (await orUndefined(put)) return;
      await whileAvailable(() => admin.collections().create(stateCollection(names.state))).catch((error: unknown) => {
        if (!(error instanceof Errors.ObjectAlreadyExists)) throw error;
      });
      await whileAvailable(put);
    },
  };
}

async function versionsIn({ admin }: SearchClient, collection: string): Promise<Map<string, IndexedVersion>> {
  const fields = 'id,updated_version,available_share';
  const lines = await whileAvailable(() =>
    admin.collections(collection).documents().export({ include_fields: fields }),
  );
  return new Map(
    lines
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const row = JSON.parse(line) as { id: string; updated_version: number; available_share: number };
        return [row.id, { updatedVersion: row.updated_version, availableShare: row.available_share }];
      }),
  );
}

async function removeWhere(client: SearchClient, collection: string, filter: ReturnType<typeof isId>): Promise<number> {
  const answer = await whileAvailable(() =>
    client.admin.collections(collection).documents().delete({ filter_by: filter }),
  );
  return answer.num_deleted;
}

/** Undefined when the engine answers 404. */
async function orUndefined<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await whileAvailable(call);
  } catch (error) {
    if (error instanceof Errors.ObjectNotFound) return undefined;
    throw error;
  }
}
