import { decideAt, type Fan } from '#test/fans/fan.ts';
import type { GraphqlAnswer, Json } from '#test/fans/graphql-http.ts';
import type { SeededEvent } from '#test/support/databases/catalog.ts';
import { type BookingState, type HistoryRecord, instant, type Outcome } from '../history.ts';
import { type Call, type CallName, RecordedFan, type Result, rawId } from '../recorded-fan.ts';

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
  readonly #recorded: RecordedFan;
  readonly #seen = new Set<string>();

  /** @param isBroken a violation was found: fans need not wait any longer */
  constructor(fan: Fan, write: (record: HistoryRecord) => void, isBroken: () => boolean) {
    this.#fan = fan;
    this.#write = write;
    this.#isBroken = isBroken;
    this.#recorded = new RecordedFan({ call: (call) => this.#call(call), write, userId: () => this.userId, first: 50 });
  }

  /** Ids are global where the API returns them, raw in a history. */
  get userId(): string {
    return rawId(this.#fan.userId);
  }

  at(apiUrl: string): RushFan {
    return new RushFan(this.#fan.at(apiUrl), this.#write, this.#isBroken);
  }

  async hold(event: SeededEvent, seats: readonly number[], key: string): Promise<Held | undefined> {
    const { answer } = await this.#recorded.hold({ of: event, seatNos: seats, key }, 'createBooking');
    return answer && { id: answer.booking, event, seats, key, endsAt: answer.expiresAt };
  }

  async cancel({ id, event, seats }: Held): Promise<Outcome> {
    return (await this.#recorded.cancel({ event: event.eventId, seatNos: seats, booking: id })).outcome;
  }

  async look({ id }: Held): Promise<Seen | undefined> {
    const seen = await this.#recorded.readBooking(id);
    if (seen) this.#seen.add(`${id} ${seen.status}`);
    return seen && { status: seen.status, payment: seen.paymentStatus, url: seen.paymentUrl };
  }

  /** Whether the booking was ever shown in this state. */
  saw({ id }: Held, status: BookingState): boolean {
    return this.#seen.has(`${id} ${status}`);
  }

  bookings(): Promise<void> {
    return this.#recorded.readBookings();
  }

  seatMap(event: SeededEvent): Promise<void> {
    return this.#recorded.readMap(event.eventId);
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

  async #call({ name, query, variables }: Call): Promise<Result> {
    return judge(name, await this.#fan.answer(query, variables).catch(() => undefined));
  }
}

export const isGoingBack = ({ payment }: Seen): boolean => payment === 'REFUND_PENDING' || payment === 'REFUNDED';
const refusedUnless = (isOk: boolean): Outcome => (isOk ? 'ok' : 'refused');

const reads: ReadonlySet<CallName> = new Set(['booking', 'bookings', 'seatMap']);

function judge(name: CallName, answer: GraphqlAnswer | undefined): Result {
  return reads.has(name) ? judgeRead(name, answer) : judgeChange(answer);
}

/** A fan without a map or a list has no definite answer. A booking may not exist. */
function judgeRead(name: CallName, answer: GraphqlAnswer | undefined): Result {
  const data: Json = answer?.data;
  const [field] = Object.values(data ?? {});
  const isThere = name === 'booking' ? data && !answer?.errors : field;
  return isThere ? { outcome: 'ok', data } : { outcome: 'unknown' };
}

function judgeChange(answer: GraphqlAnswer | undefined): Result {
  const [result]: Json[] = Object.values(answer?.data ?? {});
  const code = result?.code ?? answer?.errors?.[0]?.extensions?.code;
  if (result && result.code === undefined) return { outcome: 'ok', data: answer?.data };
  const outcome = refusals.has(code) ? 'refused' : 'unknown';
  return { outcome, ...(code && { code }), ...(result && { data: answer?.data }) };
}
