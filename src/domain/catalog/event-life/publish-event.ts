import { InvalidInput, NotFound, RateLimited, TryAgain } from '../../errors.ts';
import { NotAllowed } from '../../organization/errors.ts';
import type { Actor } from '../../viewer.ts';
import { type ChangeEventNeeds, changeEvent, requireStatus } from './change-event.ts';
import { EventIncomplete } from './errors.ts';
import { problemsOfDraft } from './event-problems-rules.ts';
import { readOffer, readPlan, takeSeatsOfPlan } from './plan-statements.ts';

export const publishEventRefusals = [
  EventIncomplete,
  InvalidInput,
  NotFound,
  NotAllowed,
  RateLimited,
  TryAgain,
] as const;

type Needs = ChangeEventNeeds & { readonly writer: { readonly policy: { readonly maxSeatsPerBooking: number } } };

/**
 * Publishes a draft. Changes nothing when the event is published already. Throws one of `publishEventRefusals`;
 * EventIncomplete with everything that is missing.
 */
export async function publishEvent(needs: Needs, actor: Actor, eventId: string): Promise<void> {
  await changeEvent(needs, actor, { eventId, operation: 'Mutation.publishEvent' }, async (tx, locked) => {
    const { event, now } = locked;
    if (event.status === 'PUBLISHED') return {};
    requireStatus(locked, ['DRAFT']);
    const { planId, currency } = event;
    const seatsPerBooking = event.seatsPerBooking ?? needs.writer.policy.maxSeatsPerBooking;
    const plan = await readPlan(tx, planId);
    const offer = await readOffer(tx, { eventId, currency, seatsPerBooking });
    const problems = problemsOfDraft(event, { now, plan, offer });
    if (problems.length > 0) throw new EventIncomplete(problems);
    // A plan that was a draft itself may have got other seats since.
    await takeSeatsOfPlan(tx, eventId, { planId });
    return { status: 'PUBLISHED' };
  });
}
