import type { Redis } from 'ioredis';
import type { Db } from '#db/client.ts';
import { changedSeat, changesBetween, fitStatuses, statusAt } from '#domain/inventory/packed-statuses-rules.ts';
import { loadSeatMap } from '#domain/inventory/seat-map-source.ts';
import { seatMap } from '#redis/keys.ts';

/** A view of an event's seats. */
export type SeatMapView = { readonly name: string; readonly version: number; readonly packed: Uint8Array };

const HEADER_BYTES = 16;
/** At most this many seats of a view are listed. */
const MAX_SEATS_TOLD = 5;

/** The events with a seat map in Redis. */
export async function listProjectedEvents(redis: Redis): Promise<string[]> {
  const events: string[] = [];
  for await (const keys of redis.scanStream({ match: seatMap('*'), count: 1000 }))
    for (const key of keys as string[]) events.push(key.slice(key.indexOf('{') + 1, key.indexOf('}')));
  return events;
}

/**
 * R1 at rest: where the seat map in Redis and `views`, such as those of clients, differ from PostgreSQL, seat by
 * seat. A map that is missing in Redis is not a difference, because it is read from PostgreSQL on request.
 */
export async function findSeatMapDisagreements(
  { db, redis }: { db: Db; redis: Redis },
  eventId: string,
  views: readonly SeatMapView[] = [],
): Promise<string[]> {
  const truth = await loadSeatMap(db, eventId);
  if (!truth) return [`${eventId} has a seat map and is no event`];
  const stored = await redis.getBuffer(seatMap(eventId));
  const all = [...views, ...(stored ? [viewOfProjection(stored, truth.seatCount)] : [])];
  return all.flatMap((view) => differences(view, truth).map((what) => `${eventId}, ${view.name}: ${what}`));
}

function viewOfProjection(stored: Buffer, seatCount: number): SeatMapView {
  return {
    name: 'Redis',
    version: Number(stored.toString('latin1', 0, HEADER_BYTES - 1)),
    packed: fitStatuses(stored.subarray(HEADER_BYTES), seatCount),
  };
}

function differences(view: SeatMapView, truth: { version: number; packed: Uint8Array }): string[] {
  const seats = changesBetween(view.packed, truth.packed).map(changedSeat);
  const told = seats
    .slice(0, MAX_SEATS_TOLD)
    .map((seatNo) => `seat ${seatNo} is ${statusAt(truth.packed, seatNo)} and not ${statusAt(view.packed, seatNo)}`);
  const more = seats.length > told.length ? [`${seats.length - told.length} more seats differ`] : [];
  const version = view.version === truth.version ? [] : [`version ${view.version} instead of ${truth.version}`];
  return [...version, ...told, ...more];
}
