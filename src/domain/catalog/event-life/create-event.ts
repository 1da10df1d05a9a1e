import { randomUUIDv7 } from 'node:crypto';
import { inTransaction } from '#db/transaction.ts';
import { isUuid } from '#shared/uuid.ts';
import { IdempotencyKeyReused, InvalidInput, NotFound, RateLimited, TryAgain } from '../../errors.ts';
import { orTryAgain } from '../../or-try-again.ts';
import { NotAllowed } from '../../organization/errors.ts';
import type { Actor } from '../../viewer.ts';
import type { ChangeEventNeeds } from './change-event.ts';
import { type EventInput, type EventValues, requireValues } from './event-values-rules.ts';
import { insertDrafts, makeOnce } from './make-events-statements.ts';
import { requireImage, requirePlace } from './plan-statements.ts';

export const createEventRefusals = [
  InvalidInput,
  NotFound,
  NotAllowed,
  IdempotencyKeyReused,
  RateLimited,
  TryAgain,
] as const;

export type NewEvent = EventInput & {
  readonly organizationId: string;
  readonly idempotencyKey: string | undefined;
};

/**
 * Makes a draft of the organization and returns its raw id. With a key, the same request returns the same draft. Throws one of
 * `createEventRefusals`.
 */
export async function createEvent(
  { db, rights }: ChangeEventNeeds,
  actor: Actor,
  { organizationId, idempotencyKey, ...input }: NewEvent,
): Promise<string> {
  if (!isUuid(organizationId)) throw new NotFound('organization');
  const role = await orTryAgain(rights.requireRight({ actor, operation: 'Mutation.createEvent', organizationId }));
  const { venueId, seatingPlanId: planId } = input;
  if (!isUuid(venueId)) throw new NotFound('venue');
  if (!isUuid(planId)) throw new NotFound('seating plan');
  const id = randomUUIDv7();
  const [made = id] = await orTryAgain(
    inTransaction(db, 'createEvent', async (tx) => {
      const { timeZone } = await requirePlace(tx, { organizationId, venueId, planId });
      // Each field of the input is given, so each value is there.
      const values = requireValues(input, timeZone) as EventValues;
      const request = { organizationId, idempotencyKey, wanted: { createEvent: input } };
      const make = async () => {
        await requireImage(tx, { organizationId, ...input });
        await insertDrafts(
          tx,
          { actor, role },
          { drafts: [{ id, organizationId, ...values }], operation: 'createEvent' },
        );
      };
      return makeOnce(tx, request, { eventIds: [id], make });
    }),
  );
  return made;
}
