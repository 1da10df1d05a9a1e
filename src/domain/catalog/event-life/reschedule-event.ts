import { InvalidInput, NotFound, RateLimited, TryAgain } from '../../errors.ts';
import { NotAllowed } from '../../organization/errors.ts';
import type { Actor } from '../../viewer.ts';
import { type ChangeEventNeeds, changeEvent, type EventRow, type LockedEvent, requireStatus } from './change-event.ts';
import { problemsOfTimes } from './event-problems-rules.ts';
import { requireValues } from './event-values-rules.ts';
import { movedWith } from './local-time-rules.ts';

export const rescheduleEventRefusals = [InvalidInput, NotFound, NotAllowed, RateLimited, TryAgain] as const;

export type Rescheduling = {
  readonly eventId: string;
  /** The new start on the clock of the venue. Null: it is not known yet. Undefined is refused: it could mean either. */
  readonly startsAt: string | null | undefined;
  /** Until when buyers may give their tickets back. Null: as before. */
  readonly refundUntil: Date | null;
};

/**
 * Moves a published event to another start, or postpones it. Tickets stay valid; confirmed bookings can be cancelled with a
 * refund until `refundUntil`. Doors, end and the end of the sale move with the start. Changes nothing when the event has this
 * start already. Throws one of `rescheduleEventRefusals`.
 */
export async function rescheduleEvent(needs: ChangeEventNeeds, actor: Actor, asked: Rescheduling): Promise<void> {
  const { eventId } = asked;
  await changeEvent(needs, actor, { eventId, operation: 'Mutation.rescheduleEvent' }, (_tx, locked) => {
    if (asked.startsAt === undefined)
      throw new InvalidInput('startsAt', 'Give the new start, or null when it is not known.');
    requireStatus(locked, ['PUBLISHED', 'POSTPONED']);
    const moved = asked.startsAt === null ? postponed(locked) : movedTo(asked.startsAt, locked);
    return { ...moved, ...refundsUntil(asked.refundUntil, { ...locked, moved }) };
  });
}

/** The start stays stored: it is the last one that fans were told. */
function postponed({ event }: LockedEvent): Partial<EventRow> {
  return event.status === 'POSTPONED' ? {} : { status: 'POSTPONED', previousStartsAt: event.startsAt };
}

function movedTo(text: string, { event, timeZone, now }: LockedEvent): Partial<EventRow> {
  const { startsAt } = requireValues({ startsAt: text }, timeZone);
  if (!startsAt) throw new InvalidInput('startsAt', 'Give the new start.');
  if (event.status === 'PUBLISHED' && startsAt.getTime() === event.startsAt.getTime()) return {};
  if (startsAt <= now) throw new InvalidInput('startsAt', 'The new start must be in the future.');
  const move = { from: event.startsAt, to: startsAt, timeZone };
  const along = (at: Date | null): Date | null => at && movedWith(at, move);
  const moved = {
    startsAt,
    endsAt: along(event.endsAt),
    doorsAt: along(event.doorsAt),
    offSaleAt: movedWith(event.offSaleAt, move),
    accessibleReleaseAt: along(event.accessibleReleaseAt),
  };
  const [problem] = problemsOfTimes({ ...event, ...moved });
  if (problem) throw new InvalidInput('startsAt', `With this start the event would be wrong: ${problem.message}`);
  // A postponed event keeps the start that it had before it was postponed.
  const previousStartsAt = event.status === 'POSTPONED' ? event.previousStartsAt : event.startsAt;
  return { ...moved, status: 'PUBLISHED', previousStartsAt, cancellableUntil: later(event, along) };
}

/** What buyers were promised does not get shorter when an event moves to an earlier date. */
function later({ cancellableUntil }: EventRow, along: (at: Date | null) => Date | null): Date | null {
  const moved = along(cancellableUntil);
  return moved && cancellableUntil && moved > cancellableUntil ? moved : cancellableUntil;
}

function refundsUntil(
  until: Date | null,
  { event, now, moved }: Pick<LockedEvent, 'event' | 'now'> & { readonly moved: Partial<EventRow> },
): Partial<EventRow> {
  const { refundUntil } = requireRefund(until);
  if (!refundUntil || refundUntil.getTime() === event.refundUntil?.getTime()) return {};
  if (refundUntil <= now) throw new InvalidInput('refundUntil', 'Refunds must be possible for some time from now on.');
  if (event.refundUntil && refundUntil < event.refundUntil)
    throw new InvalidInput('refundUntil', 'Buyers were promised refunds for longer.');
  const cancellableUntil = moved.cancellableUntil ?? event.cancellableUntil;
  return {
    refundUntil,
    cancellableUntil: cancellableUntil && cancellableUntil > refundUntil ? cancellableUntil : refundUntil,
  };
}

function requireRefund(until: Date | null): { refundUntil: Date | null } {
  const year = until?.getUTCFullYear() ?? 2000;
  if (year >= 2000 && year < 2200) return { refundUntil: until };
  throw new InvalidInput('refundUntil', 'refundUntil must be between the years 2000 and 2199.');
}
