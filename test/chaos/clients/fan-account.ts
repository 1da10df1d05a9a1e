import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GraphqlClient } from '#test/fans/lean-graphql.ts';
import { instant } from '../history.ts';
import { type AgreedQuote, type Call, RecordedFan, type Result, type SeenBooking, type Wish } from '../recorded-fan.ts';
import { judge } from './judge.ts';
import type { Stage } from './protocol.ts';
import type { Notebook } from './run-clients.ts';

/** A signed-in fan. */
export type FanUser = { readonly userId: string; readonly token: string };

const searchQuery = `query Search($text: String!) { searchEvents(text: $text, first: 3) { degraded totalCount nodes { id } } }`;

const AWAY_MS = 50;

function mayFail({ name, variables }: Call | SearchCall): readonly string[] {
  // PostgreSQL answers searches in place of the engine, for as many at a time as it can.
  if (name === 'searchEvents') return ['RATE_LIMITED'];
  // A code that does not exist yet, or is used up.
  return name === 'quote' && 'codes' in variables ? ['BAD_REQUEST'] : [];
}

/** A fan's calls of the API; each call is recorded as it happened. */
export class FanAccount {
  readonly #client: GraphqlClient;
  readonly #notebook: Notebook;
  readonly #ports: readonly number[];
  readonly #recorded: RecordedFan;
  #turn: number;
  user: FanUser;

  constructor(options: {
    client: GraphqlClient;
    notebook: Notebook;
    ports: readonly number[];
    first: number;
    user: FanUser;
  }) {
    this.#client = options.client;
    this.#notebook = options.notebook;
    this.#ports = options.ports;
    this.#turn = options.first;
    this.user = options.user;
    this.#recorded = new RecordedFan({
      call: (call) => this.#call(call),
      write: (record) => options.notebook.history.write(record),
      userId: () => this.user.userId,
      first: 20,
    });
  }

  async hold(request: Wish & { stage: Stage; key: string }, name: 'createBooking' | 'repeat' = 'createBooking') {
    const { stage, ...wish } = request;
    const result = await this.#recorded.hold({ ...wish, of: stage }, name);
    if (result.answer) this.#acknowledge('held', result.answer.booking, stage);
    return result;
  }

  quote(stage: Stage, wish: Wish): Promise<AgreedQuote | undefined> {
    return this.#recorded.quote({ ...wish, of: stage });
  }

  async cancel(of: { stage: Stage; seatNos: readonly number[]; booking: string }): Promise<Result> {
    const { stage, booking, seatNos } = of;
    const result = await this.#recorded.cancel({ event: stage.eventId, seatNos, booking });
    if (result.outcome === 'ok') this.#acknowledge('cancelled', booking, stage);
    return result;
  }

  readBooking(booking: string): Promise<SeenBooking | undefined> {
    return this.#recorded.readBooking(booking);
  }

  readBookings(): Promise<void> {
    return this.#recorded.readBookings();
  }

  readMap({ eventId }: Stage): Promise<void> {
    return this.#recorded.readMap(eventId);
  }

  async search(text: string): Promise<void> {
    const { data } = await this.#call({ name: 'searchEvents', query: searchQuery, variables: { text } });
    if ((data?.searchEvents as { degraded: boolean } | undefined)?.degraded)
      this.#notebook.tally.observe('search degraded');
  }

  /** Pays or declines on the gateway's page; undefined when the result is unknown. */
  async decide(paymentUrl: string, outcome: 'pay' | 'decline'): Promise<number | undefined> {
    const url = new URL(paymentUrl);
    const body = `outcome=${outcome}`;
    const answer = await this.#client.send(
      Number(url.port),
      `POST ${url.pathname} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    if (typeof answer === 'string') {
      this.#notebook.tally.count(`gateway ${outcome}`, 'unknown', answer);
      return undefined;
    }
    this.#notebook.tally.count(`gateway ${outcome}`, answer.status === 200 ? 'ok' : 'refused', String(answer.status));
    return answer.status;
  }

  /** The api process of the next request; the two take turns. */
  get port(): number {
    return this.#ports[this.#turn % this.#ports.length] ?? 0;
  }

  acknowledge(what: 'confirmed' | 'failed' | 'refunding', booking: string, stage: Stage): void {
    this.#acknowledge(what, booking, stage);
  }

  #acknowledge(what: 'held' | 'confirmed' | 'cancelled' | 'failed' | 'refunding', booking: string, stage: Stage): void {
    const { userId: user } = this.user;
    void this.#notebook.acks.write({ at: instant(), what, booking, user, event: stage.eventId });
  }

  /** After a request without a definite answer, the next one goes to the other api process. */
  async #call(call: Call | SearchCall): Promise<Result> {
    const { name, query, variables } = call;
    const reply = await this.#client.ask(this.port, { token: this.user.token, query, variables });
    const result = judge(reply, this.#notebook.tally, mayFail(call));
    const mutation = name === 'createBooking' || name === 'repeat' || name === 'cancelBooking';
    this.#notebook.tally.count(mutation ? name : `read ${name}`, result.outcome, result.code);
    if (result.outcome !== 'unknown') return result;
    this.#turn += 1;
    // A mutation is repeated only after the time that the answer asks for.
    if (!mutation) await sleep(AWAY_MS);
    return result;
  }
}

type SearchCall = Omit<Call, 'name'> & { readonly name: 'searchEvents' };

export const newKey = (): string => randomUUIDv7();
