import { randomBytes } from 'node:crypto';
import { Errors } from 'typesense';
import { type SearchClient, whileAvailable } from './client.ts';
import { type EventDocument, eventCollection, SHAPE, STATE_ID, stateCollection } from './event-collection.ts';
import { compare, isId } from './filter.ts';

/** What the comparison looks at. */
export type IndexedVersion = { readonly updatedVersion: number; readonly availableShare: number };
export type EventIndex = ReturnType<typeof openEventIndex>;

const CONFLICT = 409;
/** A query string may have 4,000 characters. */
const IDS_IN_A_URL = 90;

/** The writing side of the index. It knows nothing of order: one caller at a time, see the domain's `index-events`. */
export function openEventIndex(client: SearchClient) {
  const { admin, names } = client;
  const collectionOf = (alias: string) =>
    orUndefined(async () => (await admin.aliases(alias).retrieve()).collection_name);
  const generations = async () => {
    const all = await whileAvailable(() => admin.collections().retrieve());
    return all.map(({ name }) => name).filter((name) => name.startsWith(names.generation));
  };

  return {
    /** The collection that answers searches. */
    current: () => collectionOf(names.events),
    /** The collection that a rebuild is filling. */
    next: () => collectionOf(names.eventsNext),
    /** False for a collection that was made by code with other fields. */
    hasShape: (collection: string) => collection.startsWith(`${names.generation}${SHAPE}_`),

    /** Makes an empty collection that the writer fills as well from its next batch on. */
    async startNext(): Promise<string> {
      const name = `${names.generation}${SHAPE}_${Date.now().toString(36)}_${randomBytes(3).toString('hex')}`;
      await whileAvailable(() => admin.collections().create(eventCollection(name)));
      await whileAvailable(() => admin.aliases().upsert(names.eventsNext, { collection_name: name }));
      return name;
    },

    /** Searches go to `collection` from now on; what neither alias names is dropped. */
    async swap(collection: string): Promise<void> {
      await whileAvailable(() => admin.aliases().upsert(names.events, { collection_name: collection }));
      await orUndefined(() => admin.aliases(names.eventsNext).delete());
      for (const name of await generations()) {
        if (name !== collection) await orUndefined(() => admin.collections(name).delete());
      }
    },

    /**
     * `upsert` replaces; `create` leaves a document that exists alone, since somebody newer wrote it.
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

    /** Answers how many there were. */
    removeEnded: (collection: string, nowUs: number): Promise<number> =>
      removeWhere(client, collection, compare('ends_at', '<=', nowUs)),

    versions: (collection: string) => versionsIn(client, collection),

    /** Remembers that the index agreed with PostgreSQL at this instant. */
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

/** Undefined where there is no such thing. */
async function orUndefined<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await whileAvailable(call);
  } catch (error) {
    if (error instanceof Errors.ObjectNotFound) return undefined;
    throw error;
  }
}
