import { PositionWatcher } from '../position-watcher.ts';
import type { EventTick, EventWatch, EventWatches } from './event-watches.ts';

/**
 * A tick now, and whenever the event's entry, sale or availability has changed, once a second at most. The value
 * tells the caller to read the event, and is the same object for all watchers. Throws NotFound for an event that is
 * unknown or not published. Call `return()` when done.
 */
export async function watchEvent(
  needs: { eventWatches: EventWatches },
  eventId: string,
): Promise<AsyncIterableIterator<EventTick>> {
  return new EventWatcher(await needs.eventWatches.enter(eventId));
}

class EventWatcher extends PositionWatcher<EventTick> {
  readonly #watch: EventWatch;
  /** The newest tick that this watcher knows; undefined before the first. */
  #seen: EventTick | undefined;

  constructor(watch: EventWatch) {
    super();
    this.#watch = watch;
  }

  protected take(): EventTick | undefined {
    const { tick } = this.#watch;
    if (tick === this.#seen) return undefined;
    const isFirst = this.#seen === undefined;
    this.#seen = tick;
    return isFirst ? this.#watch.first() : tick;
  }

  protected onMore(wake: () => void): void {
    this.#watch.onTick(wake);
  }

  protected isClosed(): boolean {
    return this.#watch.closed;
  }

  protected leave(): void {
    this.#watch.leave();
  }
}
