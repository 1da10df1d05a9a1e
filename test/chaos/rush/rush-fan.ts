import { decodeGlobalId, encodeGlobalId } from '#domain/global-id-rules.ts';
import { decideAt, type Fan } from '#test/fans/fan.ts';
import type { GraphqlAnswer } from '#test/fans/graphql-http.ts';
import type { SeededEvent } from '#test/support/catalog.ts';
import {
  type BookingState,
  type HistoryRecord,
  type HoldRecord,
  instant,
  type Outcome,
  wallToInstant,
} from '../history.ts';

const holdMutation = `mutation ($input: CreateBookingInput!) { createBooking(input: $input) { __typename
  ... on CreateBookingSuccess { replayed booking { id status total { amountMinor currency } holdExpiresAt seats { seat { seatNo } } } }
  ... on Refusal { code } ... on SeatsUnavailable { seats { seatNo } } } }`;
const cancelMutation = `mutation ($input: CancelBookingInput!) { cancelBooking(input: $input) { __typename
  ... on CancelBookingSuccess { booking { id status } } ... on Refusal { code } } }`;
const bookingQuery = 'query ($id: ID!) { booking(id: $id) { id status payment { status url } } }';
const bookingsQuery = '{ viewer { bookings(first: 50) { nodes { id status } pageInfo { hasNextPage } } } }';
const seatMapQuery = 'query ($id: ID!) { seatMap(eventId: $id) { version asOf stale statuses } }';

/** How long a fan waits for the place to pay, and for the result. */
export const READY_WITHIN_MS = 8_000;
const SETTLED_WITHIN_MS = 12_000;

/** Refusals that certainly mean that nothing happened. Every other failure may have had an effect. */
const refusals = new Set([
  'SEATS_UNAVAILABLE',
  'TOO_MANY_SEATS',
  'EVENT_NOT_ON_SALE',
  'IDEMPOTENCY_KEY_REUSED',
  'INVALID_INPUT',
  'NOT_FOUND',
  'NOT_CANCELLABLE',
]);

export type Held = {
  readonly id: string;
  readonly event: SeededEvent;
  readonly seats: readonly number[];
  readonly key: string;
  readonly endsAt: number;
};
export type Seen = { readonly status: BookingState; readonly payment: string; readonly url: string | null };

/** A fan who records every request and answer. */
export class RushFan {
  readonly #fan: Fan;
  readonly #write: (record: HistoryRecord) => void;
  readonly #isBroken: () => boolean;
  readonly #seen = new Set<string>();

  /** @param isBroken a violation was found: fans need not wait any longer */
  constructor(fan: Fan, write: (record: HistoryRecord) => void, isBroken: () => boolean) {
    this.#fan = fan;
    this.#write = write;
    this.#isBroken = isBroken;
  }

  /** Ids are global where the API returns them, raw in a history. */
  get userId(): string {
    return rawId(this.#fan.userId);
  }

  at(apiUrl: string): RushFan {
    return new RushFan(this.#fan.at(apiUrl), this.#write, this.#isBroken);
  }

  async hold(event: SeededEvent, seats: readonly number[], key: string): Promise<Held | undefined> {
    const from = instant();
    const seatIds = event.seatIds(...seats).map((id) => encodeGlobalId('Seat', id));
    const input = { eventId: encodeGlobalId('Event', event.eventId), seatIds, idempotencyKey: key };
    const answer = await this.#ask(holdMutation, { input });
    const result = answer?.data?.createBooking;
    const base = { kind: 'hold', user: this.userId, key, event: event.eventId, seats, from, to: instant() } as const;
    if (result?.__typename !== 'CreateBookingSuccess') {
      this.#write({ ...base, ...outcomeOf(answer, result) });
      return undefined;
    }
    const record: HoldRecord & { answer: object } = { ...base, outcome: 'ok', answer: answerOf(result) };
    this.#write(record);
    const id = record.answer.booking;
    return { id, event, seats, key, endsAt: record.answer.expiresAt };
  }

  async cancel({ id, event, seats }: Held): Promise<Outcome> {
    const from = instant();
    const answer = await this.#ask(cancelMutation, { input: { bookingId: encodeGlobalId('Booking', id) } });
    const result = answer?.data?.cancelBooking;
    const outcome = outcomeOf(answer, result);
    this.#write({
      kind: 'cancel',
      user: this.userId,
      booking: id,
      event: event.eventId,
      seats,
      from,
      to: instant(),
      ...outcome,
    });
    return outcome.outcome;
  }

  async look({ id }: Held): Promise<Seen | undefined> {
    const from = instant();
    const answer = await this.#ask(bookingQuery, { id: encodeGlobalId('Booking', id) });
    const booking = answer?.data?.booking;
    const base = { kind: 'bookings', user: this.userId, only: id, from, to: instant() } as const;
    if (!answer?.data || answer.errors) {
      this.#write({ ...base, outcome: 'unknown' });
      return undefined;
    }
    const bookings = booking ? [[id, booking.status] as const] : [];
    if (booking) this.#seen.add(`${id} ${booking.status}`);
    this.#write({ ...base, outcome: 'ok', bookings, hasMore: false });
    return booking && { status: booking.status, payment: booking.payment.status, url: booking.payment.url };
  }

  /** Whether the booking was ever shown in this state. */
  saw({ id }: Held, status: BookingState): boolean {
    return this.#seen.has(`${id} ${status}`);
  }

  async bookings(): Promise<void> {
    const from = instant();
    const answer = await this.#ask(bookingsQuery, {});
    const page = answer?.data?.viewer?.bookings;
    const base = { kind: 'bookings', user: this.userId, from, to: instant() } as const;
    if (!page) return this.#write({ ...base, outcome: 'unknown' });
    const bookings = page.nodes.map((node: { id: string; status: BookingState }) => [rawId(node.id), node.status]);
    this.#write({ ...base, outcome: 'ok', bookings, hasMore: page.pageInfo.hasNextPage });
  }

  async seatMap(event: SeededEvent): Promise<void> {
    const from = instant();
    const answer = await this.#ask(seatMapQuery, { id: encodeGlobalId('Event', event.eventId) });
    const map = answer?.data?.seatMap;
    const base = { kind: 'map', event: event.eventId, from, to: instant() } as const;
    if (!map) return this.#write({ ...base, outcome: 'unknown' });
    this.#write({ ...base, outcome: 'ok', map: { version: map.version, statuses: map.statuses, stale: map.stale } });
  }

  /** Requests the booking until it fits the condition, or until the time is over. */
  async when(held: Held, wanted: (seen: Seen) => boolean, withinMs: number): Promise<Seen | undefined> {
    const deadline = instant() + withinMs;
    for (;;) {
      const seen = await this.look(held);
      if (seen && wanted(seen)) return seen;
      if (instant() > deadline || this.#isBroken()) return undefined;
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
  }

  /** Pays or declines as soon as there is a page, or after `whenReady`, and waits for the result. */
  async decide(held: Held, outcome: 'pay' | 'decline', whenReady = async () => {}): Promise<Seen | undefined> {
    const ready = await this.when(held, ({ url }) => url !== null, READY_WITHIN_MS);
    if (!ready?.url) return undefined;
    await whenReady();
    const { id, event, seats } = held;
    const from = instant();
    const base = { user: this.userId, booking: id, event: event.eventId, seats, from };
    await decideAt(ready.url, outcome).catch(() => undefined);
    const isOver = (seen: Seen) => seen.status === 'CONFIRMED' || seen.status === 'FAILED' || isGoingBack(seen);
    const seen = await this.when(held, isOver, SETTLED_WITHIN_MS);
    const wanted = outcome === 'pay' ? 'CONFIRMED' : 'FAILED';
    const known = seen && isOver(seen) ? refusedUnless(seen.status === wanted) : 'unknown';
    this.#write({ ...base, kind: outcome === 'pay' ? 'confirm' : 'fail', outcome: known, to: instant() });
    return seen;
  }

  #ask(query: string, variables: object): Promise<GraphqlAnswer | undefined> {
    return this.#fan.answer(query, variables).catch(() => undefined);
  }
}

export const isGoingBack = ({ payment }: Seen): boolean => payment === 'REFUND_PENDING' || payment === 'REFUNDED';
const refusedUnless = (isOk: boolean): Outcome => (isOk ? 'ok' : 'refused');

const rawId = (globalId: string): string => decodeGlobalId(globalId)?.id ?? globalId;

// biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
type Json = any;

function outcomeOf(answer: GraphqlAnswer | undefined, result: Json): { outcome: Outcome; code?: string } {
  const code = result?.code ?? answer?.errors?.[0]?.extensions?.code;
  if (result && result.code === undefined) return { outcome: 'ok' };
  return { outcome: refusals.has(code) ? 'refused' : 'unknown', ...(code && { code }) };
}

function answerOf({ booking, replayed }: Json) {
  return {
    booking: rawId(booking.id),
    replayed,
    status: booking.status,
    seats: booking.seats.map(({ seat }: Json) => seat.seatNo),
    totalMinor: booking.total.amountMinor,
    currency: booking.total.currency,
    expiresAt: Date.parse(booking.holdExpiresAt) + wallToInstant,
  };
}
