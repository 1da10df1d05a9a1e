import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeGlobalId } from '#domain/global-id-rules.ts';
import { encodeStatuses } from '#domain/inventory/packed-statuses-rules.ts';
import { emptyMap, keepWatching, SeatMapWatcher } from '#test/fans/seat-map-watcher.ts';
import type { SeededEvent } from '#test/support/databases/catalog.ts';
import { type HistoryRecord, instant } from '../history.ts';

/** Watches an event from its first version on, and records the frames and the map that it builds from them. */
export class Watcher {
  readonly #event: SeededEvent;
  readonly #write: (record: HistoryRecord) => void;
  readonly #subscription = randomUUID();
  readonly #map: SeatMapWatcher;
  readonly #closing = new AbortController();
  readonly #over: Promise<void>;

  constructor(apiUrl: string, event: SeededEvent, write: (record: HistoryRecord) => void) {
    this.#event = event;
    this.#write = write;
    this.#map = new SeatMapWatcher(emptyMap(event.seatCount), (frame) => {
      const fromVersion = frame.__typename === 'SeatMapReset' ? null : frame.fromVersion;
      this.#write({ ...this.#base(), kind: 'seatFrame', fromVersion, toVersion: this.#map.version });
    });
    this.#over = keepWatching(this.#map, encodeGlobalId('Event', event.eventId), {
      port: () => Number(new URL(apiUrl).port),
      // Every part of the product fails during a rush, and the records are what is checked.
      onError: () => undefined,
      afterEnd: 'again',
      until: this.#closing.signal,
    });
  }

  get eventId(): string {
    return this.#event.eventId;
  }

  /** Waits until it has reached the version, or cannot any longer, and records its view. */
  async finish(version: number, withinMs: number): Promise<void> {
    const deadline = instant() + withinMs;
    while (this.#map.version < version && instant() < deadline) await sleep(50);
    this.#closing.abort();
    await this.#over;
    const statuses = encodeStatuses(this.#map.packed);
    this.#write({ ...this.#base(), kind: 'view', version: this.#map.version, statuses });
  }

  #base() {
    return { subscription: this.#subscription, at: instant(), event: this.#event.eventId };
  }
}
