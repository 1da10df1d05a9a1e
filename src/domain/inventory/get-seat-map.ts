import type { SeatMap } from './seat-map.ts';
import type { SeatMaps } from './seat-maps.ts';

/**
 * The seat map of a published or cancelled event, undefined for any other: always a true past state, at most a second
 * old. When neither Redis nor PostgreSQL answers, returns the last map that this process saw, with `stale: true`;
 * rejects when it saw none.
 */
export function getSeatMap(needs: { seatMaps: SeatMaps }, eventId: string): Promise<SeatMap | undefined> {
  return needs.seatMaps.snapshot(eventId);
}
