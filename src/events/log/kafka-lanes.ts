import { setTimeout as sleep } from 'node:timers/promises';
import { backOffMs } from './back-off.ts';
import type { Delivery } from './delivery.ts';
import type { Consumption, Message } from './log.ts';

/** Unhandled messages in memory, per group and process. A full buffer accepts messages again when half is done. */
const BUFFER = 1000;
const BATCH = 100;
/** Concurrent batches, each of another partition: their handlers share a pool of connections. */
const AT_ONCE = 4;

/** The position of a record, in the form that the brokers take. */
type Place = { topic: string; partition: number; offset: bigint; leaderEpoch: number };

export type LanesOptions = {
  consumption: Pick<Consumption, 'onTrouble'>;
  ended: AbortSignal;
  deliver: (messages: readonly Message[]) => Promise<ReadonlyMap<string, Delivery>>;
  /** The position of the next message to read. Returns false when it cannot be committed now. */
  commit: (position: Place) => Promise<boolean>;
};

type Waiting = { message: Message; place: Place };
type Lane = { waiting: Waiting[]; reached: Place | undefined; running: Promise<void> | undefined };

/**
 * Delivers messages, partition by partition and in order, and commits how far each partition is handled: after the
 * effect and never before. At its end it finishes what is being handled and delivers nothing more.
 */
export class Lanes {
  private readonly options: LanesOptions;
  private readonly lanes = new Map<string, Lane>();
  private readonly turns = new Turns(AT_ONCE);
  private buffered = 0;
  private room = Promise.withResolvers<void>();

  constructor(options: LanesOptions) {
    this.options = options;
    options.ended.addEventListener('abort', () => this.room.resolve(), { once: true });
  }

  /** Resolves when there is room for another message. */
  async take(message: Message, { topic, partition, offset, leaderEpoch }: Place): Promise<void> {
    const key = `${topic}/${partition}`;
    const lane = this.lanes.get(key) ?? { waiting: [], reached: undefined, running: undefined };
    this.lanes.set(key, lane);
    lane.waiting.push({ message, place: { topic, partition, offset, leaderEpoch } });
    this.buffered += 1;
    lane.running ??= this.run(lane);
    while (this.buffered >= BUFFER && !this.options.ended.aborted) await this.room.promise;
  }

  /** After the end: resolves when nothing is being handled, and what was handled is committed if possible. */
  async settled(): Promise<void> {
    await Promise.all([...this.lanes.values()].map((lane) => lane.running));
  }

  private async run(lane: Lane): Promise<void> {
    const { ended, consumption } = this.options;
    let failures = 0;
    while ((lane.waiting.length > 0 || lane.reached) && !ended.aborted) {
      const release = await this.turns.take();
      let isDone = false;
      try {
        isDone = ended.aborted || ((await this.handle(lane)) && (await this.commit(lane)));
      } catch (error) {
        // The handled messages come again: the consumers' inboxes guard their effects.
        consumption.onTrouble({ kind: 'lost', error });
      } finally {
        release();
      }
      failures = isDone ? 0 : failures + 1;
      if (!isDone) await sleep(backOffMs(failures), undefined, { signal: ended }).catch(() => undefined);
    }
    lane.running = undefined;
  }

  /** Handles one batch. Returns whether no message in it has to wait. */
  private async handle(lane: Lane): Promise<boolean> {
    const batch = lane.waiting.slice(0, BATCH);
    const last = batch.at(-1)?.place;
    if (!last) return true;
    const outcomes = await this.options.deliver(batch.map(({ message }) => message));
    const left = batch.filter(({ message }) => (outcomes.get(message.id)?.outcome ?? 'later') === 'later');
    lane.waiting.splice(0, batch.length, ...left);
    lane.reached = left[0]?.place ?? { ...last, offset: last.offset + 1n };
    this.free(batch.length - left.length);
    // So that messages before the first waiting one do not come again.
    if (left.length > 0) await this.commit(lane);
    return left.length === 0;
  }

  private async commit(lane: Lane): Promise<boolean> {
    const { reached } = lane;
    if (!reached || !(await this.options.commit(reached))) return !reached;
    lane.reached = undefined;
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
