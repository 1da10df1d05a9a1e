import { InvalidInput, NotFound, RateLimited, TryAgain } from '../../errors.ts';
import { NotAllowed } from '../../organization/errors.ts';
import type { Actor } from '../../viewer.ts';
import { type ChangeEventNeeds, changeEvent, requireStatus } from './change-event.ts';

export const pauseSalesRefusals = [InvalidInput, NotFound, NotAllowed, RateLimited, TryAgain] as const;

/**
 * Pauses the sale of an event: once this returns, no process makes a new hold. Holds that exist can be paid. Changes nothing
 * when the sale is paused already. Throws one of `pauseSalesRefusals`.
 */
export const pauseSales = (needs: ChangeEventNeeds, actor: Actor, eventId: string): Promise<void> =>
  setPaused(needs, actor, { eventId, operation: 'Mutation.pauseSales', salesPaused: true });

/** Lets the sale go on. Changes nothing when it is not paused. Throws one of `pauseSalesRefusals`. */
export const resumeSales = (needs: ChangeEventNeeds, actor: Actor, eventId: string): Promise<void> =>
  setPaused(needs, actor, { eventId, operation: 'Mutation.resumeSales', salesPaused: false });

type Pause = {
  readonly eventId: string;
  readonly operation: 'Mutation.pauseSales' | 'Mutation.resumeSales';
  readonly salesPaused: boolean;
};

async function setPaused(needs: ChangeEventNeeds, actor: Actor, { salesPaused, ...asked }: Pause): Promise<void> {
  await changeEvent(needs, actor, asked, (_tx, locked) => {
    requireStatus(locked, ['PUBLISHED', 'POSTPONED', 'ENDED']);
    return { salesPaused };
  });
}
