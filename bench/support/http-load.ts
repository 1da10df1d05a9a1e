import { randomUUIDv7 } from 'node:crypto';
import { HttpConnection, postJson } from '#test/fans/lean-http.ts';
import { answerParent } from '#test/support/system/parent.ts';
import { Durations } from './rounds.ts';
import { type Phase, runTimed } from './timed-load.ts';

/** Sends requests over keep-alive connections, each as soon as the one before it is answered; a process of its own. */

export type HttpLoad = {
  readonly port: number;
  readonly connections: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly requests: Requests;
};
type Requests = SameRequest | WrittenRequests | HoldRequests;
/** An answer with another beginning ends the run. */
export type SameRequest = { readonly kind: 'same'; readonly body: string; readonly answer: string };
/** The bytes of the requests, one after the other; `isOnce`: each is sent once, and the load ends with the last. */
export type WrittenRequests = {
  readonly kind: 'written';
  readonly texts: readonly string[];
  readonly isOnce: boolean;
  readonly answer: string;
};
/** Two unused seats, by one buyer after the other. */
export type HoldRequests = {
  readonly kind: 'holds';
  readonly query: string;
  readonly eventIds: readonly string[];
  readonly planId: string;
  readonly seatCount: number;
  readonly tokens: readonly string[];
  /** The buyers come from so many addresses, by `X-Forwarded-For`; without it from one. */
  readonly addresses?: number;
  readonly answer: string;
};
/** `answered` and the times are of the measured time, `total` of the whole run. */
export type HttpFigures = {
  seconds: number;
  answered: number;
  total: number;
  p50Ms: number;
  p99Ms: number;
  bytesPerAnswer: number;
};

answerParent<HttpLoad>((load, tell) => new Load(load).run(tell));

class Load {
  readonly #load: HttpLoad;
  readonly #durations = new Durations();
  #total = 0;
  #bytes = 0;
  #sent = 0;
  readonly #phase: Phase = { isMeasuring: false, isOver: false };

  constructor(load: HttpLoad) {
    this.#load = load;
  }

  async run(tell: (moment: string) => void): Promise<HttpFigures> {
    const connections = Array.from({ length: this.#load.connections }, () => new HttpConnection(this.#load.port));
    const calls = Promise.all(connections.map((connection) => this.#call(connection)));
    const seconds = await runTimed(this.#load, this.#phase, { calls, tell });
    for (const connection of connections) connection.close();
    const answered = this.#durations.count;
    const bytesPerAnswer = Math.round(this.#bytes / this.#total);
    return { seconds, answered, total: this.#total, ...this.#durations.summary(), bytesPerAnswer };
  }

  async #call(connection: HttpConnection): Promise<void> {
    const { requests } = this.#load;
    for (let request = this.#next(requests); request && !this.#phase.isOver; request = this.#next(requests)) {
      const askedAt = performance.now();
      const { status, bytes, start } = await connection.send(request);
      if (this.#phase.isMeasuring) this.#durations.add(performance.now() - askedAt);
      if (status !== 200 || !start.startsWith(requests.answer)) throw new Error(`Answered ${status}: ${start}`);
      this.#total += 1;
      this.#bytes += bytes;
    }
  }

  #next(requests: Requests): string | undefined {
    const index = this.#sent++;
    if (requests.kind === 'written') {
      const { texts, isOnce } = requests;
      return isOnce ? texts[index] : texts[index % texts.length];
    }
    if (requests.kind === 'same') return postJson('/graphql', requests.body);
    const { eventIds, planId, seatCount, tokens, addresses, query } = requests;
    const first = 2 * Math.floor(index / eventIds.length);
    if (first + 1 >= seatCount) return undefined;
    const input = {
      eventId: `Event_${eventIds[index % eventIds.length]}`,
      seatIds: [first, first + 1].map((seatNo) => `Seat_${planId}_${seatNo}`),
      idempotencyKey: randomUUIDv7(),
    };
    const body = JSON.stringify({ query, variables: { input } });
    const buyer = index % tokens.length;
    const headers = addresses === undefined ? [] : [`X-Forwarded-For: ${addressOf(buyer % addresses)}`];
    return postJson('/graphql', body, tokens[buyer], headers);
  }
}

const addressOf = (index: number): string => `10.0.${index >> 8}.${index & 255}`;
