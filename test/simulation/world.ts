import type { SeatingPlan } from '#domain/catalog/seating-plan.ts';
import { EPOCH } from '#redis/keys.ts';
import type { WorkerLog } from '#workers/run-worker.ts';
import { Audit } from './audit.ts';
import { BookingBooks } from './booking-books.ts';
import { BoxOffice } from './box-office.ts';
import { Chance } from './chance.ts';
import { type Acknowledged, Fan } from './fans.ts';
import { type Engines, eventIdOf, prepareTables } from './fixture.ts';
import { GatewayServer } from './gateway-server.ts';
import { History } from './history.ts';
import { LogServer } from './log-server.ts';
import { Nemesis, type Place } from './nemesis.ts';
import { Network } from './network.ts';
import { Organizer } from './organizer.ts';
import { PaymentBooks } from './payment-books.ts';
import type { Plant } from './plants.ts';
import { type ApiProcess, openApi, openPayments, runRelays, runWorker, type Stores } from './processes.ts';
import { RedisServer } from './redis-server.ts';
import { Refunder } from './refunder.ts';
import { newSlot } from './relay.ts';
import { Actor, type Scheduler } from './scheduler.ts';
import { type Faults, NO_FAULTS, type Settings } from './settings.ts';
import { SqlServer } from './sql-server.ts';
import { atTimeOf, openWorld } from './virtual-runtime.ts';
import { Watcher } from './watchers.ts';

export type WorldOptions = {
  readonly seed: number;
  readonly settings: Settings;
  readonly engines: Engines;
  readonly plan: SeatingPlan;
  readonly plants: ReadonlySet<Plant>;
  readonly trace?: ((entry: string) => void) | undefined;
};

/** Everything in one run: stores, processes that die and come back, fans, and the nemesis. */
export class World {
  readonly scheduler: Scheduler;
  readonly history: History;
  readonly audit: Audit;
  readonly stores: Stores;
  readonly books: BookingBooks;
  readonly money: PaymentBooks;
  readonly acknowledged: Acknowledged[] = [];
  readonly faults = new Map<string, number>();
  readonly fans: Fan[];
  readonly watchers: Watcher[];
  readonly network: Network;
  readonly organizer: Organizer;
  readonly boxOffice: BoxOffice;
  readonly refunder: Refunder;
  readonly #settings: Settings;
  readonly #seed: number;
  readonly #places: Place[] = [];
  #isOpen = true;

  constructor(options: WorldOptions) {
    const { seed, settings, engines, plants } = options;
    const world = openWorld(seed);
    this.scheduler = world.scheduler;
    this.history = new History(() => this.scheduler.nowMs, options.trace);
    this.audit = new Audit(this.history);
    this.#settings = settings;
    this.#seed = seed;
    const { scheduler, audit, history } = this;
    this.network = new Network({ scheduler, audit, history, chance: this.#chance('network') });
    const sql = (name: 'booking' | 'payments') =>
      new SqlServer({ world, scheduler, chance: this.#chance(`sql ${name}`), engine: engines[name], plants });
    atTimeOf(world, () => prepareTables(engines, settings));
    this.stores = {
      booking: sql('booking'),
      payments: sql('payments'),
      redis: new RedisServer(scheduler, this.#chance('redis')),
      log: new LogServer({
        scheduler,
        chance: this.#chance('log'),
        keepsDuplicates: settings.keepsDuplicates,
        plants,
      }),
      gateway: new GatewayServer({
        scheduler,
        chance: this.#chance('gateway'),
        deliver: (delivery) => this.network.deliver(delivery),
        plants,
      }),
      slots: { booking: newSlot('booking'), payments: newSlot('payments') },
      plans: {
        get: async () => options.plan,
        getDraft: async () => options.plan,
        layoutByHash: async () => undefined,
      },
      settings,
      plants,
      workerLog: this.#workerLog(),
    };
    const eventIds = Array.from({ length: settings.events }, (_, index) => eventIdOf(index));
    const server = this.stores.booking;
    const dateMs = () => scheduler.dateMs;
    this.books = new BookingBooks({ server, audit, history, settings, dateMs }, eventIds);
    this.money = new PaymentBooks({ server: this.stores.payments, audit, history, bookings: this.books });
    this.fans = Array.from({ length: settings.fans }, (_, index) => this.#fan(index));
    const organizing = {
      ...{ settings, history, audit },
      call: <T>(caller: Actor, run: (api: ApiProcess) => Promise<T>) => this.network.call(caller, run),
      isOpen: () => this.#isOpen,
    };
    this.organizer = new Organizer({ ...organizing, chance: this.#chance('organizer') });
    const { acknowledged } = this;
    this.refunder = new Refunder({ ...organizing, acknowledged, chance: this.#chance('refunder') });
    this.boxOffice = new BoxOffice({ ...organizing, acknowledged, chance: this.#chance('box office') });
    this.watchers = [0, 1, 2].map((index) => this.#watcher(index, eventIds[index % eventIds.length] ?? ''));
    this.#listen();
    this.setFaults(settings.faults);
  }

  /** Starts all actors. */
  start(): void {
    const { scheduler, fans, watchers, organizer, boxOffice, refunder } = this;
    for (let index = 1; index <= this.#settings.apis; index++) this.#startPlace(`api-${index}`);
    for (const name of ['worker-1', 'worker-2', 'payments-1', 'payments-2', 'relay-1', 'relay-2'])
      this.#startPlace(name);
    for (const one of [...fans, ...watchers, organizer, boxOffice, refunder])
      scheduler.after(0, one.actor, () => void one.run());
    const actor = new Actor('nemesis');
    const nemesis = new Nemesis({
      chance: this.#chance('nemesis'),
      audit: this.audit,
      history: this.history,
      stores: this.stores,
      places: this.#places,
      watchers,
      everyMs: this.#settings.faults.nemesisEveryMs,
      isOn: () => this.#isOpen,
      atOnce: (deed) => scheduler.after(0, actor, deed),
    });
    scheduler.after(0, actor, () => void nemesis.run());
  }

  /** No further faults; no fan begins a purchase, and parts that are away come back. */
  calm(): void {
    const { stores, scheduler } = this;
    this.history.add('the faults are over');
    this.#isOpen = false;
    this.setFaults(NO_FAULTS);
    for (const server of [stores.booking, stores.payments]) server.start();
    stores.redis.isUp = true;
    stores.log.isUp = true;
    stores.gateway.isUp = true;
    for (const place of this.#places) if (!place.actor.isAlive) place.start();
    const operator = new Actor('operator');
    const replay = (): void => {
      if (stores.log.parkedCount > 0) {
        this.audit.reach('parked and replayed');
        stores.log.replayParked();
      }
      scheduler.after(2000, operator, replay);
    };
    scheduler.after(500, operator, replay);
  }

  setFaults(faults: Faults): void {
    const { stores } = this;
    stores.booking.faults = faults.sql;
    stores.payments.faults = faults.sql;
    stores.redis.faults = faults.redis;
    stores.log.faults = faults.log;
    stores.gateway.faults = faults.gateway;
    this.network.loss = faults.clientLoss;
  }

  #chance(name: string): Chance {
    return new Chance(this.#seed, name);
  }

  #fan(index: number): Fan {
    const { audit, history, acknowledged } = this;
    return new Fan(new Actor(`fan-${index + 1}`), index, {
      chance: this.#chance(`fan ${index}`),
      settings: this.#settings,
      plants: this.stores.plants,
      audit,
      history,
      acknowledged,
      gateway: this.stores.gateway,
      call: (fan, run) => this.network.call(fan, run),
      isOpen: () => this.#isOpen,
      isRedisUp: () => this.stores.redis.isUp,
    });
  }

  #watcher(index: number, eventId: string): Watcher {
    return new Watcher(new Actor(`watcher-${index + 1}`), eventId, {
      scheduler: this.scheduler,
      chance: this.#chance(`watcher ${index}`),
      audit: this.audit,
      books: this.books,
      plants: this.stores.plants,
      anyApi: () => this.network.anyApi(),
    });
  }

  #startPlace(name: string): void {
    const { scheduler, stores } = this;
    const place: Place = {
      name,
      actor: new Actor(name),
      cutPubSub: () => {},
      start: () => {
        place.actor = new Actor(name);
        this.history.add(`${name} starts`);
        scheduler.after(0, place.actor, () => this.#boot(place, stores));
      },
    };
    this.#places.push(place);
    place.start();
  }

  #boot(place: Place, stores: Stores): void {
    const { name, actor } = place;
    const [kind] = name.split('-');
    if (kind === 'relay') runRelays(stores, actor);
    else if (kind === 'payments') this.network.payments.set(name, openPayments(stores, actor));
    else {
      const { pubsub } = kind === 'api' ? this.#bootApi(name, actor) : runWorker(stores, actor);
      place.cutPubSub = () => this.scheduler.after(0, actor, () => pubsub.cut());
    }
  }

  #bootApi(name: string, actor: Actor): ApiProcess {
    const api = openApi(this.stores, actor);
    this.network.apis.set(name, api);
    return api;
  }

  #workerLog(): WorkerLog {
    const tell = (fields: object, message: string): void => {
      const { outcome, trouble, error } = fields as Record<string, unknown>;
      this.history.add(
        `log ${message} ${outcome ?? trouble ?? ''} ${error === undefined ? '' : JSON.stringify(error)}`,
      );
      if (message === 'ASK' && outcome === 'SUCCEED') this.audit.reach('notice lost, found by asking');
      if (outcome === 'GIVE_BACK') this.audit.reach('amount mismatch');
    };
    return { info: tell, warn: tell, error: tell };
  }

  #listen(): void {
    const { stores, audit, history, books, money } = this;
    const count = (kind: string, about = ''): void => {
      this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
      history.add(`fault ${kind} ${about}`);
    };
    for (const name of ['booking', 'payments'] as const) {
      stores[name].onFault = (kind, actor) => {
        count(kind, `${name} ${actor.name}`);
        if (kind === 'commit unknown' || kind === 'commit refused' || kind === 'lock timeout') audit.reach(kind);
      };
    }
    stores.booking.onCommit = () => {
      if (books.observe()) stores.slots.booking.bell();
    };
    stores.payments.onCommit = () => {
      if (money.observe()) stores.slots.payments.bell();
    };
    stores.gateway.onMoney = (...move) => money.money(...move);
    stores.gateway.onOtherKey = (about) => audit.broken('KEY', about);
    stores.gateway.onOtherRefund = (key) => {
      const { rows } = stores.payments.look(`select 1 from refunds where 'refund:' || id = $1`, [key]);
      audit.expect(rows.length === 1, 'KEY', () => `another refund, with the key ${key} of no refund of ours`);
    };
    stores.gateway.onFault = (kind, about) => {
      count(kind, about);
      if (kind === 'unknown result') audit.reach('unknown gateway result');
    };
    stores.log.onFault = (kind, about) => {
      count(kind, about);
      const isPlanned = kind !== 'parked' || /No consumer can handle this|An earlier message/.test(about);
      audit.expect(isPlanned, 'PARKED', () => `a message was parked that was not poisoned: ${about}`);
    };
    stores.log.onDelivery = (_group, _message, isRepeat) => {
      if (isRepeat) audit.reach('message delivered again');
    };
    stores.redis.onLostMessage = () => {
      count('pub/sub message lost');
      audit.reach('pub/sub message lost');
    };
    stores.redis.onSet = (key, text) => {
      if (key === EPOCH && !text.startsWith('rebuilding:')) audit.reach('seat locks rebuilt');
    };
  }
}
