import { drawOrder, positionOf } from './draw-rules.ts';
import type { Room } from './room.ts';

/** A watcher of a room: called after each change, a few hundred watchers at a time. */
export type RoomWatcher = {
  poke(): void;
  /** Whether its turn came or it left, and it was not notified yet: it is notified before all others. */
  hasNewState?(): boolean;
};

/** So many watchers are notified at a time; then other work gets a turn. */
const WAKE_AT_ONCE = 256;

/** One waiting room as this process knows it. */
export class LiveRoom {
  #room: Room;
  #order: Uint32Array | undefined;
  readonly #departed = new Set<number>();
  readonly #watchers = new Set<RoomWatcher>();
  /** The watchers that have not been notified of the last change yet. */
  #toWake: IterableIterator<RoomWatcher> | undefined;
  #isBehind = false;

  constructor(room: Room) {
    this.#room = room;
    this.#order = orderOf(room);
  }

  get room(): Room {
    return this.#room;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /**
   * Takes over a room that is not older. `knownBefore`: the version that was known when PostgreSQL was read. An older
   * version in PostgreSQL is taken over as well, because later ones were then lost with a restore.
   */
  adopt(room: Room, knownBefore = 0): void {
    if (room.version < this.#room.version && room.version >= knownBefore) return;
    const isNew = room.version !== this.#room.version;
    // Once for each draw: for a million entries it takes a tenth of a second.
    if (room.draw?.secret !== this.#room.draw?.secret) this.#order = orderOf(room);
    const hasMoved = room.watermark !== this.#room.watermark;
    this.#room = room;
    if (hasMoved) this.#wakeFirst();
    if (isNew) this.#wakeAll();
  }

  positionOf(ordinal: number): number | undefined {
    return positionOf(this.#room, this.#order, ordinal);
  }

  hasLeft(ordinal: number): boolean {
    return this.#departed.has(ordinal);
  }

  /** These places were left while waiting. */
  depart(ordinals: readonly number[]): void {
    const before = this.#departed.size;
    for (const ordinal of ordinals) this.#departed.add(ordinal);
    if (this.#departed.size > before) this.#wakeFirst();
  }

  enter(watcher: RoomWatcher): void {
    this.#watchers.add(watcher);
  }

  leave(watcher: RoomWatcher): void {
    this.#watchers.delete(watcher);
  }

  /** These watchers are few, so they are woken at once, ahead of those that still wait for an earlier change. */
  #wakeFirst(): void {
    for (const watcher of this.#watchers) if (watcher.hasNewState?.()) watcher.poke();
  }

  #wakeAll(): void {
    if (this.#watchers.size === 0) return;
    if (this.#toWake) {
      this.#isBehind = true;
      return;
    }
    this.#toWake = this.#watchers.values();
    this.#wakeSome();
  }

  readonly #wakeSome = (): void => {
    for (let count = 0; count < WAKE_AT_ONCE; count++) {
      const next = this.#toWake?.next();
      if (!next || next.done) {
        this.#wakeAgain();
        return;
      }
      next.value.poke();
    }
    setImmediate(this.#wakeSome);
  };

  #wakeAgain(): void {
    this.#toWake = undefined;
    if (!this.#isBehind) return;
    this.#isBehind = false;
    setImmediate(() => this.#wakeAll());
  }
}

const orderOf = ({ draw }: Room): Uint32Array | undefined => draw && drawOrder(draw.secret, draw.entries);
