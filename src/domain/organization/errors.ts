import { DomainError, type RetryAdvice } from '../errors.ts';

/** For members whose role is too small, and for accounts that may not have what they ask for. Others get NotFound. */
export class NotAllowed extends DomainError {
  readonly code = 'NOT_ALLOWED';
  readonly retry: RetryAdvice = { advice: 'NEVER' };

  constructor(message = 'Your role in this organization does not allow this. Ask an owner of the organization.') {
    super(message);
  }
}

export class LastOwner extends DomainError {
  readonly code = 'LAST_OWNER';
  readonly retry: RetryAdvice = { advice: 'NEVER' };

  constructor() {
    super('This member is the last owner of the organization. Make another member an owner first.');
  }
}
