import { setTimeout as sleep } from 'node:timers/promises';
import { Gathering, type GatheringTimes } from '#shared/gathering.ts';
import { backOffMs } from './back-off.ts';
import type { Delivery } from './delivery.ts';
import type { Consumption, Message } from './log.ts';

/** Unhandled messages in memory, per group and process. A full buffer accepts messages again when half is done. */
const BUFFER = 1000;
/** The most messages of one batch. */
const BATCH = 400;
/** Concurrent batches of partitions that wait: their handlers share a pool of connections with the shared one. */
const TROUBLED_AT_ONCE = 3;

/** The position of a record, in the form that the brokers take. */
export type Place = { topic: string; partition: number; offset: bigint; leaderEpoch: number };

export type LanesOptions = {
  consumption: Pick<Consumption, 'onTrouble'>;
  gathering: GatheringTimes;
  ended: AbortSignal;
  deliver: (messages: readonly Message[]) => Promise<ReadonlyMap<string, Delivery>>;
  /** The positions of the next messages to read. Returns whether they could be committed now. */
  commit: (positions: readonly Place[]) => Promise<boolean>;
};

type Waiting = { message: Message; place: Place };
/** What is left of one partition. While a message of it has to wait, it is tried apart from the others. */
type Lane = { waiting: Waiting[]; reached: Place | undefined; isTroubled: boolean };

const hasWork = ({ waiting, reached }: Lane): boolean => waiting.length > 0 || reached !== undefined;

/**
 * Delivers messages in order within a partition, those of all partitions together, and commits how far each partition
 * is handled: after the effect and never before. A partition with a message that waits is tried alone until it passes.
 * At its end it finishes what is being handled and delivers nothing more.
 */
export class Lanes {
  private readonly options: LanesOptions;
  private readonly lanes = new Map<string, Lane>();
  private readonly turns = new Turns(TROUBLED_AT_ONCE);
  private readonly running = new Set<Promise<void>>();
  private readonly gathering: Gathering;
  private sharedIsRunning = false;
  private buffered = 0;
  private room = Promise.withResolvers<void>();

  constructor(options: LanesOptions) {
    this.options = options;
    this.gathering = new Gathering(options.gathering);
    options.ended.addEventListener('abort', () => this.room.resolve(), { once: true });
  }

  /** Resolves when there is room for another message. */
  async take(message: Message, { topic, partition, offset, leaderEpoch }: Place): Promise<void> {
    const key = `${topic}/${partition}`;
    const lane = this.lanes.get(key) ?? { waiting: [], reached: undefined, isTroubled: false };
    this.lanes.set(key, lane);
    lane.waiting.push({ message, place: { topic, partition, offset, leaderEpoch } });
    this.buffered += 1;
    if (!lane.isTroubled) this.startShared();
    while (this.buffered >= BUFFER && !this.options.ended.aborted) await this.room.promise;
  }

  /** After the end: resolves when nothing is being handled, and what was handled is committed if possible. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  private startShared(): void {
    if (this.sharedIsRunning) return;
    this.sharedIsRunning = true;
    this.start(this.runShared());
  }

  private start(run: Promise<void>): void {
    this.running.add(run);
    void run.finally(() => this.running.delete(run));
  }

  private async runShared(): Promise<void> {
    const { ended } = this.options;
    let failures = 0;
    while (this.ready().length > 0 && !ended.aborted) {
      await this.gathered();
      if (ended.aborted) break;
      const { isDone, troubled } = await this.tried(this.ready());
      for (const lane of troubled) this.start(this.runTroubled(lane));
      failures = isDone ? 0 : failures + 1;
      if (!isDone) await this.backOff(failures);
    }
    this.sharedIsRunning = false;
  }

  private ready(): Lane[] {
    return [...this.lanes.values()].filter((lane) => !lane.isTroubled && hasWork(lane));
  }

  /** Messages that arrive within a short time are one batch. */
  private async gathered(): Promise<void> {
    const earlyMs = this.gathering.earlyMs(performance.now());
    if (earlyMs > 0) await sleep(earlyMs, undefined, { signal: this.options.ended }).catch(() => undefined);
    // The other records of the same fetch are taken first.
    else await new Promise(setImmediate);
    this.gathering.begin(performance.now());
  }

  private async runTroubled(lane: Lane): Promise<void> {
    const { ended } = this.options;
    lane.isTroubled = true;
    for (let failures = 1; lane.isTroubled; failures++) {
      await this.backOff(failures);
      const release = await this.turns.take();
      if (!ended.aborted) {
        const { isDone, troubled } = await this.tried([lane]);
        lane.isTroubled = !isDone || troubled.length > 0;
      }
      release();
      if (ended.aborted) return;
    }
    if (hasWork(lane)) this.startShared();
  }

  private async backOff(failures: number): Promise<void> {
    await sleep(backOffMs(failures), undefined, { signal: this.options.ended }).catch(() => undefined);
  }

  /** Handles one batch of the lanes and commits it; `isDone` is false when a part of this failed as a whole. */
  private async tried(lanes: readonly Lane[]): Promise<{ isDone: boolean; troubled: Lane[] }> {
    let troubled: Lane[] = [];
    try {
      troubled = await this.handle(lanes);
      return { isDone: await this.commit(lanes), troubled };
    } catch (error) {
      // The handled messages come again: the consumers' inboxes guard their effects.
      this.options.consumption.onTrouble({ kind: 'lost', error });
      return { isDone: false, troubled };
    }
  }

  /** Returns the lanes in which a message has to wait. */
  private async handle(lanes: readonly Lane[]): Promise<Lane[]> {
    const most = Math.ceil(BATCH / lanes.length);
    const batches = lanes.map((lane) => ({ lane, batch: lane.waiting.slice(0, most) }));
    const messages = batches.flatMap(({ batch }) => batch.map(({ message }) => message));
    if (messages.length === 0) return [];
    this.gathering.took(messages.length);
    const outcomes = await this.options.deliver(messages);
    return batches.flatMap(({ lane, batch }) => {
      const left = batch.filter(({ message }) => (outcomes.get(message.id)?.outcome ?? 'later') === 'later');
      const last = batch.at(-1)?.place;
      if (!last) return [];
      lane.waiting.splice(0, batch.length, ...left);
      lane.reached = left[0]?.place ?? { ...last, offset: last.offset + 1n };
      this.free(batch.length - left.length);
      return left.length > 0 ? [lane] : [];
    });
  }

  private async commit(lanes: readonly Lane[]): Promise<boolean> {
    const reached = lanes.flatMap((lane) => (lane.reached ? [{ lane, place: lane.reached }] : []));
    if (reached.length === 0) return true;
    if (!(await this.options.commit(reached.map(({ place }) => place)))) return false;
    for (const { lane, place } of reached) if (lane.reached === place) lane.reached = undefined;
    return true;
  }

  private free(count: number): void {
    this.buffered -= count;
    if (this.buffered > BUFFER / 2) return;
    this.room.resolve();
    this.room = Promise.withResolvers<void>();
  }
}

/** A limited number of turns; further callers wait in order. */
class Turns {
  private free: number;
  private readonly line: (() => void)[] = [];

  constructor(count: number) {
    this.free = count;
  }

  async take(): Promise<() => void> {
    if (this.free === 0) await new Promise<void>((resolve) => this.line.push(resolve));
    else this.free -= 1;
    return () => {
      const next = this.line.shift();
      if (next) next();
      else this.free += 1;
    };
  }
}
