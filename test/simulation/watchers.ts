import { setTimeout as sleep } from 'node:timers/promises';
import { applyChange, packChange } from '#domain/inventory/packed-statuses-rules.ts';
import type { SeatMapChange } from '#domain/inventory/seat-map-frames.ts';
import { seatStatusCode } from '#domain/inventory/seat-status.ts';
import { watchSeatMap } from '#domain/inventory/watch-seat-map.ts';
import type { Audit } from './audit.ts';
import type { BookingBooks } from './booking-books.ts';
import type { Chance } from './chance.ts';
import type { Plant } from './plants.ts';
import type { ApiProcess } from './processes.ts';
import type { Actor, Scheduler } from './scheduler.ts';

type Needs = {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly audit: Audit;
  readonly books: BookingBooks;
  readonly plants: ReadonlySet<Plant>;
  readonly anyApi: () => ApiProcess | undefined;
};

const COME_BACK_MS = 800;

/**
 * A client that shows a seat map and never requests it again: it applies the frames, reconnects with its version
 * after a cut, and must have at each version the map that the database had at it.
 */
export class Watcher {
  readonly actor: Actor;
  readonly eventId: string;
  version = -1;
  packed: Uint8Array = new Uint8Array();
  readonly #needs: Needs;
  #api: ApiProcess | undefined;
  #subscriptions = 0;

  constructor(actor: Actor, eventId: string, needs: Needs) {
    this.actor = actor;
    this.eventId = eventId;
    this.#needs = needs;
  }

  async run(): Promise<void> {
    for (;;) {
      await sleep(this.#needs.chance.between(50, COME_BACK_MS));
      if (this.#api?.actor.isAlive) continue;
      this.#api = this.#needs.anyApi();
      if (this.#api) this.#subscribe(this.#api);
    }
  }

  /** The client closes its laptop, and reconnects elsewhere later. */
  cut(): void {
    this.#api = undefined;
  }

  /** Runs in the api process, as a socket does: the next frame is taken when the last one was written. */
  #subscribe(api: ApiProcess): void {
    const { scheduler, chance, audit } = this.#needs;
    const since = this.version < 0 ? undefined : this.version;
    if (since !== undefined) audit.reach('live view resumed after a cut');
    this.#subscriptions += 1;
    const own = this.#subscriptions;
    const isCurrent = () => this.#api === api && this.#subscriptions === own;
    const serve = async (): Promise<void> => {
      // A new client begins with a reset, like one with a version that never was.
      const changes = await watchSeatMap(api, this.eventId, since ?? -1);
      for await (const change of changes) {
        if (!isCurrent()) break;
        await new Promise<void>((written) => {
          const delayMs = chance.happens(0.05) ? chance.between(500, 3000) : chance.between(1, 20);
          scheduler.after(delayMs, this.actor, () => {
            if (isCurrent() && !this.#loses()) this.#take(change);
          });
          scheduler.after(delayMs, api.actor, written);
        });
      }
    };
    const lost = () => {
      if (isCurrent()) this.#api = undefined;
    };
    scheduler.after(chance.between(1, 20), api.actor, () => void serve().catch(lost));
  }

  #loses(): boolean {
    const { plants, chance } = this.#needs;
    return plants.has('a frame is lost on an open socket') && chance.happens(0.02);
  }

  #take(change: SeatMapChange): void {
    const { audit } = this.#needs;
    const before = this.version;
    if (change.kind === 'reset') {
      if (before >= 0) audit.reach('live view reset');
      audit.expect(change.map.version >= before, 'R1', () => `a view went from ${before} to ${change.map.version}`);
      this.version = change.map.version;
      this.packed = change.map.packed.slice();
    } else {
      const follows = change.fromVersion === before;
      audit.expect(follows, 'R1', () => `a delta from ${change.fromVersion} at ${before}`);
      if (!follows) {
        this.cut();
        return;
      }
      for (const { seatNo, status } of change.changes)
        applyChange(this.packed, packChange(seatNo, seatStatusCode[status]));
      this.version = change.toVersion;
    }
    const truth = this.#needs.books.events.get(this.eventId)?.maps[this.version];
    audit.expect(truth !== undefined && isSame(truth, this.packed), 'R1', () => `a view is wrong at ${this.version}`);
  }
}

export const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);
