import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '#db/client.ts';
import type { Redis } from '#redis/client.ts';
import type { SeatChange } from './seat-change.ts';
import { appendToProjection, type ProjectionState, putProjection } from './seat-map-projection.ts';
import { loadSeatMap } from './seat-map-source.ts';

/** How long another process may take from its commit to Redis before its change counts as lost. */
const PATIENCE_MS = 250;
const MAX_REBUILDS = 3;

type Needs = { redis: Redis; db: Queryable };

/** One rebuild per event and database at a time; concurrent callers share it. */
const rebuilding = new WeakMap<Queryable, Map<string, Promise<boolean>>>();

/**
 * Brings committed changes to all watchers of the event's seat map. May be called in any order, more than once, from
 * any process: the projection in Redis applies each version once and in order, and is read from PostgreSQL again when
 * a version does not arrive. Rejects when Redis is away. After a commit the caller may ignore that, because the same
 * changes arrive again from the event log and watchers compare their version with PostgreSQL. Takes up to a second
 * when an earlier change is late, so no client response should wait for it.
 */
export async function applySeatChanges(needs: Needs, eventId: string, changes: readonly SeatChange[]): Promise<void> {
  let state = await appendToProjection(needs.redis, eventId, changes);
  if (isComplete(state)) return;
  if (state.gap) {
    // Two processes commit to one event in order, but their messages may overtake each other.
    await sleep(PATIENCE_MS);
    state = await appendToProjection(needs.redis, eventId, []);
  }
  for (let attempt = 0; attempt < MAX_REBUILDS && !isComplete(state); attempt++) {
    if (!(await rebuildSeatMap(needs, eventId))) return;
    // The rebuild may have started before these changes were committed, with an older snapshot.
    state = await appendToProjection(needs.redis, eventId, changes);
  }
}

const isComplete = (state: ProjectionState): boolean => state.version !== undefined && !state.gap;

/** Writes the projection of an event again from PostgreSQL. False for an unknown event. */
export function rebuildSeatMap(needs: Needs, eventId: string): Promise<boolean> {
  const running = rebuilding.get(needs.db) ?? new Map<string, Promise<boolean>>();
  rebuilding.set(needs.db, running);
  const pending = running.get(eventId);
  if (pending) return pending;
  const started = rebuild(needs, eventId).finally(() => running.delete(eventId));
  running.set(eventId, started);
  return started;
}

async function rebuild({ redis, db }: Needs, eventId: string): Promise<boolean> {
  const map = await loadSeatMap(db, eventId);
  if (map) await putProjection(redis, eventId, map);
  return map !== undefined;
}
