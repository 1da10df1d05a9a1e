import { DomainError, type RetryAdvice } from '../../errors.ts';
import type { EventProblem } from './event-problems-rules.ts';

/** The event was saved by another caller since the caller read it. Nothing was changed. */
export class EventChanged extends DomainError {
  readonly code = 'EVENT_CHANGED';
  readonly retry: RetryAdvice = { advice: 'NEVER' };
  /** Its raw id. */
  readonly eventId: string;

  constructor(eventId: string) {
    super('The event was changed meanwhile. Compare it with your changes, then save them with its present revision.');
    this.eventId = eventId;
  }
}

/** The draft cannot be published yet. `problems` has everything that is missing. */
export class EventIncomplete extends DomainError {
  readonly code = 'EVENT_INCOMPLETE';
  readonly retry: RetryAdvice = { advice: 'NEVER' };
  readonly problems: readonly EventProblem[];

  constructor(problems: readonly EventProblem[]) {
    super('The event was not published. Correct its problems and publish it again.');
    this.problems = problems;
  }
}
