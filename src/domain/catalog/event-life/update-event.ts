import type { Tx } from '#db/client.ts';
import { InvalidInput, NotFound, RateLimited, TryAgain } from '../../errors.ts';
import { NotAllowed } from '../../organization/errors.ts';
import type { Actor } from '../../viewer.ts';
import {
  type ChangeEventNeeds,
  changeEvent,
  differences,
  type EventRow,
  type LockedEvent,
  requireStatus,
} from './change-event.ts';
import { EventChanged } from './errors.ts';
import { type EventProblem, problemsOfOffer, problemsOfTimes } from './event-problems-rules.ts';
import { type EventInput, type EventValues, fieldOf, requireValues } from './event-values-rules.ts';
import { inOtherZone } from './local-time-rules.ts';
import { readOffer, removePrices, requireImage, requirePlace, takeSeatsOfPlan } from './plan-statements.ts';

export const updateEventRefusals = [EventChanged, InvalidInput, NotFound, NotAllowed, RateLimited, TryAgain] as const;

export type EventUpdate = Partial<EventInput> & {
  readonly eventId: string;
  /** The revision of the event that the caller has read. */
  readonly revision: number;
};

type Needs = ChangeEventNeeds & { readonly writer: { readonly policy: { readonly maxSeatsPerBooking: number } } };

/**
 * Changes a draft, or what may change of a published event. What is left out stays. A repeated request finds its values saved
 * and changes nothing. Throws one of `updateEventRefusals`; EventChanged when another caller saved meanwhile.
 */
export async function updateEvent(
  needs: Needs,
  actor: Actor,
  { eventId, revision, ...given }: EventUpdate,
): Promise<void> {
  await changeEvent(needs, actor, { eventId, operation: 'Mutation.updateEvent' }, async (tx, locked) => {
    const wanted = await valuesFor(tx, locked, given);
    const changed = differences(locked.event, wanted).after;
    if (Object.keys(changed).length === 0) return {};
    if (locked.event.revision !== revision) throw new EventChanged(eventId);
    requireStatus(locked, ['DRAFT', 'PUBLISHED', 'POSTPONED']);
    if (locked.status === 'DRAFT') await replan(tx, locked.event, changed);
    else await refuseBrokenPromises(tx, needs, { locked, changed });
    return changed;
  });
}

/** The times that a draft keeps stay what the clock shows, when it goes to a venue of another zone. */
async function valuesFor(tx: Tx, { event, timeZone }: LockedEvent, given: Partial<EventInput>) {
  const { venueId = event.venueId, seatingPlanId: planId = event.planId } = given;
  const isMoved = venueId !== event.venueId || planId !== event.planId;
  const place = isMoved
    ? await requirePlace(tx, { organizationId: event.organizationId, venueId, planId })
    : { timeZone };
  const values = requireValues(given, place.timeZone);
  await requireImage(tx, { organizationId: event.organizationId, ...values });
  if (place.timeZone === timeZone) return values;
  const zones = { from: timeZone, to: place.timeZone };
  const kept = (at: Date | null) => at && inOtherZone(at, zones);
  return {
    startsAt: inOtherZone(event.startsAt, zones),
    endsAt: kept(event.endsAt),
    doorsAt: kept(event.doorsAt),
    ...values,
  };
}

async function replan(tx: Tx, event: EventRow, { planId, currency }: Partial<EventRow>): Promise<void> {
  if (planId !== undefined) await takeSeatsOfPlan(tx, event.id, { planId });
  if (planId !== undefined || currency !== undefined) await removePrices(tx, event.id);
}

/** What fans have read and planned with. */
const FIXED: Readonly<Partial<Record<keyof EventValues, string>>> = {
  venueId: 'The venue of a published event cannot change.',
  planId: 'The seating plan of a published event cannot change.',
  currency: 'The currency of a published event cannot change.',
  startsAt: 'A published event gets another start with rescheduleEvent, which tells its buyers.',
};

async function refuseBrokenPromises(
  tx: Tx,
  { writer }: Pick<Needs, 'writer'>,
  { locked: { event, now }, changed }: { locked: LockedEvent; changed: Partial<EventRow> },
): Promise<void> {
  for (const [name, message] of Object.entries(FIXED))
    if (name in changed) throw new InvalidInput(fieldOf(name), message);
  if (changed.onSaleAt && event.onSaleAt <= now)
    throw new InvalidInput('onSaleAt', 'The sale has opened. Use pauseSales to stop it.');
  const { cancellableUntil } = changed;
  if (cancellableUntil !== undefined && event.cancellableUntil && !isLater(cancellableUntil, event.cancellableUntil))
    throw new InvalidInput('cancellableUntil', 'Buyers were promised that they can cancel for longer.');
  const after = { ...event, ...changed };
  refuse(problemsOfTimes(after), changed);
  if (!('seatsPerBooking' in changed)) return;
  const seatsPerBooking = after.seatsPerBooking ?? writer.policy.maxSeatsPerBooking;
  const offer = await readOffer(tx, { eventId: event.id, currency: event.currency, seatsPerBooking });
  const [problem] = problemsOfOffer(offer);
  if (problem)
    throw new InvalidInput('seatsPerBooking', `A booking of so many seats cannot be paid: ${problem.message}`);
}

const isLater = (one: Date | null, other: Date): boolean => one !== null && one >= other;

/** A problem between two fields is named by the one that the caller changed. */
function refuse([problem]: readonly EventProblem[], changed: Partial<EventRow>): void {
  if (!problem) return;
  const [first = problem.field] = Object.keys(changed);
  throw new InvalidInput(problem.field in changed ? problem.field : fieldOf(first), problem.message);
}
