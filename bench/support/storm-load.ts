import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpConnection, postJson } from '#test/fans/lean-http.ts';
import { answerParent } from '#test/support/system/parent.ts';
import { Durations } from './rounds.ts';

/** Requests that arrive at a rate of their own, also while earlier ones have no answer yet; a process of its own. */

export type StormLoad = {
  readonly port: number;
  readonly perSecond: number;
  readonly ms: number;
  /** After the storm, requests at this rate for this time show when the server is itself again. */
  readonly afterPerSecond: number;
  readonly afterMs: number;
  readonly asks: HoldAsks | LookAsks;
};
/** Holds of two unused seats. The seats of a refused request are asked for again. */
export type HoldAsks = {
  readonly kind: 'holds';
  readonly query: string;
  readonly eventIds: readonly string[];
  readonly planId: string;
  readonly tokens: readonly string[];
  readonly answer: string;
};
/** One of these bodies at a time. */
export type LookAsks = { readonly kind: 'looks'; readonly bodies: readonly string[]; readonly answer: string };

/** Times are from the planned arrival to the answer. */
export type StormFigures = {
  readonly seconds: number;
  readonly arrived: number;
  /** Until the storm ended. */
  readonly good: number;
  /** All that were answered well, also after the storm. */
  readonly held: number;
  readonly goodP50Ms: number;
  readonly goodP99Ms: number;
  readonly refused: number;
  /** Of the refused ones: begun and not ended in time. They may have taken effect. */
  readonly late: number;
  readonly refusedP50Ms: number;
  readonly refusedP99Ms: number;
  /** Answers that are neither, and how they begin. */
  readonly wrong: number;
  readonly wrongTexts: readonly string[];
  /** The connection ended without an answer. */
  readonly broken: number;
  /** Left after ten seconds without an answer. */
  readonly unanswered: number;
  /** How late the load generator was at most. */
  readonly lateMs: number;
  /** After the storm, for each half second: p99 of what was answered well, and how many were not. */
  readonly after: readonly { readonly p99Ms: number; readonly failed: number }[];
};

const ADDRESSES = 250;
/** As a load balancer keeps them: they are open before the storm begins. */
const CONNECTIONS = 1_500;
const OPENED_AT_ONCE = 50;
const PATIENCE_MS = 10_000;
const TICK_MS = 2;
const BUCKET_MS = 500;

answerParent<StormLoad>((load, tell) => new Storm(load).run(tell));

type Outcome = 'good' | 'refused' | 'wrong' | 'broken' | 'unanswered';
type Arrival = { readonly at: number; readonly onEnd: (outcome: Outcome, ms: number) => void };

class Storm {
  readonly #load: StormLoad;
  readonly #idle: HttpConnection[] = [];
  readonly #waiting: Arrival[] = [];
  #firstWaiting = 0;
  #connections = 0;
  #running = 0;
  #fresh = 0;
  #requests = 0;
  #goodAfter = 0;
  #late = 0;
  readonly #again: number[] = [];
  readonly #wrongTexts: string[] = [];

  constructor(load: StormLoad) {
    this.#load = load;
  }

  async run(tell: (moment: string) => void): Promise<StormFigures> {
    const { perSecond, ms, afterPerSecond, afterMs } = this.#load;
    const counts: Record<Outcome, number> = { good: 0, refused: 0, wrong: 0, broken: 0, unanswered: 0 };
    const times = { good: new Durations(), refused: new Durations() };
    const note = (outcome: Outcome, took: number) => {
      counts[outcome] += 1;
      if (outcome === 'good' || outcome === 'refused') times[outcome].add(took);
    };
    await this.#open();
    tell('begin');
    const storm = await this.#arrive({ perSecond, ms }, () => note);
    tell('end');
    this.#sendAway();
    const goodInTime = counts.good;
    const after = await this.#after({ perSecond: afterPerSecond, ms: afterMs });
    const [good, refused] = [times.good.summary(), times.refused.summary()];
    return {
      ...counts,
      good: goodInTime,
      held: counts.good + this.#goodAfter,
      late: this.#late,
      seconds: storm.seconds,
      arrived: storm.arrived,
      lateMs: storm.lateMs,
      goodP50Ms: good.p50Ms,
      goodP99Ms: good.p99Ms,
      refusedP50Ms: refused.p50Ms,
      refusedP99Ms: refused.p99Ms,
      wrongTexts: this.#wrongTexts,
      after,
    };
  }

  /** A few at a time, so that the server is at rest when the storm begins. */
  async #open(): Promise<void> {
    const length = Math.min(CONNECTIONS, Math.ceil(this.#load.perSecond));
    while (this.#connections < length) {
      const opened = Array.from({ length: Math.min(OPENED_AT_ONCE, length - this.#connections) }, () =>
        this.#newConnection(),
      );
      // A connection without a request would be ended as a slow one.
      await Promise.all(opened.map((connection) => connection.send('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')));
      this.#idle.push(...opened);
    }
  }

  #newConnection(): HttpConnection {
    this.#connections += 1;
    return new HttpConnection(this.#load.port, undefined, `127.0.0.${1 + (this.#connections % ADDRESSES)}`);
  }

  async #after(pace: { perSecond: number; ms: number }): Promise<StormFigures['after']> {
    const buckets = Array.from({ length: Math.ceil(pace.ms / BUCKET_MS) }, () => ({
      times: new Durations(),
      failed: 0,
    }));
    await this.#arrive(pace, (sinceMs) => (outcome, took) => {
      const bucket = buckets[Math.min(buckets.length - 1, Math.floor(sinceMs / BUCKET_MS))];
      if (outcome === 'good') {
        this.#goodAfter += 1;
        bucket?.times.add(took);
      } else if (bucket) bucket.failed += 1;
    });
    await this.#rest();
    return buckets.map(({ times, failed }) => ({ p99Ms: times.summary().p99Ms, failed }));
  }

  async #arrive(
    { perSecond, ms }: { perSecond: number; ms: number },
    noteOf: (sinceMs: number) => Arrival['onEnd'],
  ): Promise<{ seconds: number; arrived: number; lateMs: number }> {
    const beganAt = performance.now();
    const all = Math.floor((perSecond * ms) / 1000);
    let [arrived, lateMs] = [0, 0];
    while (arrived < all) {
      const now = performance.now();
      for (let at = beganAt + (arrived * 1000) / perSecond; at <= now && arrived < all; at += 1000 / perSecond) {
        lateMs = Math.max(lateMs, now - at);
        arrived += 1;
        this.#come({ at, onEnd: noteOf(at - beganAt) });
      }
      this.#forgetLate(now);
      await sleep(TICK_MS);
    }
    return { seconds: (performance.now() - beganAt) / 1000, arrived, lateMs };
  }

  #come(arrival: Arrival): void {
    const connection = this.#connection();
    if (connection) void this.#send(connection, arrival);
    else this.#waiting.push(arrival);
  }

  #connection(): HttpConnection | undefined {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (!idle.isClosed) return idle;
      this.#connections -= 1;
    }
    return this.#connections < CONNECTIONS ? this.#newConnection() : undefined;
  }

  async #send(connection: HttpConnection, { at, onEnd }: Arrival): Promise<void> {
    this.#running += 1;
    const { text, seats } = this.#next();
    const late = setTimeout(() => connection.fail(new Error('no answer')), PATIENCE_MS);
    let outcome: Outcome;
    try {
      const { status, start } = await connection.send(text);
      outcome = this.#outcomeOf(status, start);
    } catch (error) {
      outcome = (error as Error).message === 'no answer' ? 'unanswered' : 'broken';
    }
    clearTimeout(late);
    this.#running -= 1;
    if (outcome === 'refused' && seats !== undefined) this.#again.push(seats);
    onEnd(outcome, performance.now() - at);
    this.#goOn(connection);
  }

  #goOn(connection: HttpConnection): void {
    if (connection.isClosed) this.#connections -= 1;
    else this.#idle.push(connection);
    const next = this.#waiting[this.#firstWaiting];
    if (!next) return;
    this.#firstWaiting += 1;
    this.#come(next);
  }

  #outcomeOf(status: number, start: string): Outcome {
    if (status === 200 && start.startsWith(this.#load.asks.answer)) return 'good';
    const isTryAgain = start.includes('"__typename":"TryAgain"');
    const isTyped = isTryAgain || start.includes('"code":"TEMPORARILY_UNAVAILABLE"');
    if (isTryAgain || start.includes('took too long')) this.#late += 1;
    if (status === 200 && isTyped) return 'refused';
    if (this.#wrongTexts.length < 5) this.#wrongTexts.push(`${status} ${start.slice(0, 200)}`);
    return 'wrong';
  }

  #next(): { text: string; seats?: number } {
    const { asks } = this.#load;
    this.#requests += 1;
    if (asks.kind === 'looks')
      return { text: postJson('/graphql', asks.bodies[this.#requests % asks.bodies.length] ?? '') };
    const { eventIds, planId, tokens, query } = asks;
    const seats = this.#again.pop() ?? this.#fresh++;
    const first = 2 * Math.floor(seats / eventIds.length);
    const input = {
      eventId: `Event_${eventIds[seats % eventIds.length]}`,
      seatIds: [`Seat_${planId}_${first}`, `Seat_${planId}_${first + 1}`],
      idempotencyKey: randomUUIDv7(),
    };
    const body = JSON.stringify({ query, variables: { input } });
    return { text: postJson('/graphql', body, tokens[seats % tokens.length]), seats };
  }

  /** Fans who could not even send their request leave as well. */
  #forgetLate(now: number): void {
    for (let next = this.#waiting[this.#firstWaiting]; next && now - next.at > PATIENCE_MS; ) {
      this.#firstWaiting += 1;
      next.onEnd('unanswered', now - next.at);
      next = this.#waiting[this.#firstWaiting];
    }
  }

  #sendAway(): void {
    for (const { onEnd } of this.#waiting.splice(0).slice(this.#firstWaiting)) onEnd('unanswered', 0);
    this.#firstWaiting = 0;
  }

  async #rest(): Promise<void> {
    while (this.#running > 0) await sleep(TICK_MS);
    for (const connection of this.#idle.splice(0)) connection.close();
    this.#connections = 0;
  }
}
