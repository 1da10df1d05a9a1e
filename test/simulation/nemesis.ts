import { setTimeout as sleep } from 'node:timers/promises';
import type { Audit } from './audit.ts';
import type { Chance } from './chance.ts';
import type { History } from './history.ts';
import type { Stores } from './processes.ts';
import type { Actor } from './scheduler.ts';
import type { Watcher } from './watchers.ts';

/** A process that is started again after it died. */
export type Place = { readonly name: string; actor: Actor; cutPubSub: () => void; readonly start: () => void };

export type NemesisNeeds = {
  readonly chance: Chance;
  readonly audit: Audit;
  readonly history: History;
  readonly stores: Stores;
  readonly places: readonly Place[];
  readonly watchers: readonly Watcher[];
  readonly everyMs: number;
  readonly isOn: () => boolean;
  /** Runs as the nemesis, in a step of its own, before any other step. */
  readonly atOnce: (deed: () => void) => void;
};

/** Makes one fault after the other, and lets each heal by itself. */
export class Nemesis {
  readonly #needs: NemesisNeeds;

  constructor(needs: NemesisNeeds) {
    this.#needs = needs;
  }

  async run(): Promise<void> {
    const { chance, everyMs, isOn } = this.#needs;
    for (;;) {
      await sleep(everyMs * chance.between(0.3, 1.7));
      if (!isOn()) return;
      void chance.pick(this.#deeds)();
    }
  }

  readonly #deeds: readonly (() => unknown)[] = [
    () => this.#kill(),
    () => this.#kill(),
    () => this.#kill(),
    () => this.#killAllOf('worker'),
    () => this.#stopDatabase('booking'),
    () => this.#stopDatabase('payments'),
    () => this.#wipeRedis(),
    () => this.#stopRedis(),
    () => this.#bringBackOldRedis(),
    () => this.#cutPubSub(),
    () => this.#stopLog(),
    () => this.#stopGateway(),
    () => this.#loseSlot(),
    () => this.#jumpClock(),
    () => this.#cutWatcher(),
    () => this.#replayParked(),
  ];

  /** A process that dies in the middle of its steps: the answers that it waits for never come. */
  async #kill(): Promise<void> {
    const { chance, audit, stores } = this.#needs;
    const place = chance.pick(this.#needs.places);
    // Sometimes exactly while it has a transaction open, which a random instant seldom meets.
    if (chance.happens(0.3)) {
      for (const server of [stores.booking, stores.payments]) {
        server.onceBusy((owner) => {
          const own = this.#needs.places.find(({ actor }) => actor === owner);
          if (!own?.actor.isAlive) return;
          this.#needs.atOnce(() => {
            audit.reach('killed with a transaction open');
            void this.#killAndRestart(own);
          });
        });
      }
      return;
    }
    await this.#killAndRestart(place);
  }

  async #killAndRestart(place: Place): Promise<void> {
    const { chance, audit } = this.#needs;
    if (!place.actor.isAlive) return;
    this.#tell(`kills ${place.name}`);
    audit.reach('process killed');
    place.actor.kill();
    await sleep(chance.between(300, 3000));
    if (!place.actor.isAlive) place.start();
  }

  /** No process does this work for a while. */
  #killAllOf(kind: string): void {
    for (const place of this.#needs.places) if (place.name.startsWith(kind)) void this.#killAndRestart(place);
  }

  async #stopDatabase(name: 'booking' | 'payments'): Promise<void> {
    const { chance, audit, stores } = this.#needs;
    this.#tell(`stops the ${name} database`);
    audit.reach('database outage');
    stores[name].stop();
    await sleep(chance.between(100, name === 'payments' ? 9000 : 2500));
    stores[name].start();
    this.#tell(`the ${name} database is back`);
  }

  #wipeRedis(): void {
    this.#tell('wipes redis');
    this.#needs.audit.reach('redis wiped');
    this.#needs.stores.redis.wipe();
  }

  async #stopRedis(): Promise<void> {
    const { chance, stores } = this.#needs;
    this.#tell('stops redis');
    stores.redis.isUp = false;
    this.#cutPubSub();
    await sleep(chance.between(200, 4000));
    stores.redis.isUp = true;
    this.#tell('redis is back');
  }

  /** A promoted replica, or a loaded dump: its data were true a while ago. */
  async #bringBackOldRedis(): Promise<void> {
    const { chance, audit, stores } = this.#needs;
    const dump = stores.redis.dump();
    await sleep(chance.between(800, 5000));
    this.#tell('redis is as it was a while ago');
    audit.reach('redis back with a stale dump');
    stores.redis.restart(dump);
    this.#cutPubSub();
  }

  #cutPubSub(): void {
    this.#tell('cuts pub/sub');
    for (const place of this.#needs.places) if (place.actor.isAlive) place.cutPubSub();
  }

  async #stopLog(): Promise<void> {
    const { chance, audit, stores } = this.#needs;
    this.#tell('stops the event log');
    audit.reach('log outage');
    stores.log.isUp = false;
    await sleep(chance.between(200, 4000));
    stores.log.isUp = true;
    this.#tell('the event log is back');
  }

  async #stopGateway(): Promise<void> {
    const { chance, audit, stores } = this.#needs;
    this.#tell('stops the gateway');
    audit.reach('gateway outage');
    stores.gateway.isUp = false;
    await sleep(chance.between(500, 9000));
    stores.gateway.isUp = true;
    this.#tell('the gateway is back');
  }

  #loseSlot(): void {
    const { chance, audit, stores } = this.#needs;
    const slot = chance.pick([stores.slots.booking, stores.slots.payments]);
    this.#tell(`drops the slot of ${slot.name}`);
    audit.reach('slot lost and replayed');
    slot.acknowledged = 0;
    slot.bell();
  }

  #jumpClock(): void {
    const { chance, audit } = this.#needs;
    const place = chance.pick(this.#needs.places);
    place.actor.skewMs = chance.pick([-600_000, -5000, 0, 5000, 600_000]);
    this.#tell(`sets the clock of ${place.name} to ${place.actor.skewMs} ms`);
    audit.reach('clock jumped');
  }

  #cutWatcher(): void {
    this.#needs.chance.pick(this.#needs.watchers).cut();
  }

  #replayParked(): void {
    const { audit, stores } = this.#needs;
    if (stores.log.parkedCount === 0) return;
    audit.reach('parked and replayed');
    stores.log.replayParked();
  }

  #tell(what: string): void {
    this.#needs.history.add(`nemesis ${what}`);
  }
}
