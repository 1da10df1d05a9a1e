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

/** One rebuild per event and database at a time; whoever comes meanwhile shares it. */
const rebuilding = new WeakMap<Queryable, Map<string, Promise<boolean>>>();

/**
 * Brings committed changes to everybody who watches the event's seat map. In any order, more than once, from any
 * process: the projection in Redis takes each version once and in order, and is read from PostgreSQL again when a
 * version does not come. Rejects when Redis is away; after a commit that may be ignored, since the same changes come
 * again from the event log and watchers check their version against PostgreSQL. Takes up to a second when an earlier
 * change is late, so nobody's answer should wait for it.
 */
export async function applySeatChanges(needs: Needs, eventId: string, changes: readonly SeatChange[]): Promise<void> {
  let state = await appendToProjection(needs.redis, eventId, changes);
  if (isComplete(state)) return;
  if (state.gap) {
    // Two processes commit to one event in order, but their messages may cross.
    await sleep(PATIENCE_MS);
    state = await appendToProjection(needs.redis, eventId, []);
  }
  for (let attempt = 0; attempt < MAX_REBUILDS && !isComplete(state); attempt++) {
    if (!(await rebuildSeatMap(needs, eventId))) return;
    // The rebuild may have been under way, with an older snapshot, when these changes were committed.
    state = await appendToProjection(needs.redis, eventId, changes);
  }
}

const isComplete = (state: ProjectionState): boolean => state.version !== undefined && !state.gap;

/** Writes the projection of an event anew from PostgreSQL. False for an unknown event. */
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
