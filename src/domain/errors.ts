/** What the caller may do after a refusal. `afterSeconds` is set with AFTER, and when waiting helps. */
export type RetryAdvice =
  | { readonly advice: 'NEVER' | 'NEW_KEY' }
  | { readonly advice: 'AFTER'; readonly afterSeconds: number }
  | { readonly advice: 'SAME_KEY'; readonly afterSeconds?: number };

/** A refusal: an expected "no" that the client can act on. Any other error is a bug or an outage and is masked. */
export abstract class DomainError extends Error {
  abstract readonly code: string;
  abstract readonly retry: RetryAdvice;
}

/** `field` is the name of the input field or argument, in GraphQL's spelling. */
export class InvalidInput extends DomainError {
  readonly code = 'INVALID_INPUT';
  readonly retry = { advice: 'NEVER' } as const;
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/** An unknown record and another viewer's record look the same. */
export class NotFound extends DomainError {
  readonly code = 'NOT_FOUND';
  readonly retry = { advice: 'NEVER' } as const;

  constructor(what: string) {
    super(`There is no such ${what}.`);
  }
}

export class RateLimited extends DomainError {
  readonly code = 'RATE_LIMITED';
  readonly retry: RetryAdvice;

  constructor(afterSeconds: number, message = 'Too many requests. Try again later.') {
    super(message);
    this.retry = { advice: 'AFTER', afterSeconds };
  }
}

type Reason = { readonly message?: string; readonly cause?: unknown };

/** Too busy, or a part is away. The request may or may not have taken effect; the same key returns its result. */
export class TryAgain extends DomainError {
  readonly code = 'TRY_AGAIN';
  readonly retry: RetryAdvice;

  /** `cause`: the error of the part that is away, for the log. */
  constructor(
    afterSeconds: number,
    { message = 'The service is too busy at the moment. Try again with the same idempotency key.', cause }: Reason = {},
  ) {
    super(message, { cause });
    this.retry = { advice: 'SAME_KEY', afterSeconds };
  }
}

export class IdempotencyKeyReused extends DomainError {
  readonly code = 'IDEMPOTENCY_KEY_REUSED';
  readonly retry: RetryAdvice = { advice: 'NEW_KEY' };

  constructor() {
    super('This idempotency key was used for a different request. Nothing was changed.');
  }
}
