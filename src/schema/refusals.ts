import { EmailTaken, RecoveryLinkEnded, SessionEnded, WrongCredentials } from '#domain/account/errors.ts';
import {
  AdmissionRequired,
  EventNotOnSale,
  IdempotencyKeyReused,
  NotCancellable,
  TooManySeats,
} from '#domain/booking/errors.ts';
import { type DomainError, InvalidInput, NotFound, RateLimited, TryAgain } from '#domain/errors.ts';
import { CoolingDown, TooManyPlaces, TooManyUnpaidSeats } from '#domain/hoarding/errors.ts';
import { ChallengeRequired } from '#domain/hoarding/guest-challenge.ts';
import { builder } from './builder.ts';

const RefusalCode = builder.enumType('RefusalCode', {
  description: 'Why the request was refused: one for each refusal type.',
  values: {
    INVALID_INPUT: { description: 'A value can never be accepted.' },
    NOT_FOUND: { description: 'What was named is unknown or not yours.' },
    EMAIL_TAKEN: { description: 'The address has an account.' },
    WRONG_CREDENTIALS: { description: 'The address or the password is wrong.' },
    RECOVERY_LINK_ENDED: { description: 'The recovery link is unknown, was used, or is too old.' },
    SESSION_ENDED: { description: 'The session is over: sign in again.' },
    EVENT_NOT_ON_SALE: { description: 'The event does not sell now.' },
    SEATS_UNAVAILABLE: { description: 'Somebody else has at least one of the seats.' },
    TOO_MANY_SEATS: { description: 'More seats than one booking or one person may have.' },
    TOO_MANY_UNPAID_SEATS: { description: 'The caller, or its network, holds too many seats that are not paid for.' },
    CHALLENGE_REQUIRED: { description: 'A guest has to solve a challenge first.' },
    TOO_MANY_PLACES: { description: 'Too many viewers of the same network have places in the waiting room.' },
    COOLING_DOWN: { description: 'Too many holds of the viewer ended without payment.' },
    ADMISSION_REQUIRED: { description: 'The event has a waiting room.' },
    IDEMPOTENCY_KEY_REUSED: { description: 'The key belongs to another request.' },
    NOT_CANCELLABLE: { description: 'The booking can not be cancelled, or not any more.' },
    RATE_LIMITED: { description: 'Too many requests.' },
    TRY_AGAIN: { description: 'Temporarily too busy.' },
  } as const,
});

const RetryAdvice = builder.enumType('RetryAdvice', {
  description:
    "NEVER: the same request can't succeed. AFTER: wait afterSeconds. SAME_KEY / NEW_KEY: try again with the same / another idempotency key.",
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
    advice: t.field({ type: RetryAdvice, description: 'What to do.', resolve: (retry) => retry.advice }),
    afterSeconds: t.float({
      nullable: true,
      description: 'How long to wait first; set with AFTER, and where waiting helps.',
      resolve: (retry) => ('afterSeconds' in retry ? retry.afterSeconds : null),
    }),
  }),
});

export const Refusal = builder.interfaceRef<DomainError>('Refusal').implement({
  description: 'An expected "no" that the client can act on.',
  fields: (t) => ({
    code: t.field({
      type: RefusalCode,
      description: 'For programs.',
      resolve: (refusal) => refusal.code as (typeof RefusalCode)['$inferType'],
    }),
    message: t.exposeString('message', { description: 'For people, in English.' }),
    retry: t.field({ type: Retry, description: 'What to do next.', resolve: (refusal) => refusal.retry }),
  }),
});

builder.objectType(InvalidInput, {
  name: 'InvalidInput',
  description: 'A value that can never be accepted.',
  interfaces: [Refusal],
  fields: (t) => ({ field: t.exposeString('field', { description: 'The input field that is wrong.' }) }),
});
builder.objectType(EventNotOnSale, {
  name: 'EventNotOnSale',
  description: 'The event does not sell yet, or not any more.',
  interfaces: [Refusal],
  fields: (t) => ({
    opensAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When its sale opens; null when it will not open again.',
      resolve: (refusal) => refusal.opensAt,
    }),
  }),
});
builder.objectType(TooManySeats, {
  name: 'TooManySeats',
  description: 'More seats than one booking, or one person at this event, may have.',
  interfaces: [Refusal],
  fields: (t) => ({ limit: t.exposeInt('limit', { description: 'How many are allowed.' }) }),
});

const UnpaidSeatsOf = builder.enumType('UnpaidSeatsOf', {
  description: 'Whose unpaid seats have a limit.',
  values: {
    VIEWER: { description: "The viewer's, at all events together." },
    ADDRESS_AT_EVENT: { description: 'Those of all viewers of the same network, at this event.' },
    ADDRESS: { description: 'Those of all viewers of the same network, at all events together.' },
  } as const,
});

builder.objectType(TooManyUnpaidSeats, {
  name: 'TooManyUnpaidSeats',
  description:
    'Too many seats are held without payment. Paying or cancelling makes room at once; `retry.afterSeconds` says when to ask again.',
  interfaces: [Refusal],
  fields: (t) => ({
    limit: t.exposeInt('limit', { description: 'How many may be held unpaid at a time.' }),
    of: t.field({ type: UnpaidSeatsOf, description: 'Whose limit it is.', resolve: (refusal) => refusal.of }),
  }),
});

const ChallengeKind = builder.enumType('ChallengeKind', {
  description: 'What a challenge is, and how it is solved.',
  values: {
    PROOF_OF_WORK: { description: 'An ALTCHA challenge (version 2) in JSON, which a program solves.' },
    TURNSTILE: { description: 'The site key of a Cloudflare Turnstile widget, which a person is shown.' },
  } as const,
});

builder.objectType(ChallengeRequired, {
  name: 'ChallengeRequired',
  description: 'A guest has to solve a challenge first, and sends the answer as `challengeAnswer`.',
  interfaces: [Refusal],
  fields: (t) => ({
    kind: t.field({ type: ChallengeKind, description: 'How it is solved.', resolve: (refusal) => refusal.kind }),
    challenge: t.exposeString('challenge', { description: 'What is to be solved, within five minutes.' }),
  }),
});
builder.objectType(TooManyPlaces, {
  name: 'TooManyPlaces',
  description: 'Too many viewers of the same network have places in this waiting room.',
  interfaces: [Refusal],
  fields: (t) => ({ limit: t.exposeInt('limit', { description: 'How many may have places at a time.' }) }),
});

/** The refusals that say nothing beyond code, message and advice. */
const plain = [
  [NotFound, 'NotFound', 'What was named is unknown, or not yours: both look the same.'],
  [EmailTaken, 'EmailTaken', 'This e-mail address has an account.'],
  [WrongCredentials, 'WrongCredentials', 'The e-mail address or the password is wrong; which one is not said.'],
  [
    RecoveryLinkEnded,
    'RecoveryLinkEnded',
    'The link of a mail is unknown, was used, or is too old: ask for another one.',
  ],
  [SessionEnded, 'SessionEnded', 'The refresh token is unknown, expired, or was used before. Sign in again.'],
  [
    CoolingDown,
    'CoolingDown',
    'Several holds of the viewer were cancelled or ended without payment: each further one doubles the wait.',
  ],
  [AdmissionRequired, 'AdmissionRequired', 'The event has a waiting room, and the request came without an admission.'],
  [IdempotencyKeyReused, 'IdempotencyKeyReused', 'The key was used for a different request. Nothing was changed.'],
  [NotCancellable, 'NotCancellable', 'The booking is in a state, or past a time, in which it can not be cancelled.'],
  [RateLimited, 'RateLimited', 'Too many requests: `retry.afterSeconds` says when to come back.'],
  [
    TryAgain,
    'TryAgain',
    'Temporarily too busy. The same idempotency key gets the answer, whether or not this request took effect.',
  ],
] as const;
for (const [refusal, name, description] of plain)
  builder.objectType(refusal, { name, description, interfaces: [Refusal] });
