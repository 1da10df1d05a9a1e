import { HttpConnection } from '#test/fans/lean-http.ts';
import { answerParent } from '#test/support/system/parent.ts';
import { drawFrom, randomFrom, zipf } from './large-catalogue.ts';
import { Durations } from './rounds.ts';
import { type Phase, runTimed } from './timed-load.ts';

/** Fans who search over keep-alive connections, each as soon as the last answer came; a process of its own. */

export type SearchLoad = {
  readonly port: number;
  readonly connections: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  /** Whole requests: for each question all its spellings. */
  readonly questions: readonly (readonly string[])[];
  /** `drawn`: by Zipf's law with this exponent. `in order`: one question after the other. */
  readonly order:
    | { readonly kind: 'drawn'; readonly exponent: number; readonly seed: number }
    | { readonly kind: 'in order' };
};
export type Times = { readonly count: number; readonly p50Ms: number; readonly p95Ms: number; readonly p99Ms: number };
/** Of the measured time. */
export type SearchFigures = Times & {
  readonly seconds: number;
  readonly answered: number;
  /** How many different questions were asked. */
  readonly distinct: number;
  readonly bytesPerAnswer: number;
  /** By what answered. */
  readonly outcomes: ReadonlyMap<Outcome, Times>;
};
export type Outcome = 'the index or the cache' | 'PostgreSQL' | 'refused' | 'the engine itself';

const beginnings: readonly (readonly [string, Outcome])[] = [
  ['{"data":{"searchEvents":{"degraded":false', 'the index or the cache'],
  ['{"data":{"searchEvents":{"degraded":true', 'PostgreSQL'],
  ['{"results":[{"', 'the engine itself'],
];
/** The engine's status for a search that it broke off. */
const CUT_OFF = 408;
/** Codes of a typed refusal. */
const REFUSED = /"code":"(?:RATE_LIMITED|TEMPORARILY_UNAVAILABLE|TRY_AGAIN)"/;

answerParent<SearchLoad>((load, tell) => new Searches(load).run(tell));

class Searches {
  readonly #load: SearchLoad;
  readonly #next: () => number;
  readonly #spelling = randomFrom(3);
  readonly #all = new Durations();
  readonly #byOutcome = new Map<Outcome, Durations>();
  readonly #asked = new Set<number>();
  #bytes = 0;
  readonly #phase: Phase = { isMeasuring: false, isOver: false };

  constructor(load: SearchLoad) {
    this.#load = load;
    const { questions, order } = load;
    if (order.kind === 'drawn') {
      const draw = drawFrom(zipf(questions.length, order.exponent));
      const random = randomFrom(order.seed);
      this.#next = () => draw(random);
    } else {
      let sent = 0;
      this.#next = () => sent++ % questions.length;
    }
  }

  async run(tell: (moment: string) => void): Promise<SearchFigures> {
    const connections = Array.from({ length: this.#load.connections }, () => new HttpConnection(this.#load.port));
    const calls = Promise.all(connections.map((connection) => this.#call(connection)));
    const seconds = await runTimed(this.#load, this.#phase, { calls, tell });
    for (const connection of connections) connection.close();
    const times = timesOf(this.#all);
    return {
      seconds,
      answered: times.count,
      ...times,
      distinct: this.#asked.size,
      bytesPerAnswer: Math.round(this.#bytes / times.count),
      outcomes: new Map([...this.#byOutcome].map(([outcome, durations]) => [outcome, timesOf(durations)])),
    };
  }

  async #call(connection: HttpConnection): Promise<void> {
    while (!this.#phase.isOver) {
      const question = this.#next();
      const spellings = this.#load.questions[question] ?? [];
      const askedAt = performance.now();
      const { status, start, bytes } = await connection.send(
        spellings[Math.floor(this.#spelling() * spellings.length)] ?? '',
      );
      const ms = performance.now() - askedAt;
      const outcome = outcomeOf(status, start);
      if (!this.#phase.isMeasuring) continue;
      this.#asked.add(question);
      this.#bytes += bytes;
      this.#all.add(ms);
      const durations = this.#byOutcome.get(outcome) ?? new Durations();
      this.#byOutcome.set(outcome, durations);
      durations.add(ms);
    }
  }
}

/** @throws Error for an answer that no client should see, which ends the run */
function outcomeOf(status: number, start: string): Outcome {
  const known = beginnings.find(([beginning]) => start.startsWith(beginning));
  if (status === 200 && known) return known[1];
  if (REFUSED.test(start) || status === CUT_OFF) return 'refused';
  throw new Error(`Answered ${status}: ${start.slice(0, 500)}`);
}

const timesOf = (durations: Durations): Times => ({ count: durations.count, ...durations.summary() });
