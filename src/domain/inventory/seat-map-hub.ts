import { applyChange, changesBetween, type PackedChange, type PackedStatuses } from './packed-statuses-rules.ts';
import { type SeatMap, seatMapOf } from './seat-map.ts';
import { RecentSteps, type SeatMapChange } from './seat-map-frames.ts';
import { type EncodedChange, KEPT_DELTAS, packedChangesOf } from './seat-map-projection.ts';

/** Each watcher lengthens a frame's window by this much: writing to all of them takes about a fifth of it. */
const WINDOW_MS_PER_WATCHER = 0.05;
const MIN_WINDOW_MS = 50;
const MAX_WINDOW_MS = 250;
/** When the event loop is late, frames wait for it, up to this long. */
const MAX_LAGGING_WINDOW_MS = 2_000;
/** So many watchers write at a time; then other work gets a turn. */
const WAKE_AT_ONCE = 256;
const FUTILE_MS = 250;
/** Watchers that lag by the same versions share a frame; so many different lags are kept. */
const MAX_KEPT_FRAMES = 64;
/** How many changes may arrive while the map is read again; further ones are dropped. */
const MAX_BACKLOG = 2_000;

/** Counters over all hubs of a process. */
export type SeatMapCounts = {
  /** Counted once per watcher that gets one. */
  deltas: number;
  resets: number;
  /** Versions that were sent together with a later one. */
  merged: number;
  /** Maps that were read again because a change was missing. */
  heals: number;
};

export type HubStart = { map: SeatMap; deltas: readonly EncodedChange[] };
/** Returns a map at version `atLeast` or later, if there is one. */
export type ReadMap = (atLeast: number) => Promise<SeatMap | undefined>;

/**
 * The seat map of one event in this process, kept current by the event's channel, and the frames that all its
 * watchers share. What it sends has no gaps: the hub holds the whole map, so when it missed a change it reads the map
 * again and sends the difference.
 *
 * State: the map at `#version`; `#sentVersion`, up to which the watchers were notified; the steps between versions.
 * - Idle: no window is open. The next change is sent at once and opens a window.
 * - Window open: changes are applied and wait; at its end they become one frame.
 * - Healing: a version is missing and the map is read again; new changes wait in the backlog.
 * - Closed: sends nothing more; `close` wakes all watchers so that they end.
 *
 * Invariants: `#packed` is the map at exactly `#version`. Versions never go down, and `#sentVersion <= #version`.
 * Watchers at the same version get the same frame object.
 *
 * Failures:
 * - A change is missing or arrives late: `receive` finds the gap and heals. An old or repeated change is ignored.
 * - The map cannot be read, or the backlog is full: the hub stays at its version. The next message or the next
 *   comparison with PostgreSQL (`SeatMaps`) finds the gap again.
 * - A watcher is too slow for the steps that are kept: it gets a reset.
 * - The event loop is late: the windows get longer.
 */
export class SeatMapHub {
  readonly #read: ReadMap;
  readonly #counts: SeatMapCounts;
  readonly #recent = new RecentSteps(KEPT_DELTAS);
  /** The map's fixed parts, and the snapshot of the version that was last asked for. */
  #snapshot: SeatMap;
  #packed: PackedStatuses;
  #version: number;
  /** The version that the watchers were notified of; behind `#version` until the window ends. */
  #sentVersion: number;
  #frames = new Map<number, SeatMapChange>();
  #watchers = 0;
  #waiting: (() => void)[] = [];
  #window: NodeJS.Timeout | undefined;
  #windowEndsAt = 0;
  #lagMs = 0;
  #healing: Promise<void> | undefined;
  #backlog: EncodedChange[] = [];
  #futileUntil = 0;
  /** The watchers that are being woken for a frame. */
  #toWake: (() => void)[] = [];
  #closed = false;

  constructor({ map, deltas }: HubStart, read: ReadMap, counts: SeatMapCounts) {
    this.#read = read;
    this.#counts = counts;
    this.#snapshot = map;
    this.#packed = map.packed.slice();
    this.#version = map.version;
    this.#sentVersion = map.version;
    for (const delta of deltas) {
      if (delta[0] <= map.version) this.#remember(delta[0] - 1, delta[0], packedChangesOf(delta));
    }
  }

  get seatCount(): number {
    return this.#snapshot.seatCount;
  }

  get version(): number {
    return this.#version;
  }

  get sentVersion(): number {
    return this.#sentVersion;
  }

  get watchers(): number {
    return this.#watchers;
  }

  /** The current map. Returns the same object until the version changes. */
  snapshot(): SeatMap {
    if (this.#snapshot.version !== this.#version) {
      this.#snapshot = seatMapOf({ ...this.#snapshot, version: this.#version, packed: this.#packed.slice() });
    }
    return this.#snapshot;
  }

  /**
   * Takes consecutive transitions from the channel. Old ones are ignored; a missing one makes the hub read the map
   * again.
   */
  receive(changes: readonly EncodedChange[]): void {
    if (this.#healing) {
      if (this.#backlog.length < MAX_BACKLOG) this.#backlog.push(...changes);
      return;
    }
    const before = this.#version;
    for (const change of changes) {
      if (change[0] <= this.#version) continue;
      if (change[0] > this.#version + 1) {
        this.#backlog.push(change);
        void this.heal(change[0]);
        continue;
      }
      const packed = packedChangesOf(change);
      for (const one of packed) applyChange(this.#packed, one);
      this.#remember(this.#version, change[0], packed);
      this.#version = change[0];
    }
    if (this.#version > before) this.#changed();
  }

  /** Brings the hub to `version` or later, if the map can be read and is that far. Never rejects. */
  heal(version: number): Promise<void> {
    if (version <= this.#version) return Promise.resolve();
    this.#healing ??= this.#readAgain(version).finally(() => {
      this.#healing = undefined;
      this.#receiveBacklog();
    });
    return this.#healing;
  }

  /**
   * For a watcher that claims a newer version than this hub has: reads the map, but after a failure not again for a
   * while.
   */
  async catchUp(version: number): Promise<void> {
    if (version <= this.#version || performance.now() < this.#futileUntil) return;
    await this.heal(version);
    if (version > this.#version) this.#futileUntil = performance.now() + FUTILE_MS;
  }

  /** Takes over a map that was read elsewhere, as the difference to the current one. */
  adopt(map: SeatMap): void {
    if (map.version <= this.#version) return;
    const changes = changesBetween(this.#packed, map.packed);
    this.#packed.set(map.packed);
    this.#remember(this.#version, map.version, changes);
    this.#version = map.version;
    this.#changed();
  }

  /**
   * The frame after `version`: the same object for every watcher at that version. Call only while `sentVersion` is
   * past `version`.
   */
  frameAfter(version: number): SeatMapChange {
    const frame = this.#frames.get(version) ?? this.#newFrame(version);
    if (frame.kind === 'reset') this.#counts.resets++;
    else this.#counts.deltas++;
    return frame;
  }

  #newFrame(version: number): SeatMapChange {
    const frame = this.#recent.since(version, this.#sentVersion) ?? ({ kind: 'reset', map: this.snapshot() } as const);
    if (this.#frames.size < MAX_KEPT_FRAMES) this.#frames.set(version, frame);
    return frame;
  }

  /** Calls back once, when the next frame is ready or the hub is closed. */
  onFrame(wake: () => void): void {
    this.#waiting.push(wake);
  }

  enter(): void {
    this.#watchers++;
  }

  leave(): void {
    this.#watchers--;
  }

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#window);
    this.#wakeAll();
  }

  /**
   * Takes only what follows without a gap: another gap is found by the next message or the next comparison of
   * versions.
   */
  #receiveBacklog(): void {
    const backlog = this.#backlog.sort(([a], [b]) => a - b);
    this.#backlog = [];
    let next = this.#version + 1;
    this.receive(backlog.filter(([version]) => version === next && next++));
  }

  async #readAgain(version: number): Promise<void> {
    this.#counts.heals++;
    const map = await this.#read(version).catch(() => undefined);
    if (map && !this.#closed) this.adopt(map);
  }

  #remember(fromVersion: number, toVersion: number, changes: readonly PackedChange[]): void {
    this.#recent.push({ fromVersion, toVersion, changes });
  }

  /** The first change is sent at once and opens a window; the changes within the window are one frame at its end. */
  #changed(): void {
    if (this.#closed || this.#window) return;
    this.#flush();
    this.#openWindow();
  }

  #openWindow(): void {
    const byWatchers = Math.min(MAX_WINDOW_MS, Math.max(MIN_WINDOW_MS, this.#watchers * WINDOW_MS_PER_WATCHER));
    const windowMs = Math.min(MAX_LAGGING_WINDOW_MS, byWatchers + 4 * this.#lagMs);
    this.#windowEndsAt = performance.now() + windowMs;
    this.#window = setTimeout(() => {
      this.#lagMs = Math.max(0, performance.now() - this.#windowEndsAt - 1);
      this.#window = undefined;
      if (this.#version > this.#sentVersion) this.#changed();
    }, windowMs);
  }

  #flush(): void {
    this.#counts.merged += this.#version - this.#sentVersion - 1;
    this.#sentVersion = this.#version;
    this.#frames = new Map();
    this.#wakeAll();
  }

  #wakeAll(): void {
    const isWaking = this.#toWake.length > 0;
    this.#toWake = isWaking ? this.#toWake.concat(this.#waiting) : this.#waiting;
    this.#waiting = [];
    if (!isWaking) this.#wakeSome();
  }

  readonly #wakeSome = (): void => {
    const turn = this.#toWake.slice(0, WAKE_AT_ONCE);
    for (const wake of turn) wake();
    this.#toWake = this.#toWake.slice(turn.length);
    if (this.#toWake.length > 0) setImmediate(this.#wakeSome);
  };
}
