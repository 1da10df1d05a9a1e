import { DomainError, type RetryAdvice } from '../errors.ts';

export class EmailTaken extends DomainError {
  readonly code = 'EMAIL_TAKEN';
  readonly retry: RetryAdvice = { advice: 'NEVER' };

  constructor() {
    super('This e-mail address already has an account. Sign in instead.');
  }
}

/** The same for an unknown address and a wrong password. */
export class WrongCredentials extends DomainError {
  readonly code = 'WRONG_CREDENTIALS';
  readonly retry: RetryAdvice = { advice: 'NEVER' };

  constructor() {
    super('The e-mail address or the password is wrong.');
  }
}

export class SessionEnded extends DomainError {
  readonly code = 'SESSION_ENDED';
  readonly retry: RetryAdvice = { advice: 'NEVER' };

  constructor() {
    super('The session has ended. Sign in again.');
  }
}

export class RecoveryLinkEnded extends DomainError {
  readonly code = 'RECOVERY_LINK_ENDED';
  readonly retry: RetryAdvice = { advice: 'NEVER' };

  constructor() {
    super('This link is unknown, already used or expired. Ask for a new one.');
  }
}
