import { setTimeout as sleep } from 'node:timers/promises';
import { emptyStatuses } from '#domain/inventory/packed-statuses-rules.ts';
import { WebSocketClient } from '#test/fans/lean-socket.ts';
import { type SeatMapFrame, SeatMapWatcher, seatMapChangedQuery } from '#test/fans/seat-map-watcher.ts';
import { answerParent } from '#test/support/system/parent.ts';

/**
 * Watchers of one event's seat map; one in ten stops reading its socket. A process of its own. A socket that is
 * going to stall subscribes ten times, the maximum: with one subscription the kernel would buffer for minutes.
 */

export type StallQuestion =
  | { kind: 'connect'; port: number; sockets: number; eventId: string; seatCount: number }
  | { kind: 'stall' }
  | { kind: 'resume' }
  /** The delay of each of these versions from its commit to the watchers that read. */
  | { kind: 'delays'; commits: readonly Commit[] }
  /** Waits until all watchers are at `version`. */
  | { kind: 'audit'; version: number };
/** `atMs`: since 1970. */
export type Commit = readonly [version: number, atMs: number];
export type Delays = {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
};
export type StallAudit = {
  /** Base64 of every distinct map of the watchers: one, if all agree. */
  readonly maps: readonly string[];
  readonly wrong: readonly string[];
  readonly late: number;
  readonly frames: { readonly healthy: number; readonly stalled: number };
  readonly resets: { readonly healthy: number; readonly stalled: number };
  /** Why the sockets of the stalled watchers were closed, with counts. */
  readonly closed: Readonly<Record<string, number>>;
  readonly healthyCuts: number;
};

const STALLED_ONE_IN = 10;
const SUBSCRIPTIONS_OF_STALLED = 10;
/** The product allows 200 per address. */
const SOCKETS_PER_ADDRESS = 100;
const OPEN_AT_ONCE = 50;
const ARRIVES_WITHIN_MS = 60_000;
const RETRY_MS = 200;

let watchers: Watcher[] = [];
const nowMs = () => performance.timeOrigin + performance.now();

/** The last parsed message: all watchers get the same bytes. */
let parsed: {
  text: Buffer;
  message: { type: string; id?: string; payload?: { data: { seatMapChanged: SeatMapFrame } } };
} = {
  text: Buffer.alloc(0),
  message: { type: '' },
};
function parse(text: Buffer): typeof parsed.message {
  if (!text.equals(parsed.text)) parsed = { text: Buffer.from(text), message: JSON.parse(text.toString()) };
  return parsed.message;
}

class Watcher {
  readonly isStalling: boolean;
  readonly fan: SeatMapWatcher;
  readonly closed: string[] = [];
  readonly #place: { port: number; from: string };
  readonly #eventId: string;
  /** From version, to version and arrival of each frame. */
  readonly arrivals: number[] = [];
  #client: WebSocketClient | undefined;
  #onSubscribed: (() => void) | undefined;
  #isPaused = false;

  constructor(index: number, { port, eventId, seatCount }: Extract<StallQuestion, { kind: 'connect' }>) {
    this.isStalling = index % STALLED_ONE_IN === 0;
    this.#place = { port, from: `127.0.1.${1 + Math.floor(index / SOCKETS_PER_ADDRESS)}` };
    this.#eventId = `Event_${eventId}`;
    this.fan = new SeatMapWatcher({ version: 0, packed: emptyStatuses(seatCount), seatCount });
  }

  async watch(): Promise<void> {
    const onEnd = (why: Error) => {
      this.closed.push(why.message);
      void this.#again();
    };
    this.#client = new WebSocketClient(this.#place, (payload) => this.#receive(payload), onEnd);
    await this.#client.open('/graphql', 'graphql-transport-ws');
    const subscribed = new Promise<void>((resolve) => {
      this.#onSubscribed = resolve;
    });
    this.#client.send(JSON.stringify({ type: 'connection_init' }));
    await subscribed;
  }

  stall(): void {
    this.#isPaused = true;
    this.#client?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#client?.resume();
  }

  /** Continues from the end of its map, as clients do. */
  async #again(): Promise<void> {
    do await sleep(RETRY_MS);
    while (this.#isPaused);
    await this.watch().catch(() => this.#again());
  }

  #subscribe(): void {
    const variables = { eventId: this.#eventId, sinceVersion: this.fan.version };
    const payload = { query: seatMapChangedQuery, variables };
    for (let id = 1; id <= (this.isStalling ? SUBSCRIPTIONS_OF_STALLED : 1); id++)
      this.#client?.send(JSON.stringify({ id: String(id), type: 'subscribe', payload }));
    this.#onSubscribed?.();
  }

  #receive(payload: Buffer): void {
    const message = parse(payload);
    if (message.type === 'connection_ack') this.#subscribe();
    else if (message.type === 'next' && message.payload) {
      // The other subscriptions have the same frames.
      if (message.id !== '1') return;
      const before = this.fan.version;
      this.fan.take(message.payload.data.seatMapChanged);
      if (!this.isStalling) this.arrivals.push(before, this.fan.version, nowMs());
    } else if (message.type !== 'ping') this.fan.wrong.push(payload.toString());
  }
}

answerParent<StallQuestion>(async (question) => {
  const stalling = () => watchers.filter((watcher) => watcher.isStalling);
  if (question.kind === 'connect') await connectAll(question);
  else if (question.kind === 'stall') for (const watcher of stalling()) watcher.stall();
  else if (question.kind === 'resume') for (const watcher of stalling()) watcher.resume();
  else if (question.kind === 'delays') return delaysOf(question.commits);
  else return await audit(question.version);
  return {};
});

async function connectAll(question: Extract<StallQuestion, { kind: 'connect' }>): Promise<void> {
  watchers = Array.from({ length: question.sockets }, (_, index) => new Watcher(index, question));
  for (let first = 0; first < watchers.length; first += OPEN_AT_ONCE)
    await Promise.all(watchers.slice(first, first + OPEN_AT_ONCE).map((watcher) => watcher.watch()));
}

/** In whole milliseconds, which is as exactly as the clocks of two processes agree. */
function delaysOf(commits: readonly Commit[]): Delays {
  const committedAt = new Map(commits);
  const counts = new Uint32Array(ARRIVES_WITHIN_MS);
  let count = 0;
  for (const { arrivals, isStalling } of watchers) {
    for (let at = 0; at < arrivals.length && !isStalling; at += 3) {
      const [from = 0, to = 0, arrivedMs = 0] = arrivals.slice(at, at + 3);
      for (let version = from + 1; version <= to; version++) {
        const committedMs = committedAt.get(version);
        if (committedMs === undefined) continue;
        const delay = Math.min(counts.length - 1, Math.max(0, Math.round(arrivedMs - committedMs)));
        counts[delay] = (counts[delay] ?? 0) + 1;
        count += 1;
      }
    }
  }
  const at = (share: number) => {
    let left = share * count;
    return counts.findIndex((own) => {
      left -= own;
      return left <= 0;
    });
  };
  return { count, p50Ms: at(0.5), p99Ms: at(0.99), mostMs: counts.findLastIndex((own) => own > 0) };
}

async function audit(version: number): Promise<StallAudit> {
  const deadline = performance.now() + ARRIVES_WITHIN_MS;
  const late = () => watchers.filter((watcher) => watcher.fan.version !== version).length;
  while (late() > 0 && performance.now() < deadline) await sleep(50);
  const sum = (isStalling: boolean, of: (watcher: Watcher) => number) =>
    watchers.filter((watcher) => watcher.isStalling === isStalling).reduce((total, watcher) => total + of(watcher), 0);
  const both = (of: (watcher: Watcher) => number) => ({ healthy: sum(false, of), stalled: sum(true, of) });
  const closed: Record<string, number> = {};
  for (const why of watchers.filter(({ isStalling }) => isStalling).flatMap((watcher) => watcher.closed))
    closed[why] = (closed[why] ?? 0) + 1;
  return {
    maps: [...new Set(watchers.map(({ fan }) => Buffer.from(fan.packed).toString('base64')))],
    wrong: watchers.flatMap(({ fan }) => fan.wrong),
    late: late(),
    frames: both(({ fan }) => fan.frames),
    resets: both(({ fan }) => fan.resets),
    closed,
    healthyCuts: sum(false, (watcher) => watcher.closed.length),
  };
}
