import type { Db } from '#db/client.ts';
import { openSearchClient, type SearchClientOptions } from '#search/client.ts';
import { type EventIndex, openEventIndex } from '#search/event-index.ts';
import { indexEvents } from './index-events.ts';
import { ensureIndex } from './reindex-events.ts';

/**
 * A process's handle for writing the index. Calls that come while a batch is written join the next one, so that a
 * burst of changes costs few requests.
 */
export type EventIndexer = {
  readonly index: EventIndex;
  /**
   * Resolves when the index has these events as they are in PostgreSQL now. Builds a missing index.
   * @throws SearchUnavailable
   */
  write(eventIds: readonly string[]): Promise<void>;
  /** @throws SearchUnavailable with the reason, while the engine does not answer */
  probe(): Promise<void>;
  close(): Promise<void>;
};

type Batch = { ids: Set<string>; done: Promise<void> };

export function openEventIndexer({ db, engine }: { db: Db; engine: SearchClientOptions }): EventIndexer {
  const client = openSearchClient(engine);
  const index = openEventIndex(client);
  let running: Promise<void> = Promise.resolve();
  let next: Batch | undefined;

  const startNext = (): Batch => {
    const ids = new Set<string>();
    const done = running.then(async () => {
      next = undefined;
      await ensureIndex({ db, index });
      await indexEvents({ db, index }, [...ids]);
    });
    running = done.catch(() => {});
    return { ids, done };
  };

  return {
    index,
    write(eventIds) {
      next ??= startNext();
      for (const id of eventIds) next.ids.add(id);
      return next.done;
    },
    probe: () => client.probe(),
    close: () => client.close(),
  };
}
