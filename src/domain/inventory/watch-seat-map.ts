import { PositionWatcher } from '../position-watcher.ts';
import type { SeatMapChange } from './seat-map-frames.ts';
import type { SeatMapHub } from './seat-map-hub.ts';
import type { SeatMaps } from './seat-maps.ts';

/**
 * The changes of an event's seat map from now on, or from `sinceVersion`. The first delta begins at the current
 * version (or at `sinceVersion`), each next one where the previous one ended. When the server cannot continue from
 * `sinceVersion`, the first message is a reset. A slow reader gets several deltas merged into one.
 *
 * All watchers of an event get the same objects, so a result computed from one may be cached for all. Throws NotFound
 * for an event that is unknown or not published. Call `return()` when done.
 */
export async function watchSeatMap(
  needs: { seatMaps: SeatMaps },
  eventId: string,
  sinceVersion?: number | null,
): Promise<AsyncIterableIterator<SeatMapChange>> {
  const hub = await needs.seatMaps.enter(eventId);
  const since = sinceVersion ?? hub.sentVersion;
  // A client that read a newer snapshot from another process is not sent back to an older version.
  if (since > hub.version) await hub.catchUp(since);
  return new SeatMapWatcher(hub, since > hub.version ? NOWHERE : since);
}

/** Lower than every version: only a reset leads on from here. */
const NOWHERE = -1;

/** Only a position in the hub's frames. */
class SeatMapWatcher extends PositionWatcher<SeatMapChange> {
  readonly #hub: SeatMapHub;
  #version: number;

  constructor(hub: SeatMapHub, version: number) {
    super();
    this.#hub = hub;
    this.#version = version;
  }

  protected take(): SeatMapChange | undefined {
    if (this.#hub.sentVersion <= this.#version) return undefined;
    const frame = this.#hub.frameAfter(this.#version);
    this.#version = frame.kind === 'delta' ? frame.toVersion : frame.map.version;
    return frame;
  }

  protected onMore(wake: () => void): void {
    this.#hub.onFrame(wake);
  }

  protected isClosed(): boolean {
    return this.#hub.closed;
  }

  protected leave(): void {
    this.#hub.leave();
  }
}
