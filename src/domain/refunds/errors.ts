import { DomainError, type RetryAdvice } from '../errors.ts';

/** The booking has no tickets that could be refunded. `ticketIds`: raw ids of those among the wanted ones that are void. */
export class NotRefundable extends DomainError {
  readonly code = 'NOT_REFUNDABLE';
  readonly retry: RetryAdvice = { advice: 'NEVER' };
  readonly ticketIds: readonly string[];

  constructor(message: string, ticketIds: readonly string[] = []) {
    super(message);
    this.ticketIds = ticketIds;
  }
}
