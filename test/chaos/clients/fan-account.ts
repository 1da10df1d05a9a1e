import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GraphqlClient, Reply } from '#test/fans/lean-graphql.ts';
import type { BookingState, HoldAnswer, HoldRecord, Outcome } from '../history.ts';
import { instant, wallToInstant } from '../history.ts';
import { documents } from './documents.ts';
import type { Stage } from './protocol.ts';
import type { Notebook } from './run-clients.ts';

/** A signed-in fan. */
export type FanUser = { readonly userId: string; readonly token: string };

export type SeenBooking = {
  readonly status: BookingState;
  readonly paymentStatus: string;
  readonly paymentUrl: string | null;
};

type Call = { readonly name: string; readonly query: string; readonly variables: object };
/** `afterMs`: how long the server asked the fan to wait before the next attempt. */
type Result = {
  readonly outcome: Outcome;
  readonly code?: string;
  readonly afterMs?: number;
  readonly data?: Record<string, unknown>;
};

const rawId = (globalId: string): string => globalId.slice(globalId.indexOf('_') + 1);

const AWAY_MS = 50;

/** A fan's calls of the API; each call is recorded as it happened. */
export class FanAccount {
  readonly #client: GraphqlClient;
  readonly #notebook: Notebook;
  readonly #ports: readonly number[];
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
  }

  async hold(request: { stage: Stage; seatNos: readonly number[]; key: string }, name = 'createBooking') {
    const { stage, seatNos, key } = request;
    const input = {
      eventId: `Event_${stage.eventId}`,
      seatIds: seatNos.map((seatNo) => `Seat_${stage.planId}_${seatNo}`),
      idempotencyKey: key,
    };
    const from = instant();
    const result = await this.#call({ name, query: documents.createBooking, variables: { input } });
    const record = { kind: 'hold', user: this.user.userId, key, event: stage.eventId, seats: seatNos, from } as const;
    const answer = result.outcome === 'ok' ? holdAnswer(result.data) : undefined;
    const code = result.code === undefined ? {} : { code: result.code };
    const taken = takenOf(result.data);
    const written: HoldRecord = {
      ...record,
      ...code,
      to: instant(),
      outcome: result.outcome,
      ...(answer && { answer }),
      ...(taken && { taken }),
    };
    this.#notebook.history.write(written);
    if (answer) this.#acknowledge('held', answer.booking, stage);
    return { outcome: result.outcome, code: result.code, afterMs: result.afterMs ?? 0, answer };
  }

  async cancel(of: { stage: Stage; seatNos: readonly number[]; booking: string }): Promise<Result> {
    const { stage, booking, seatNos: seats } = of;
    const from = instant();
    const variables = { input: { bookingId: `Booking_${booking}` } };
    const {
      outcome,
      code,
      afterMs = 0,
    } = await this.#call({ name: 'cancelBooking', query: documents.cancelBooking, variables });
    const known = { user: this.user.userId, booking, event: stage.eventId, seats, from, to: instant(), outcome };
    this.#notebook.history.write({ kind: 'cancel', ...known, ...(code !== undefined && { code }) });
    if (outcome === 'ok') this.#acknowledge('cancelled', booking, stage);
    return { outcome, afterMs, ...(code !== undefined && { code }) };
  }

  /** Undefined when there was no definite answer. */
  async readBooking(booking: string): Promise<SeenBooking | undefined> {
    const from = instant();
    const variables = { id: `Booking_${booking}` };
    const { outcome, code, data } = await this.#call({ name: 'booking', query: documents.booking, variables });
    const found = data?.booking as { status: BookingState; payment: { status: string; url: string | null } } | null;
    const bookings = outcome === 'ok' ? { bookings: found ? [[booking, found.status] as const] : [] } : {};
    const timed = { from, to: instant(), outcome, ...(code !== undefined && { code }) };
    this.#notebook.history.write({ kind: 'bookings', user: this.user.userId, only: booking, ...timed, ...bookings });
    if (!found) return undefined;
    return { status: found.status, paymentStatus: found.payment.status, paymentUrl: found.payment.url };
  }

  async readBookings(): Promise<void> {
    const from = instant();
    const { outcome, code, data } = await this.#call({ name: 'bookings', query: documents.bookings, variables: {} });
    const page = (data?.viewer as { bookings: BookingPage } | null | undefined)?.bookings;
    const listed = page && {
      bookings: page.nodes.map(({ id, status }) => [rawId(id), status] as const),
      hasMore: page.pageInfo.hasNextPage,
    };
    const timed = { from, to: instant(), outcome, ...(code !== undefined && { code }) };
    this.#notebook.history.write({ kind: 'bookings', user: this.user.userId, ...timed, ...listed });
  }

  async readMap({ eventId: event }: Stage): Promise<void> {
    const from = instant();
    const variables = { eventId: `Event_${event}` };
    const { outcome, code, data } = await this.#call({ name: 'seatMap', query: documents.seatMap, variables });
    const seen = data?.seatMap as { version: number; asOf: string; stale: boolean; statuses: string } | undefined;
    const map = seen && { ...seen, asOf: Date.parse(seen.asOf) + wallToInstant };
    const timed = { from, to: instant(), outcome, ...(code !== undefined && { code }) };
    this.#notebook.history.write({ kind: 'map', event, ...timed, ...(map && { map }) });
  }

  async search(text: string): Promise<void> {
    const { data } = await this.#call({ name: 'searchEvents', query: documents.search, variables: { text } });
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
  async #call({ name, query, variables }: Call): Promise<Result> {
    const reply = await this.#client.ask(this.port, { token: this.user.token, query, variables });
    const result = this.#judge(name, reply);
    const mutation = name === 'createBooking' || name === 'repeat' || name === 'cancelBooking';
    this.#notebook.tally.count(mutation ? name : `read ${name}`, result.outcome, result.code);
    if (result.outcome !== 'unknown') return result;
    this.#turn += 1;
    // A mutation is repeated only after the time that the answer asks for.
    if (!mutation) await sleep(AWAY_MS);
    return result;
  }

  #judge(name: string, reply: Reply): Result {
    if (reply.kind === 'lost') return { outcome: 'unknown', code: reply.why };
    if (reply.kind === 'error') {
      // PostgreSQL answers searches in place of the engine, for as many at a time as it can.
      const isBusy = name === 'searchEvents' && reply.code === 'RATE_LIMITED';
      if (reply.code !== 'TEMPORARILY_UNAVAILABLE' && !isBusy)
        this.#notebook.tally.problem(`The API answered ${reply.code}, request ${reply.requestId}.`);
      return { outcome: 'unknown', code: reply.code, afterMs: reply.afterSeconds * 1000 };
    }
    const [field] = Object.values(reply.data) as (Refusal | null)[];
    if (field?.code === undefined) return { outcome: 'ok', data: reply.data };
    const outcome = field.code === 'TRY_AGAIN' ? 'unknown' : 'refused';
    return { outcome, code: field.code, afterMs: (field.retry?.afterSeconds ?? 0) * 1000, data: reply.data };
  }
}

type Refusal = { code?: string; retry?: { afterSeconds: number | null } };
type BookingPage = { nodes: { id: string; status: BookingState }[]; pageInfo: { hasNextPage: boolean } };

function holdAnswer(data: Record<string, unknown> = {}): HoldAnswer {
  const { booking, replayed } = data.createBooking as {
    replayed: boolean;
    booking: {
      id: string;
      status: BookingState;
      total: { amountMinor: number; currency: string };
      holdExpiresAt: string;
      seats: { seat: { seatNo: number } }[];
    };
  };
  return {
    booking: rawId(booking.id),
    replayed,
    status: booking.status,
    seats: booking.seats.map(({ seat }) => seat.seatNo),
    totalMinor: booking.total.amountMinor,
    currency: booking.total.currency,
    expiresAt: Date.parse(booking.holdExpiresAt) + wallToInstant,
  };
}

function takenOf(data: Record<string, unknown> | undefined): number[] | undefined {
  const seats = (data?.createBooking as { seats?: { seatNo: number }[] } | undefined)?.seats;
  return seats?.map(({ seatNo }) => seatNo);
}

export const newKey = (): string => randomUUIDv7();
