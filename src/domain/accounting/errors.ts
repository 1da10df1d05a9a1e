import { formatMoney } from '../currency-rules.ts';
import { DomainError, type RetryAdvice } from '../errors.ts';

/** More than can be paid out to the organizer now. Nothing was recorded. */
export class PayoutTooLarge extends DomainError {
  readonly code = 'PAYOUT_TOO_LARGE';
  readonly retry: RetryAdvice = { advice: 'NEW_KEY' };
  readonly availableMinor: number;
  readonly currency: string;

  constructor(availableMinor: number, currency: string) {
    super(`Only ${formatMoney(availableMinor, currency)} can be paid out now. Nothing was recorded.`);
    this.availableMinor = availableMinor;
    this.currency = currency;
  }
}
