import { setTimeout as sleep } from 'node:timers/promises';
import { type Delivery, deliver, deliverByKey, deliverTogether } from '#events/log/delivery.ts';
import type { Consumption, EventLog, Message, NewMessage } from '#events/log/log.ts';
import { partitionOf } from '#events/log/postgres-log.ts';
import type { Chance } from './chance.ts';
import type { Plant } from './plants.ts';
import type { Actor, Scheduler } from './scheduler.ts';

export type LogFaults = {
  readonly lostAnswer: number;
  /** Forgets that a message was handled, so that it comes again. */
  readonly lostPosition: number;
  /** A message that no consumer of one group can handle until it is replayed. */
  readonly poison: number;
};
export const NO_LOG_FAULTS: LogFaults = { lostAnswer: 0, lostPosition: 0, poison: 0 };

export type LogFaultKind = 'append answer lost' | 'delivered again' | 'poisoned' | 'parked' | 'replayed';

type Lane = { readonly messages: Message[] };
type Position = { offset: number; claimedBy: Actor | undefined };
type Parked = { readonly messages: Message[]; isReplaying: boolean; claimedBy: Actor | undefined };

const LANES = 2;
const MOST_AT_ONCE = 12;
const IDLE_MS = 1000;
const AWAY_MS = 300;

const away = (): Error => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

type Needs = {
  scheduler: Scheduler;
  chance: Chance;
  /**
   * Appends a message again, as Kafka does when the answer to an append is lost; otherwise a message that is there
   * is skipped.
   */
  keepsDuplicates: boolean;
  plants: ReadonlySet<Plant>;
};

/**
 * The event log in memory: partitions by key, positions by group, at least once and in order per key. Delivery,
 * retries and parking are the product's own (`deliver`, `deliverByKey`).
 */
export class LogServer {
  faults: LogFaults = NO_LOG_FAULTS;
  isUp = true;
  onFault: (kind: LogFaultKind, about: string) => void = () => {};
  onDelivery: (group: string, message: Message, isRepeat: boolean) => void = () => {};
  readonly #needs: Needs;
  readonly #lanes = new Map<string, Lane>();
  readonly #positions = new Map<string, Position>();
  readonly #parked = new Map<string, Parked>();
  readonly #known = new Set<string>();
  readonly #poison = new Set<string>();
  readonly #handled = new Set<string>();
  readonly #groups = new Set<string>();
  #bell = Promise.withResolvers<void>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  open(actor: Actor): EventLog {
    actor.onDeath.push(() => this.#forget(actor));
    return {
      append: (messages) => this.#append(messages),
      consume: (consumption) => this.#consume(actor, consumption),
      close: async () => {},
    };
  }

  /** Tries parked messages again, in order, and then those that waited behind them. */
  replayParked(): void {
    this.#poison.clear();
    for (const [group, parked] of this.#parked) {
      if (parked.messages.length === 0) continue;
      parked.isReplaying = true;
      this.onFault('replayed', `${group} ${parked.messages.length}`);
    }
    this.#ring();
  }

  get parkedCount(): number {
    return [...this.#parked.values()].reduce((sum, parked) => sum + parked.messages.length, 0);
  }

  /** Messages that a group has not read yet, or has parked. */
  get behind(): string[] {
    const behind: string[] = [];
    for (const [key, { offset }] of this.#positions) {
      const unread = (this.#lanes.get(key.split(' ')[1] ?? '')?.messages.length ?? 0) - offset;
      if (unread > 0) behind.push(`${key}: ${unread} unread`);
    }
    for (const [group, { messages }] of this.#parked) {
      if (messages.length > 0) behind.push(`${group}: ${messages.length} parked`);
    }
    return behind;
  }

  /** Ids, per key in the order of their first appearance. */
  get messages(): readonly Message[] {
    return [...this.#lanes.values()].flatMap(({ messages }) => messages);
  }

  async #append(messages: readonly NewMessage[]): Promise<void> {
    const { chance, plants } = this.#needs;
    await sleep(chance.between(0.5, 5));
    if (!this.isUp) throw away();
    for (const message of messages) {
      if (this.#known.has(message.id) && !this.#needs.keepsDuplicates) continue;
      if (plants.has('log loses messages') && chance.happens(0.02)) continue;
      const partition = partitionOf(message.key);
      const lane = this.#laneOf(message.topic, partition);
      lane.messages.push({ ...message, partition, offset: lane.messages.length });
      if (!this.#known.has(message.id)) this.#maybePoison(message.id);
      this.#known.add(message.id);
    }
    this.#ring();
    if (chance.happens(this.faults.lostAnswer)) {
      this.onFault('append answer lost', `${messages.length}`);
      throw away();
    }
    await sleep(chance.between(0.5, 5));
  }

  #maybePoison(id: string): void {
    const { chance } = this.#needs;
    if (!chance.happens(this.faults.poison) || this.#groups.size === 0) return;
    const group = chance.pick([...this.#groups]);
    this.#poison.add(`${group} ${id}`);
    this.onFault('poisoned', group);
  }

  async #consume(actor: Actor, consumption: Consumption): Promise<void> {
    this.#groups.add(consumption.group);
    const guarded = this.#guarded(consumption);
    await Promise.all(
      Array.from({ length: LANES }, async () => {
        while (!consumption.signal.aborted) {
          const bell = this.#bell.promise;
          await sleep(this.#needs.chance.between(1, 10));
          const progress = this.isUp ? await this.#handleBatch(actor, guarded) : 'stuck';
          if (progress === 'idle') await Promise.race([bell, sleep(IDLE_MS)]);
          if (progress === 'stuck') await sleep(AWAY_MS);
        }
      }),
    );
  }

  #guarded(consumption: Consumption): Consumption {
    const { handleTogether } = consumption;
    return {
      ...consumption,
      handle: (message) => this.#handle(consumption, message),
      ...(handleTogether && {
        handleTogether: async (messages: readonly Message[]) => {
          for (const message of messages) this.#refusePoison(consumption, message);
          const handled = await handleTogether(messages);
          for (const message of messages) if (handled.has(message.id)) this.#noteDelivery(consumption, message);
          return handled;
        },
      }),
    };
  }

  async #handle(consumption: Consumption, message: Message): Promise<void> {
    this.#refusePoison(consumption, message);
    await consumption.handle(message);
    this.#noteDelivery(consumption, message);
  }

  #refusePoison({ group }: Consumption, message: Message): void {
    if (this.#poison.has(`${group} ${message.id}`)) throw new Error('No consumer can handle this.');
  }

  #noteDelivery({ group }: Consumption, message: Message): void {
    const key = `${group} ${message.id}`;
    this.onDelivery(group, message, this.#handled.has(key));
    this.#handled.add(key);
  }

  async #handleBatch(actor: Actor, consumption: Consumption): Promise<'progress' | 'stuck' | 'idle'> {
    const replay = this.#parkedOf(consumption.group);
    if (replay.isReplaying && !replay.claimedBy) return this.#replay(actor, consumption, replay);
    const { chance, plants } = this.#needs;
    const claims = [...this.#lanes].flatMap(([name, { messages }]) => {
      if (!consumption.topics.some((topic) => name.startsWith(`${topic}/`))) return [];
      const position = this.#positionOf(consumption.group, name);
      return position.claimedBy || position.offset >= messages.length ? [] : [{ position, messages }];
    });
    if (claims.length === 0) return 'idle';
    const { position, messages } = chance.pick(claims);
    position.claimedBy = actor;
    const batch = messages.slice(position.offset, position.offset + chance.whole(1, MOST_AT_ONCE));
    if (plants.has('log reorders a key')) batch.reverse();
    const parkedKeys = new Set(this.#parkedOf(consumption.group).messages.map(({ key }) => key));
    const together = await deliverTogether(
      consumption,
      batch.filter(({ key }) => !parkedKeys.has(key)),
    );
    const outcomes = await deliverByKey(batch, async (message): Promise<Delivery> => {
      return together.has(message.id) ? { outcome: 'handled' } : this.#deliver(consumption, message);
    });
    await sleep(chance.between(0.2, 4));
    if (chance.happens(this.faults.lostPosition) && this.isUp) this.onFault('delivered again', consumption.group);
    else position.offset = firstUnhandled(batch, outcomes);
    position.claimedBy = undefined;
    return position.offset > (batch[0]?.offset ?? 0) ? 'progress' : 'stuck';
  }

  async #deliver(consumption: Consumption, message: Message): Promise<Delivery> {
    const parked = this.#parkedOf(consumption.group);
    const isBehind = parked.messages.some(({ key }) => key === message.key);
    const delivery: Delivery = isBehind
      ? { outcome: 'park', reason: 'An earlier message of this key is parked.' }
      : await deliver(consumption, message);
    if (delivery.outcome === 'park' && !parked.messages.some(({ id }) => id === message.id)) {
      parked.messages.push(message);
      this.onFault('parked', `${consumption.group} ${delivery.reason}`);
    }
    return delivery;
  }

  async #replay(actor: Actor, consumption: Consumption, parked: Parked): Promise<'progress' | 'stuck'> {
    parked.claimedBy = actor;
    const [message] = parked.messages;
    const delivery = message && (await deliver(consumption, message));
    if (delivery?.outcome === 'handled') parked.messages.shift();
    if (parked.messages.length === 0) parked.isReplaying = false;
    parked.claimedBy = undefined;
    return delivery?.outcome === 'handled' ? 'progress' : 'stuck';
  }

  #forget(actor: Actor): void {
    for (const claim of [...this.#positions.values(), ...this.#parked.values()]) {
      if (claim.claimedBy === actor) claim.claimedBy = undefined;
    }
    this.#ring();
  }

  #ring(): void {
    this.#bell.resolve();
    this.#bell = Promise.withResolvers<void>();
  }

  #laneOf(topic: string, partition: number): Lane {
    return madeOnce(this.#lanes, `${topic}/${partition}`, () => ({ messages: [] }));
  }

  #positionOf(group: string, lane: string): Position {
    return madeOnce(this.#positions, `${group} ${lane}`, () => ({ offset: 0, claimedBy: undefined }));
  }

  #parkedOf(group: string): Parked {
    return madeOnce(this.#parked, group, () => ({ messages: [], isReplaying: false, claimedBy: undefined }));
  }
}

function firstUnhandled(batch: readonly Message[], outcomes: ReadonlyMap<string, Delivery>): number {
  const waiting = batch.find((message) => (outcomes.get(message.id)?.outcome ?? 'later') === 'later');
  return waiting?.offset ?? (batch.at(-1)?.offset ?? -1) + 1;
}

function madeOnce<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
