import { DomainError, type RetryAdvice } from '../errors.ts';
import type { Quote } from '../pricing/quote-rules.ts';

/** The seats that are taken, and up to three adjacent blocks of the same size, nearest first, all at `version`. */
export class SeatsUnavailable extends DomainError {
  readonly code = 'SEATS_UNAVAILABLE';
  readonly retry: RetryAdvice = { advice: 'NEW_KEY' };
  readonly eventId: string;
  readonly seatNos: readonly number[];
  readonly alternatives: readonly (readonly number[])[];
  readonly version: number;

  constructor(details: {
    eventId: string;
    seatNos: readonly number[];
    alternatives: readonly (readonly number[])[];
    version: number;
    message?: string;
  }) {
    const { seatNos, message } = details;
    super(message ?? (seatNos.length === 1 ? 'This seat was just taken.' : 'Some of these seats were just taken.'));
    this.eventId = details.eventId;
    this.seatNos = details.seatNos;
    this.alternatives = details.alternatives;
    this.version = details.version;
  }
}

export class TooManySeats extends DomainError {
  readonly code = 'TOO_MANY_SEATS';
  readonly retry: RetryAdvice = { advice: 'NEVER' };
  readonly limit: number;

  constructor(limit: number, per: 'booking' | 'event') {
    super(
      per === 'booking'
        ? `At most ${limit} seats can be booked at once.`
        : `One person can have at most ${limit} seats at this event.`,
    );
    this.limit = limit;
  }
}

/** The quote of the caller is not the present one, which `quote` is. The same key may be used with its hash. */
export class PriceChanged extends DomainError {
  readonly code = 'PRICE_CHANGED';
  readonly retry: RetryAdvice = { advice: 'SAME_KEY' };
  readonly planId: string;
  readonly quote: Quote;

  constructor(planId: string, quote: Quote) {
    super('The price has changed, and no seat was held. Show the new price, then send its hash.');
    this.planId = planId;
    this.quote = quote;
  }
}

/**
 * The event does not accept this code, or not now. An unknown code, one of another event, one that is over and one that is
 * used up read the same, so that an answer shows no guess to be half right. `value` is the code as it was given.
 */
export class CodeInvalid extends DomainError {
  readonly code = 'CODE_INVALID';
  readonly retry: RetryAdvice = { advice: 'NEVER' };
  readonly value: string;

  constructor(value: string) {
    super('This code is not valid here, or not any more. Nothing was held.');
    this.value = value;
  }
}

/** The choice leaves seats single, with up to three blocks of the same size that do not, nearest first, at `version`. */
export class LeavesSingleSeat extends DomainError {
  readonly code = 'LEAVES_SINGLE_SEAT';
  readonly retry: RetryAdvice = { advice: 'NEW_KEY' };
  readonly eventId: string;
  readonly seatNos: readonly number[];
  readonly alternatives: readonly (readonly number[])[];

  constructor(details: {
    eventId: string;
    seatNos: readonly number[];
    alternatives: readonly (readonly number[])[];
  }) {
    super(
      details.seatNos.length === 1
        ? 'This choice leaves a single seat free beside it. Choose seats that leave none.'
        : 'This choice leaves single seats free beside it. Choose seats that leave none.',
    );
    this.eventId = details.eventId;
    this.seatNos = details.seatNos;
    this.alternatives = details.alternatives;
  }
}

/** Companion seats were chosen without their wheelchair places, which are `placeNos` in the same order. */
export class CompanionWithoutPlace extends DomainError {
  readonly code = 'COMPANION_WITHOUT_PLACE';
  readonly retry: RetryAdvice = { advice: 'NEW_KEY' };
  readonly planId: string;
  readonly seatNos: readonly number[];
  readonly placeNos: readonly number[];

  constructor(planId: string, of: readonly { readonly seatNo: number; readonly placeNo: number }[]) {
    super('A companion seat is sold only together with its wheelchair place.');
    this.planId = planId;
    this.seatNos = of.map(({ seatNo }) => seatNo);
    this.placeNos = of.map(({ placeNo }) => placeNo);
  }
}

export class EventNotOnSale extends DomainError {
  readonly code = 'EVENT_NOT_ON_SALE';
  readonly retry: RetryAdvice;
  readonly opensAt: Date | undefined;

  /** `opens`: when a further attempt may succeed; without `at` the time is not known. */
  constructor(message: string, opens?: { at?: Date; inSeconds: number }) {
    super(message);
    this.opensAt = opens?.at;
    this.retry = opens ? { advice: 'AFTER', afterSeconds: opens.inSeconds } : { advice: 'NEVER' };
  }
}

/** Why an admission is missing, and what to do about it. */
const admissionProblems = {
  MISSING:
    'This event has a waiting room. Join it (joinWaitingRoom). When it is your turn, send this request again with the admission.',
  NOT_VALID:
    'This admission is not valid, or no longer valid, for you, this event and this sign-in. Read your place (waitingRoomPlace) and send this request again with the admission in it.',
  FULL: 'The room is full at the moment. You keep your place at the door. Try again with the same admission.',
  OVER: 'Your turn or your time in the room is over. Join the waiting room again.',
} as const;

/** SAME_KEY: a caller who comes back with an admission may repeat the request. FULL says when. */
export class AdmissionRequired extends DomainError {
  readonly code = 'ADMISSION_REQUIRED';
  readonly retry: RetryAdvice;

  constructor(problem: keyof typeof admissionProblems, afterSeconds?: number) {
    super(admissionProblems[problem]);
    this.retry = { advice: 'SAME_KEY', ...(afterSeconds !== undefined && { afterSeconds }) };
  }
}

export class NotCancellable extends DomainError {
  readonly code = 'NOT_CANCELLABLE';
  readonly retry: RetryAdvice = { advice: 'NEVER' };
}
