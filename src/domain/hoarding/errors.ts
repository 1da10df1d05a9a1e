import { DomainError, type RetryAdvice } from '../errors.ts';

/** Which limit on unpaid seats was reached: the viewer's over all events, an address's at one event, or over all. */
export type UnpaidLimit = 'VIEWER' | 'ADDRESS_AT_EVENT' | 'ADDRESS';

const messages: Record<UnpaidLimit, (limit: number) => string> = {
  VIEWER: (limit) =>
    `One person can hold at most ${limit} unpaid seats, at all events together. Pay for a booking or cancel one.`,
  ADDRESS_AT_EVENT: (limit) =>
    `Fans in your network can hold at most ${limit} unpaid seats of this event at a time. Try again when some are paid for.`,
  ADDRESS: (limit) =>
    `Fans in your network can hold at most ${limit} unpaid seats at a time, at all events together. Try again when some are paid for.`,
};

/** Other users of the same network pay, cancel or run out of time at any moment. */
const ADDRESS_RETRY_SECONDS = 10;

export class TooManyUnpaidSeats extends DomainError {
  readonly code = 'TOO_MANY_UNPAID_SEATS';
  readonly retry: RetryAdvice;
  readonly of: UnpaidLimit;
  readonly limit: number;

  constructor({
    of,
    limit,
    afterMs,
    wanted,
  }: { of: UnpaidLimit; limit: number; afterMs?: number | undefined; wanted: number }) {
    super(messages[of](limit));
    this.of = of;
    this.limit = limit;
    const afterSeconds = afterMs === undefined ? ADDRESS_RETRY_SECONDS : Math.max(1, Math.ceil(afterMs / 1000));
    this.retry = wanted > limit ? { advice: 'NEVER' } : { advice: 'SAME_KEY', afterSeconds };
  }
}

/** Places end when fans have bought or left, so it is worth asking again. */
const PLACES_RETRY_SECONDS = 30;

export class TooManyPlaces extends DomainError {
  readonly code = 'TOO_MANY_PLACES';
  readonly retry: RetryAdvice = { advice: 'AFTER', afterSeconds: PLACES_RETRY_SECONDS };
  readonly limit: number;

  constructor(limit: number) {
    super(`${limit} people in your network already have places in this waiting room, so another one cannot join now.`);
    this.limit = limit;
  }
}

export class CoolingDown extends DomainError {
  readonly code = 'COOLING_DOWN';
  readonly retry: RetryAdvice;

  constructor(afterMs: number) {
    const afterSeconds = Math.max(1, Math.ceil(afterMs / 1000));
    super(`Several of your holds ended without payment. You can hold seats again in ${afterSeconds} seconds.`);
    this.retry = { advice: 'SAME_KEY', afterSeconds };
  }
}
