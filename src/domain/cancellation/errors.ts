import { DomainError, type RetryAdvice } from '../errors.ts';

/** The event was changed since the preview of its cancellation, or the preview has expired. Nothing was cancelled. */
export class PreviewOutdated extends DomainError {
  readonly code = 'PREVIEW_OUTDATED';
  readonly retry: RetryAdvice = { advice: 'NEVER' };

  constructor() {
    super('The event was changed since this preview, or the preview has expired. Ask for a new preview.');
  }
}
