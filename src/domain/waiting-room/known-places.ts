import { LRUCache } from 'lru-cache';
import type { Places } from './places.ts';

/** A place as it is in PostgreSQL. */
export type KnownPlace = { readonly ordinal: number; readonly hasLeft: boolean };

const MAX_KEPT = 200_000;

/**
 * A cache of the places that this process gave out or read, for clients that do not send their ticket. Open one per
 * process.
 */
export class KnownPlaces {
  readonly #places: Places;
  readonly #kept = new LRUCache<string, { place: KnownPlace; readAt: number }>({ max: MAX_KEPT });

  constructor(places: Places) {
    this.#places = places;
  }

  /** The place as it was at most `maxAgeMs` ago. */
  async find(eventId: string, userId: string, maxAgeMs = Number.POSITIVE_INFINITY): Promise<KnownPlace | undefined> {
    const known = this.#kept.get(keyOf(eventId, userId));
    if (known && performance.now() - known.readAt < maxAgeMs) return known.place;
    const found = await this.#places.find(eventId, userId);
    if (found) this.note(eventId, userId, found);
    return found;
  }

  /** The ordinal of the viewer's newest known place. A ticket may be for a place that the viewer gave up since. */
  newest(eventId: string, userId: string, ordinal: number): number {
    return Math.max(ordinal, this.#kept.get(keyOf(eventId, userId))?.place.ordinal ?? 0);
  }

  note(eventId: string, userId: string, place: KnownPlace): void {
    this.#kept.set(keyOf(eventId, userId), { place, readAt: performance.now() });
  }
}

const keyOf = (eventId: string, userId: string): string => `${eventId}/${userId}`;
