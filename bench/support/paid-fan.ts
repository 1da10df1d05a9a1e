import type { HttpPool } from '#test/fans/http-pool.ts';
import { type Endpoint, WebSocketClient } from '#test/fans/lean-socket.ts';

const HOLD = `mutation ($input: CreateBookingInput!) { createBooking(input: $input) { __typename
  ... on CreateBookingSuccess { booking { id status holdExpiresAt total { amountMinor currency } } }
  ... on Refusal { code message } } }`;
const WATCH = `subscription ($id: ID!) { bookingChanged(bookingId: $id) { id status
  payment { status url } tickets { id code seat { seatNo } } } }`;

export type Purchase = { readonly eventId: string; readonly seatIds: readonly string[]; readonly key: string };
/** `pageMs`: from the hold's request to the address of the payment page; `ticketsMs`: from paying to the tickets. */
export type Paid = { readonly pageMs: number; readonly ticketsMs: number; readonly tickets: number };

type Ticket = { id: string; code: string };
type Watched = { status: string; payment: { url: string | null }; tickets: readonly Ticket[] };
type Message = {
  type: string;
  id?: string;
  payload?: {
    errors?: unknown;
    data?: {
      createBooking?: { __typename: string; booking?: { id: string } };
      bookingChanged?: Watched;
    };
  };
};

const RETRY_MS = 200;

const isBusy = (message: Message): boolean =>
  /TEMPORARILY_UNAVAILABLE|TRY_AGAIN/.test(JSON.stringify(message.payload ?? null));

/**
 * One fan: opens a socket, holds seats, watches the booking, pays at the gateway's page as soon as it is named, and
 * leaves with the tickets.
 */
export class PaidFan {
  readonly #socket: WebSocketClient;
  readonly #pays: HttpPool;
  readonly #paid = Promise.withResolvers<Paid>();
  readonly #acknowledged = Promise.withResolvers<void>();
  #askedAt = 0;
  #paidAt = 0;
  #pageMs = 0;
  #hold: object | undefined;
  #watched: string | undefined;

  constructor(endpoint: Endpoint, pays: HttpPool) {
    this.#pays = pays;
    this.#socket = new WebSocketClient(
      endpoint,
      (payload) => this.#receive(JSON.parse(payload.toString()) as Message),
      (why) => this.#fail(why),
    );
  }

  async buy(token: string, purchase: Purchase): Promise<Paid> {
    try {
      await this.#socket.open('/graphql', 'graphql-transport-ws');
      this.#send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
      await this.#acknowledged.promise;
      this.#askedAt = performance.now();
      const input = { eventId: purchase.eventId, seatIds: purchase.seatIds, idempotencyKey: purchase.key };
      this.#hold = { id: 'hold', type: 'subscribe', payload: { query: HOLD, variables: { input } } };
      this.#send(this.#hold);
      return await this.#paid.promise;
    } finally {
      this.#socket.close();
    }
  }

  #send(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  #fail(why: Error): void {
    this.#acknowledged.reject(why);
    this.#paid.reject(why);
    this.#paid.promise.catch(() => undefined);
  }

  #receive(message: Message): void {
    const data = message.payload?.data;
    if (message.type === 'connection_ack') this.#acknowledged.resolve();
    else if (message.type === 'ping') this.#send({ type: 'pong' });
    else if (message.type === 'next' && data?.createBooking?.booking) this.#watch(data.createBooking.booking.id);
    else if (message.type === 'next' && data?.bookingChanged) this.#look(data.bookingChanged);
    else if (isBusy(message)) setTimeout(() => this.#again(message.id), RETRY_MS);
    else if (message.type !== 'complete') this.#fail(new Error(`A fan was sent ${JSON.stringify(message)}`));
  }

  /** An overloaded server asks its clients to send the same request once more. */
  #again(id: string | undefined): void {
    if (id === 'hold' && this.#hold) this.#send(this.#hold);
    else if (id === 'watch' && this.#watched) this.#watch(this.#watched);
  }

  #watch(id: string): void {
    this.#watched = id;
    this.#send({ id: 'watch', type: 'subscribe', payload: { query: WATCH, variables: { id } } });
  }

  #look({ status, payment, tickets }: Watched): void {
    if (status === 'PAYMENT_READY' && payment.url && this.#paidAt === 0) {
      this.#paidAt = performance.now();
      this.#pageMs = this.#paidAt - this.#askedAt;
      this.#pay(payment.url).catch((error: Error) => this.#fail(error));
    } else if (status === 'CONFIRMED') {
      const ticketsMs = performance.now() - this.#paidAt;
      this.#paid.resolve({ pageMs: this.#pageMs, ticketsMs, tickets: new Set(tickets.map(({ id }) => id)).size });
    } else if (status !== 'PENDING_PAYMENT' && status !== 'PAYMENT_READY') {
      this.#fail(new Error(`A booking became ${status}.`));
    }
  }

  async #pay(url: string): Promise<void> {
    const body = 'outcome=pay';
    const { status, start } = await this.#pays.send(
      `POST ${new URL(url).pathname} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    if (status !== 200) throw new Error(`The payment page answered ${status}: ${start}`);
  }
}
