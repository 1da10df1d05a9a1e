import type { introspection } from './graphql-env.d.ts';

/** Every refusal of the API; one that is left out or gone is an error of the compiler. */
const refusals: Readonly<Record<introspection['types']['Refusal']['possibleTypes'], true>> = {
  AdmissionRequired: true,
  ChallengeRequired: true,
  CodeInvalid: true,
  CompanionWithoutPlace: true,
  CoolingDown: true,
  EmailTaken: true,
  EventChanged: true,
  EventIncomplete: true,
  EventNotOnSale: true,
  IdempotencyKeyReused: true,
  InvalidInput: true,
  InvalidPrices: true,
  InvalidSeatingPlan: true,
  LastOwner: true,
  LeavesSingleSeat: true,
  NotAllowed: true,
  NotCancellable: true,
  NotFound: true,
  NotRefundable: true,
  PayoutTooLarge: true,
  PreviewOutdated: true,
  PriceChanged: true,
  RateLimited: true,
  RecoveryLinkEnded: true,
  SeatsUnavailable: true,
  SessionEnded: true,
  TooManyPlaces: true,
  TooManySeats: true,
  TooManyUnpaidSeats: true,
  TryAgain: true,
  WrongCredentials: true,
};

/**
 * For the cache, which does not have the schema: without them it reads a refusal of an answer as an object without
 * `code` and `message`.
 */
export const possibleTypes = { Refusal: Object.keys(refusals) };
