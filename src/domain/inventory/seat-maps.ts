import type { Queryable } from '#db/client.ts';
import { NotFound } from '#domain/errors.ts';
import { seatMapChannel } from '#redis/channels.ts';
import type { Redis } from '#redis/client.ts';
import type { Heartbeat } from '#redis/heartbeat.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { withDeadline } from '#shared/deadline.ts';
import { isUuid } from '#shared/uuid.ts';
import type { SeatMap } from './seat-map.ts';
import { type SeatMapCounts, SeatMapHub } from './seat-map-hub.ts';
import { type EncodedChange, readDeltas } from './seat-map-projection.ts';
import { SeatMapReader } from './seat-map-reader.ts';
import { loadVersions } from './seat-map-source.ts';

export type SeatMapsNeeds = { db: Queryable; redis: Redis; pubsub: PubSub; heartbeat: Heartbeat };

type SeatMapsOptions = {
  /** How often watched events are compared with PostgreSQL although nothing seems to be missing. */
  auditMs?: number;
  /** How long an event stays ready after its last watcher has left. */
  lingerMs?: number;
};

/** How long the first watcher waits for the channel. Without it the comparison with PostgreSQL brings the changes. */
const SUBSCRIBE_PATIENCE_MS = 1_000;

type Entry = { hub: SeatMapHub; idleSince: number | undefined; unsubscribe: () => void };

/**
 * The seat maps of this process: one subscription per watched event for any number of watchers, and snapshots that
 * cost nothing while nothing changes. Open one per process.
 */
export class SeatMaps {
  readonly #needs: SeatMapsNeeds;
  readonly #reader: SeatMapReader;
  readonly #opening = new Map<string, Promise<Entry | undefined>>();
  readonly #entries = new Map<string, Entry>();
  readonly #counts: SeatMapCounts = { deltas: 0, resets: 0, merged: 0, heals: 0 };
  readonly #lingerMs: number;
  readonly #timers: NodeJS.Timeout[];
  readonly #offRecheck: () => void;
  #audited: { at: Date; ok: boolean } = { at: new Date(), ok: true };
  #closed = false;

  constructor(needs: SeatMapsNeeds, { auditMs = 10_000, lingerMs = 10_000 }: SeatMapsOptions = {}) {
    this.#needs = needs;
    this.#reader = new SeatMapReader(needs);
    this.#lingerMs = lingerMs;
    this.#timers = [
      setInterval(() => void this.#audit(), auditMs).unref(),
      setInterval(() => this.#closeIdle(), Math.min(1_000, lingerMs)).unref(),
    ];
    this.#offRecheck = needs.heartbeat.onRecheck(() => void this.#audit());
  }

  /** Undefined for an unknown event. Rejects when neither Redis nor PostgreSQL nor this process has the map. */
  async snapshot(eventId: string): Promise<SeatMap | undefined> {
    if (!isUuid(eventId)) return undefined;
    const entry = this.#entries.get(eventId);
    const map = entry ? entry.hub.snapshot() : await this.#reader.current(eventId);
    const { at, ok } = this.#audited;
    // While PostgreSQL is away, it is unknown whether Redis has all that was committed.
    if (map && !ok) return { ...map, asOf: at, stale: true };
    return map && entry ? { ...map, asOf: this.#needs.heartbeat.isDeaf() ? at : new Date(), stale: false } : map;
  }

  /** Throws NotFound for an unknown event. The caller must `leave` the hub that it gets. */
  async enter(eventId: string): Promise<SeatMapHub> {
    if (!isUuid(eventId)) throw new NotFound('event');
    const entry = this.#entries.get(eventId) ?? (await this.#open(eventId));
    if (!entry || this.#closed) throw new NotFound('event');
    // The hub may have been closed as idle while this caller waited.
    if (entry.hub.closed) return await this.enter(eventId);
    entry.hub.enter();
    return entry.hub;
  }

  /** The events that are kept current, their watchers, and the counters. */
  stats(): SeatMapCounts & { events: number; watchers: number } {
    let watchers = 0;
    for (const { hub } of this.#entries.values()) watchers += hub.watchers;
    return { ...this.#counts, events: this.#entries.size, watchers };
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#offRecheck();
    for (const eventId of this.#entries.keys()) this.#drop(eventId);
  }

  #open(eventId: string): Promise<Entry | undefined> {
    const opening = this.#opening.get(eventId) ?? this.#start(eventId).finally(() => this.#opening.delete(eventId));
    this.#opening.set(eventId, opening);
    return opening;
  }

  /** Subscribes before it reads, so that no change is lost in between. */
  async #start(eventId: string): Promise<Entry | undefined> {
    const early: unknown[] = [];
    let deliver = (message: unknown): void => {
      early.push(message);
    };
    const unsubscribe = await this.#subscribe(eventId, (message) => deliver(message));
    try {
      const map = await this.#reader.current(eventId);
      if (!map || this.#closed) {
        unsubscribe();
        return undefined;
      }
      const deltas = await readDeltas(this.#needs.redis, eventId).catch(() => []);
      const hub = new SeatMapHub({ map, deltas }, (atLeast) => this.#reader.atLeast(map, atLeast), this.#counts);
      deliver = (message) => deliverTo(hub, message);
      hub.receive(deltas);
      for (const message of early) deliver(message);
      const entry = { hub, idleSince: performance.now(), unsubscribe };
      this.#entries.set(eventId, entry);
      return entry;
    } catch (error) {
      unsubscribe();
      throw error;
    }
  }

  async #subscribe(eventId: string, onMessage: (message: unknown) => void): Promise<() => void> {
    const { pubsub } = this.#needs;
    const subscription = pubsub.subscribe(seatMapChannel(eventId), onMessage).catch(() => undefined);
    const subscribed = subscription.then(() => true);
    const inTime = await withDeadline(subscribed, SUBSCRIBE_PATIENCE_MS, () => false);
    // Messages that were published before the subscription worked are missing.
    if (!inTime) void subscription.then(() => this.#audit());
    return () => void subscription.then((id) => id !== undefined && pubsub.unsubscribe(id));
  }

  /** Finds every change that got lost, for any reason, and notices when PostgreSQL is away. */
  async #audit(): Promise<void> {
    try {
      const versions = await loadVersions(this.#needs.db, [...this.#entries.keys()]);
      this.#audited = { at: new Date(), ok: true };
      for (const [eventId, version] of versions) void this.#entries.get(eventId)?.hub.heal(version);
    } catch {
      this.#audited = { at: this.#audited.at, ok: false };
    }
  }

  #closeIdle(): void {
    const now = performance.now();
    for (const [eventId, entry] of this.#entries) {
      if (entry.hub.watchers > 0) entry.idleSince = undefined;
      else if (entry.idleSince === undefined) entry.idleSince = now;
      else if (now - entry.idleSince >= this.#lingerMs) this.#drop(eventId);
    }
  }

  #drop(eventId: string): void {
    const entry = this.#entries.get(eventId);
    this.#entries.delete(eventId);
    entry?.hub.close();
    // At the end of the process the connection is closed as a whole.
    if (!this.#closed) entry?.unsubscribe();
  }
}

/**
 * A message is a list of changes, or the version that a rebuilt projection jumped to. Any other message must not end
 * the process; the comparison of versions finds what it would have brought.
 */
function deliverTo(hub: SeatMapHub, message: unknown): void {
  if (Array.isArray(message)) {
    if (message.every((change) => isEncodedChange(change, hub.seatCount))) hub.receive(message);
  } else if (typeof message === 'object' && message !== null && 'version' in message) {
    const { version } = message;
    if (Number.isSafeInteger(version)) void hub.heal(Number(version));
  }
}

const isEncodedChange = (change: unknown, seatCount: number): change is EncodedChange =>
  Array.isArray(change) &&
  change.length > 1 &&
  change.every((part, index) => Number.isInteger(part) && part >= 0 && (index < 2 || part < seatCount));
