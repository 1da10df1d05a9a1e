import { applyChange, changesBetween, type PackedChange, type PackedStatuses } from './packed-statuses-rules.ts';
import { type SeatMap, seatMapOf } from './seat-map.ts';
import { RecentSteps, type SeatMapChange } from './seat-map-frames.ts';
import { type EncodedChange, KEPT_DELTAS, packedChangesOf } from './seat-map-projection.ts';

/** What one watcher adds to a frame's window: writing to all of them takes about a fifth of it. */
const WINDOW_MS_PER_WATCHER = 0.05;
const MIN_WINDOW_MS = 50;
const MAX_WINDOW_MS = 250;
/** When the event loop is late, frames wait for it, up to this. */
const MAX_LAGGING_WINDOW_MS = 2_000;
/** So many watchers write at a time; then others get their turn. */
const WAKE_AT_ONCE = 256;
const FUTILE_MS = 250;
/** Watchers who lag by the same versions share a frame; for so many different lags. */
const MAX_KEPT_FRAMES = 64;
/** What may come in while the map is being read again. */
const MAX_BACKLOG = 2_000;

/** What all hubs of a process have done. */
export type SeatMapCounts = {
  /** Handed to one watcher each. */
  deltas: number;
  resets: number;
  /** Versions that were told together with a later one. */
  merged: number;
  /** Maps that were read again because something was missing. */
  heals: number;
};

export type HubStart = { map: SeatMap; deltas: readonly EncodedChange[] };
/** Gives a map at `atLeast` or later, if there is one. */
export type ReadMap = (atLeast: number) => Promise<SeatMap | undefined>;

/**
 * The seat map of one event in this process, kept current by the event's channel, and the frames that all its watchers
 * share. What it sends has no gaps by construction: it holds the whole map, so if it missed something it reads the map
 * again and sends the difference.
 */
export class SeatMapHub {
  readonly #read: ReadMap;
  readonly #counts: SeatMapCounts;
  readonly #recent = new RecentSteps(KEPT_DELTAS);
  /** The map's fixed parts, and the snapshot of the version that was asked for last. */
  #snapshot: SeatMap;
  #packed: PackedStatuses;
  #version: number;
  /** What the watchers have been told; behind `#version` until the window ends. */
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
  /** Those who are being told of a frame. */
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

  /** The current map. The same object until the version changes. */
  snapshot(): SeatMap {
    if (this.#snapshot.version !== this.#version) {
      this.#snapshot = seatMapOf({ ...this.#snapshot, version: this.#version, packed: this.#packed.slice() });
    }
    return this.#snapshot;
  }

  /** Consecutive transitions from the channel; old ones are ignored, a missing one makes the hub read the map again. */
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

  /** Makes the hub at least `version`, if the map can be read and is that far. Never rejects. */
  heal(version: number): Promise<void> {
    if (version <= this.#version) return Promise.resolve();
    this.#healing ??= this.#readAgain(version).finally(() => {
      this.#healing = undefined;
      this.#receiveBacklog();
    });
    return this.#healing;
  }

  /** For a watcher who says that it knows more than this hub: looks for it, but not again and again for nothing. */
  async catchUp(version: number): Promise<void> {
    if (version <= this.#version || performance.now() < this.#futileUntil) return;
    await this.heal(version);
    if (version > this.#version) this.#futileUntil = performance.now() + FUTILE_MS;
  }

  /** Takes over a map that was read elsewhere, as the difference to what the watchers have. */
  adopt(map: SeatMap): void {
    if (map.version <= this.#version) return;
    const changes = changesBetween(this.#packed, map.packed);
    this.#packed.set(map.packed);
    this.#remember(this.#version, map.version, changes);
    this.#version = map.version;
    this.#changed();
  }

  /** What comes after `version`: the same object for everyone who is there. Only while `sentVersion` is past `version`. */
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

  /** Calls back, once, when the next frame is there or the hub is closed. */
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

  /** Only what follows without a gap: another gap is found by the next message or the next look at the versions. */
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

  /** Leading edge at once; what comes within the window that this opens is one frame at its end. */
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
