import { EmailTaken, RecoveryLinkEnded, SessionEnded, WrongCredentials } from '#domain/account/errors.ts';
import { AdmissionRequired, EventNotOnSale, NotCancellable, TooManySeats } from '#domain/booking/errors.ts';
import {
  type DomainError,
  IdempotencyKeyReused,
  InvalidInput,
  NotFound,
  RateLimited,
  TryAgain,
} from '#domain/errors.ts';
import { CoolingDown, TooManyPlaces, TooManyUnpaidSeats } from '#domain/hoarding/errors.ts';
import { ChallengeRequired } from '#domain/hoarding/guest-challenge.ts';
import { LastOwner, NotAllowed } from '#domain/organization/errors.ts';
import { builder } from './builder.ts';

const RefusalCode = builder.enumType('RefusalCode', {
  description: 'Why the request was refused. Each refusal type has one code.',
  values: {
    INVALID_INPUT: { description: 'A value is invalid and will never be accepted.' },
    NOT_ALLOWED: { description: 'The role of the caller, or the kind of its account, does not allow it.' },
    LAST_OWNER: { description: 'The member is the last owner of the organization.' },
    NOT_FOUND: { description: 'The object does not exist or is not yours.' },
    EMAIL_TAKEN: { description: 'The e-mail address has an account.' },
    WRONG_CREDENTIALS: { description: 'The e-mail address or the password is wrong.' },
    RECOVERY_LINK_ENDED: { description: 'The recovery link is unknown, used or expired.' },
    SESSION_ENDED: { description: 'The session has ended. Sign in again.' },
    EVENT_NOT_ON_SALE: { description: 'The event is not on sale now.' },
    SEATS_UNAVAILABLE: { description: 'At least one of the seats is held, sold or not for sale.' },
    INVALID_SEATING_PLAN: { description: 'The file is not a seating plan, or one that contradicts itself.' },
    LEAVES_SINGLE_SEAT: { description: 'The choice leaves a single free seat, which the event does not accept.' },
    COMPANION_WITHOUT_PLACE: { description: 'A companion seat was chosen without its wheelchair place.' },
    CODE_INVALID: { description: 'The event does not accept the code, or not now.' },
    INVALID_PRICES: { description: 'The price list is not one that fans could pay.' },
    EVENT_CHANGED: { description: 'Another caller saved the event meanwhile.' },
    PAYOUT_TOO_LARGE: { description: 'The payout is more than can be paid out now.' },
    PREVIEW_OUTDATED: { description: 'The event was changed since the preview, or the preview has expired.' },
    EVENT_INCOMPLETE: { description: 'The draft cannot be published yet.' },
    PRICE_CHANGED: { description: 'The price is no longer that of the quote.' },
    TOO_MANY_SEATS: { description: 'More seats than one booking, or one fan at this event, may have.' },
    TOO_MANY_UNPAID_SEATS: { description: 'The viewer, or the network of the caller, holds too many unpaid seats.' },
    CHALLENGE_REQUIRED: { description: 'The guest must solve a challenge first.' },
    TOO_MANY_PLACES: { description: "Too many viewers of the caller's network have places in the waiting room." },
    COOLING_DOWN: { description: 'Too many holds of the viewer ended without payment.' },
    ADMISSION_REQUIRED: {
      description: 'The waiting room of the event is open, and the request has no valid admission.',
    },
    IDEMPOTENCY_KEY_REUSED: { description: 'The idempotency key was used for a different request.' },
    NOT_REFUNDABLE: { description: 'The booking has no such tickets that could be refunded.' },
    NOT_CANCELLABLE: { description: 'The booking cannot be cancelled, or can no longer be cancelled.' },
    RATE_LIMITED: { description: 'The caller sent too many requests.' },
    TRY_AGAIN: { description: 'The service is too busy at the moment.' },
  } as const,
});

const RetryAdvice = builder.enumType('RetryAdvice', {
  description:
    "Whether and how to try again. NEVER: the same request can't succeed. AFTER: wait `afterSeconds`. SAME_KEY / NEW_KEY: try again with the same / another idempotency key.",
  values: {
    NEVER: { description: "The same request can't succeed." },
    AFTER: { description: 'Wait `afterSeconds`, then send the same request.' },
    SAME_KEY: { description: 'Try again with the same idempotency key.' },
    NEW_KEY: { description: 'Try again with another idempotency key.' },
  } as const,
});

const Retry = builder.objectRef<DomainError['retry']>('Retry').implement({
  description: 'Whether and how to try again.',
  fields: (t) => ({
    advice: t.field({
      type: RetryAdvice,
      description: 'Whether and how to try again.',
      resolve: (retry) => retry.advice,
    }),
    afterSeconds: t.float({
      nullable: true,
      description:
        'How many seconds to wait before the next attempt. Set with AFTER, and with other advice when waiting helps.',
      resolve: (retry) => ('afterSeconds' in retry ? retry.afterSeconds : null),
    }),
  }),
});

export const Refusal = builder.interfaceRef<DomainError>('Refusal').implement({
  description: 'An expected "no" that the client can handle.',
  fields: (t) => ({
    code: t.field({
      type: RefusalCode,
      description: 'The reason, for programs.',
      resolve: (refusal) => refusal.code as (typeof RefusalCode)['$inferType'],
    }),
    message: t.exposeString('message', { description: 'The reason, for people, in English.' }),
    retry: t.field({ type: Retry, description: 'What to do next.', resolve: (refusal) => refusal.retry }),
  }),
});

builder.objectType(InvalidInput, {
  name: 'InvalidInput',
  description: 'A value in the input is invalid. The same input will never be accepted.',
  interfaces: [Refusal],
  fields: (t) => ({ field: t.exposeString('field', { description: 'The input field with the invalid value.' }) }),
});
builder.objectType(EventNotOnSale, {
  name: 'EventNotOnSale',
  description: 'The event is not on sale yet, not at the moment, or no longer on sale.',
  interfaces: [Refusal],
  fields: (t) => ({
    opensAt: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'When its sale opens; null when that is not known, as for a paused sale, or when it will not open again.',
      resolve: (refusal) => refusal.opensAt,
    }),
  }),
});
builder.objectType(TooManySeats, {
  name: 'TooManySeats',
  description: 'The request asks for more seats than one booking, or one fan at this event, may have.',
  interfaces: [Refusal],
  fields: (t) => ({ limit: t.exposeInt('limit', { description: 'How many seats are allowed.' }) }),
});

const UnpaidSeatsOf = builder.enumType('UnpaidSeatsOf', {
  description: 'Which unpaid seats a limit counts.',
  values: {
    VIEWER: { description: 'Those of the viewer, at all events together.' },
    ADDRESS_AT_EVENT: { description: 'Those of all viewers of the same network, at this event.' },
    ADDRESS: { description: 'Those of all viewers of the same network, at all events together.' },
  } as const,
});

builder.objectType(TooManyUnpaidSeats, {
  name: 'TooManyUnpaidSeats',
  description:
    'Too many seats are held without payment. Paying for a booking or cancelling one makes room at once; otherwise try again after `retry.afterSeconds`.',
  interfaces: [Refusal],
  fields: (t) => ({
    limit: t.exposeInt('limit', { description: 'How many seats may be held unpaid at a time.' }),
    of: t.field({
      type: UnpaidSeatsOf,
      description: 'Which seats the limit counts.',
      resolve: (refusal) => refusal.of,
    }),
  }),
});

const ChallengeKind = builder.enumType('ChallengeKind', {
  description: 'The kind of a challenge.',
  values: {
    PROOF_OF_WORK: { description: '`challenge` is an ALTCHA challenge (version 2) in JSON. A program solves it.' },
    TURNSTILE: {
      description: '`challenge` is the site key of a Cloudflare Turnstile widget. Show the widget to the guest.',
    },
  } as const,
});

builder.objectType(ChallengeRequired, {
  name: 'ChallengeRequired',
  description: 'The guest must solve a challenge, then sign in again with the solution as `challengeAnswer`.',
  interfaces: [Refusal],
  fields: (t) => ({
    kind: t.field({ type: ChallengeKind, description: 'The kind of challenge.', resolve: (refusal) => refusal.kind }),
    challenge: t.exposeString('challenge', { description: 'The challenge. The guest has five minutes to solve it.' }),
  }),
});
builder.objectType(TooManyPlaces, {
  name: 'TooManyPlaces',
  description: "Too many viewers of the caller's network have places in this waiting room.",
  interfaces: [Refusal],
  fields: (t) => ({
    limit: t.exposeInt('limit', { description: 'How many viewers of one network may have places at a time.' }),
  }),
});

/** The refusals without fields of their own. */
const plain = [
  [NotFound, 'NotFound', 'The object does not exist, or is not yours. The API does not say which.'],
  [
    NotAllowed,
    'NotAllowed',
    'The caller belongs to the organization, but its role is too small; or the operation is not for guests and access keys. For callers outside the organization the object does not exist: NotFound.',
  ],
  [LastOwner, 'LastOwner', 'The member is the last owner of the organization. Make another member an owner first.'],
  [EmailTaken, 'EmailTaken', 'This e-mail address has an account.'],
  [WrongCredentials, 'WrongCredentials', 'The e-mail address or the password is wrong. The API does not say which.'],
  [
    RecoveryLinkEnded,
    'RecoveryLinkEnded',
    'The link from the mail is unknown, used or expired. Ask for a new one with `recoverGuest`.',
  ],
  [SessionEnded, 'SessionEnded', 'The refresh token is unknown, expired or already used. Sign in again.'],
  [
    CoolingDown,
    'CoolingDown',
    'Several holds of the viewer were cancelled or ended without payment. Each further one doubles the wait.',
  ],
  [
    AdmissionRequired,
    'AdmissionRequired',
    'The waiting room of the event is open, and the request has no valid admission. Join the waiting room.',
  ],
  [
    IdempotencyKeyReused,
    'IdempotencyKeyReused',
    'The idempotency key was used for a different request. Nothing was changed.',
  ],
  [
    NotCancellable,
    'NotCancellable',
    'The state of the booking does not allow cancellation, or `cancellableUntil` of the event is over.',
  ],
  [RateLimited, 'RateLimited', 'The caller sent too many requests. Try again after `retry.afterSeconds`.'],
  [
    TryAgain,
    'TryAgain',
    'The service is too busy at the moment. The request may or may not have taken effect; send it again with the same idempotency key to get its result.',
  ],
] as const;
for (const [refusal, name, description] of plain)
  builder.objectType(refusal, { name, description, interfaces: [Refusal] });
