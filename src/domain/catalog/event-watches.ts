import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import type { Queryable } from '#db/client.ts';
import { NotFound } from '#domain/errors.ts';
import { eventChannel, seatMapChannel } from '#redis/channels.ts';
import type { Heartbeat } from '#redis/heartbeat.ts';
import type { PubSub } from '#redis/pubsub.ts';
import { openPulse, type Pulse } from '#redis/pulse.ts';
import { isUuid } from '#shared/uuid.ts';

/** A sign that the event has changed: the watcher reads the event again. The same object for all watchers. */
export type EventTick = { readonly eventId: string };

type Needs = { db: Queryable; pubsub: PubSub; heartbeat: Heartbeat };

/** Counters of an event on sale change hundreds of times a second, too fast for any reader. */
const TICK_EVERY_MS = 1_000;
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * The events that are watched in this process, each with one reader for any number of watchers. Open one per process.
 */
export class EventWatches {
  readonly #needs: Needs;
  readonly #watches = new Map<string, Promise<EventWatch>>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Throws NotFound for an event that is unknown or not published. The caller must `leave` the watch that it gets. */
  async enter(eventId: string): Promise<EventWatch> {
    if (!isUuid(eventId)) throw new NotFound('event');
    const opening = this.#watches.get(eventId) ?? this.#open(eventId);
    this.#watches.set(eventId, opening);
    const watch = await opening;
    if (watch.closed) return await this.enter(eventId);
    watch.watchers++;
    return watch;
  }

  async #open(eventId: string): Promise<EventWatch> {
    const forget = () => this.#watches.delete(eventId);
    const pulse = await openPulse(this.#needs, [eventChannel(eventId), seatMapChannel(eventId)]);
    try {
      const state = await readState(this.#needs.db, eventId);
      if (!state) throw new NotFound('event');
      return new EventWatch(eventId, { pulse, state, read: () => readState(this.#needs.db, eventId), onClose: forget });
    } catch (error) {
      forget();
      pulse.close();
      throw error;
    }
  }
}

type State = { key: string; msToNextPhase: number | undefined };

export class EventWatch {
  readonly #eventId: string;
  readonly #pulse: Pulse;
  readonly #read: () => Promise<State | undefined>;
  readonly #onClose: () => void;
  #tick: EventTick;
  #first: { tick: EventTick; at: number };
  #waiting: (() => void)[] = [];
  #phase: NodeJS.Timeout | undefined;
  watchers = 0;

  constructor(
    eventId: string,
    start: { pulse: Pulse; state: State; read: () => Promise<State | undefined>; onClose: () => void },
  ) {
    this.#eventId = eventId;
    this.#pulse = start.pulse;
    this.#read = start.read;
    this.#onClose = start.onClose;
    this.#tick = { eventId };
    this.#first = { tick: { eventId }, at: performance.now() };
    void this.#follow(start.state);
  }

  get closed(): boolean {
    return this.#pulse.closed;
  }

  /** The newest tick. */
  get tick(): EventTick {
    return this.#tick;
  }

  /** The first tick of a watcher, so that it reads the event as it is now. Watchers that come together share it. */
  first(): EventTick {
    if (performance.now() - this.#first.at > TICK_EVERY_MS)
      this.#first = { tick: { eventId: this.#eventId }, at: performance.now() };
    return this.#first.tick;
  }

  /** Calls back once, at the next tick or when the watch is closed. */
  onTick(wake: () => void): void {
    this.#waiting.push(wake);
  }

  leave(): void {
    if (--this.watchers > 0) return;
    clearTimeout(this.#phase);
    this.#onClose();
    this.#pulse.close();
  }

  async #follow(start: State): Promise<void> {
    let known = start;
    this.#awaitPhase(known);
    while (await this.#pulse.next()) {
      const state = await this.#read().catch(() => undefined);
      if (state && state.key !== known.key) {
        known = state;
        this.#awaitPhase(known);
        this.#tick = { eventId: this.#eventId };
        this.#wakeAll();
      }
      await sleep(TICK_EVERY_MS, undefined, { ref: false });
      if (!state) this.#pulse.poke();
    }
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** A sale opens and ends by the clock, without a message. */
  #awaitPhase({ msToNextPhase }: State): void {
    clearTimeout(this.#phase);
    if (msToNextPhase === undefined || this.closed) return;
    this.#phase = setTimeout(this.#pulse.poke, Math.min(msToNextPhase, MAX_TIMER_MS)).unref();
  }
}

/** Undefined for an event that is unknown or not published. The clock is the database's. */
async function readState(db: Queryable, eventId: string): Promise<State | undefined> {
  const rows = await db.execute<{ key: string; ms: number | null }>(sql`
    select concat_ws('/', e.updated_version, e.status, i.version,
                     clock.now >= e.on_sale_at, clock.now >= e.off_sale_at,
                     w.state, w.paused, w.capacity, w.opens_at) as key,
           (extract(epoch from least(case when e.on_sale_at > clock.now then e.on_sale_at end,
                                     case when e.off_sale_at > clock.now then e.off_sale_at end) - clock.now)
            * 1000)::float8 as ms
    from events e join seat_inventories i on i.event_id = e.id left join waiting_rooms w on w.event_id = e.id,
         (select clock_timestamp() as now) clock
    where e.id = ${eventId}::uuid and e.status <> 'DRAFT'`);
  const row = rows[0];
  return row && { key: row.key, msToNextPhase: row.ms === null ? undefined : Math.ceil(row.ms) };
}
