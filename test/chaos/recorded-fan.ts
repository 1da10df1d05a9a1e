import {
  type BookingState,
  type HistoryRecord,
  type HoldAnswer,
  instant,
  type Outcome,
  wallToInstant,
} from './history.ts';

export const quoteQuery = `query Quote($eventId: ID!, $lines: [BookingLineInput!]!, $codes: [String!]) { quote(eventId: $eventId, lines: $lines, codes: $codes) { hash total { amountMinor } } }`;

/** The documents that recorded fans send. */
const documents = {
  createBooking: `mutation Hold($input: CreateBookingInput!) { createBooking(input: $input) { __typename
    ... on CreateBookingSuccess { replayed booking { id status total { amountMinor currency } holdExpiresAt seats { seat { seatNo } } } }
    ... on Refusal { code retry { afterSeconds } } ... on SeatsUnavailable { seats { seatNo } } } }`,
  holdBestAvailable: `mutation Best($input: HoldBestAvailableInput!) { createBooking: holdBestAvailable(input: $input) { __typename
    ... on CreateBookingSuccess { replayed booking { id status total { amountMinor currency } holdExpiresAt seats { seat { seatNo } } } }
    ... on Refusal { code retry { afterSeconds } } } }`,
  quote: quoteQuery,
  cancelBooking: `mutation Cancel($input: CancelBookingInput!) { cancelBooking(input: $input) { __typename
    ... on CancelBookingSuccess { booking { id status } } ... on Refusal { code retry { afterSeconds } } } }`,
  booking: `query Booking($id: ID!) { booking(id: $id) { id status payment { status url } } }`,
  bookings: `query Bookings($first: Int!) { viewer { bookings(first: $first) { nodes { id status } pageInfo { hasNextPage } } } }`,
  seatMap: `query SeatMap($eventId: ID!) { seatMap(eventId: $eventId) { version asOf stale statuses } }`,
} as const;

/** What a fan wants to hold. */
export type Wish = {
  /** Empty: the server chooses. */
  readonly seatNos: readonly number[];
  /** So many of the best seats. */
  readonly best?: number;
  /** Places of general admission. */
  readonly places?: { readonly sectionId: string; readonly count: number };
  readonly ticketType?: string;
  readonly codes?: readonly string[];
  /** The quote that the fan agrees to. */
  readonly agreed?: AgreedQuote;
};
export type AgreedQuote = { readonly hash: string; readonly totalMinor: number };

/** What a fan does; a `repeat` is `createBooking` with a key that was sent before. */
export type CallName = keyof typeof documents | 'repeat';
export type Call = { readonly name: CallName; readonly query: string; readonly variables: object };
/** `afterMs`: how long the server asked the fan to wait before the next attempt. */
export type Result = {
  readonly outcome: Outcome;
  readonly code?: string;
  readonly afterMs?: number;
  readonly data?: Record<string, unknown>;
};

export type RecordedFanOptions = {
  /** Sends the call and judges its answer. */
  readonly call: (call: Call) => Promise<Result>;
  readonly write: (record: HistoryRecord) => void;
  /** Raw. */
  readonly userId: () => string;
  /** The length of the list of the fan's bookings. */
  readonly first: number;
};

type EventIds = { readonly eventId: string; readonly planId: string };
export type SeenBooking = {
  readonly status: BookingState;
  readonly paymentStatus: string;
  readonly paymentUrl: string | null;
};

export const rawId = (globalId: string): string => globalId.slice(globalId.indexOf('_') + 1);

/** The calls of the API that a fan makes; each call is written into a history as it happened. */
export class RecordedFan {
  readonly #options: RecordedFanOptions;

  constructor(options: RecordedFanOptions) {
    this.#options = options;
  }

  async hold(request: Wish & { of: EventIds; key: string }, name: 'createBooking' | 'repeat') {
    const { of, seatNos, key, codes, agreed, best } = request;
    const query = best === undefined ? documents.createBooking : documents.holdBestAvailable;
    const input = { ...wantedOf(request), idempotencyKey: key };
    const from = instant();
    const result = await this.#options.call({ name, query, variables: { input } });
    const { outcome, code, afterMs = 0, data } = result;
    const answer = outcome === 'ok' ? holdAnswer(data) : undefined;
    const taken = takenOf(data);
    this.#options.write({
      kind: 'hold',
      ...{ user: this.#options.userId(), key, event: of.eventId, seats: seatNos },
      ...(codes && { codes }),
      ...(agreed && { agreedMinor: agreed.totalMinor }),
      ...timed(from, result),
      ...(answer && { answer }),
      ...(taken && { taken }),
    });
    return { outcome, code, afterMs, answer };
  }

  /** What the wish would cost now; undefined when the API did not say. */
  async quote(wish: Wish & { of: EventIds }): Promise<AgreedQuote | undefined> {
    const variables = {
      eventId: `Event_${wish.of.eventId}`,
      lines: linesOf(wish),
      ...(wish.codes && { codes: wish.codes }),
    };
    const { data } = await this.#options.call({ name: 'quote', query: documents.quote, variables });
    const quote = data?.quote as { hash: string; total: { amountMinor: number } } | undefined;
    return quote && { hash: quote.hash, totalMinor: quote.total.amountMinor };
  }

  async cancel(of: { event: string; seatNos: readonly number[]; booking: string }): Promise<Result> {
    const { event, booking, seatNos: seats } = of;
    const from = instant();
    const variables = { input: { bookingId: `Booking_${booking}` } };
    const result = await this.#options.call({ name: 'cancelBooking', query: documents.cancelBooking, variables });
    this.#options.write({
      kind: 'cancel',
      ...{ user: this.#options.userId(), booking, event, seats },
      ...timed(from, result),
    });
    return result;
  }

  /** Undefined when there was no definite answer, or no such booking. */
  async readBooking(booking: string): Promise<SeenBooking | undefined> {
    const from = instant();
    const variables = { id: `Booking_${booking}` };
    const result = await this.#options.call({ name: 'booking', query: documents.booking, variables });
    const found = result.data?.booking as FoundBooking | null | undefined;
    const bookings =
      result.outcome === 'ok' ? { bookings: found ? [[booking, found.status] as const] : [], hasMore: false } : {};
    const user = this.#options.userId();
    this.#options.write({ kind: 'bookings', user, only: booking, ...timed(from, result), ...bookings });
    if (!found) return undefined;
    return { status: found.status, paymentStatus: found.payment.status, paymentUrl: found.payment.url };
  }

  async readBookings(): Promise<void> {
    const from = instant();
    const variables = { first: this.#options.first };
    const result = await this.#options.call({ name: 'bookings', query: documents.bookings, variables });
    const page = (result.data?.viewer as { bookings: BookingPage } | null | undefined)?.bookings;
    const listed = page && {
      bookings: page.nodes.map(({ id, status }) => [rawId(id), status] as const),
      hasMore: page.pageInfo.hasNextPage,
    };
    this.#options.write({ kind: 'bookings', user: this.#options.userId(), ...timed(from, result), ...listed });
  }

  async readMap(event: string): Promise<void> {
    const from = instant();
    const variables = { eventId: `Event_${event}` };
    const result = await this.#options.call({ name: 'seatMap', query: documents.seatMap, variables });
    const seen = result.data?.seatMap as SeenMap | null | undefined;
    const map = seen && { ...seen, asOf: Date.parse(seen.asOf) + wallToInstant };
    this.#options.write({ kind: 'map', event, ...timed(from, result), ...(map && { map }) });
  }
}

/** The lines of a booking that ask for this wish. */
export function linesOf({ of, seatNos, places, ticketType }: Wish & { of: EventIds }): object[] {
  if (places) return [{ sectionId: `Section_${places.sectionId}`, quantity: places.count, ticketType }];
  return seatNos.map((seatNo) => ({ seatId: `Seat_${of.planId}_${seatNo}`, ticketType }));
}

function wantedOf(wish: Wish & { of: EventIds }): object {
  const { of, seatNos, best, places, ticketType, codes, agreed } = wish;
  const common = { eventId: `Event_${of.eventId}`, ...(codes && { codes }), ...(agreed && { quoteHash: agreed.hash }) };
  if (best !== undefined) return { ...common, quantity: best, ticketType };
  if (places || ticketType) return { ...common, lines: linesOf(wish) };
  return { ...common, seatIds: seatNos.map((seatNo) => `Seat_${of.planId}_${seatNo}`) };
}

type FoundBooking = { status: BookingState; payment: { status: string; url: string | null } };
type BookingPage = { nodes: { id: string; status: BookingState }[]; pageInfo: { hasNextPage: boolean } };
type SeenMap = { version: number; asOf: string; stale: boolean; statuses: string };

const timed = (from: number, { outcome, code }: Result) => ({
  from,
  to: instant(),
  outcome,
  ...(code !== undefined && { code }),
});

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
