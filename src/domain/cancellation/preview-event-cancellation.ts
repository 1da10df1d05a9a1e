import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { type ChangeEventNeeds, requireEventRight, requireStatus } from '../catalog/event-life/change-event.ts';
import type { EventStatus } from '../catalog/event-status-rules.ts';
import { InvalidInput, NotFound, RateLimited, TryAgain } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Actor } from '../viewer.ts';
import { keepPreview, readFigures } from './cancellation-statements.ts';
import type { CancellationFigures } from './figures-rules.ts';

export const previewEventCancellationRefusals = [InvalidInput, NotFound, NotAllowed, RateLimited, TryAgain] as const;

/** The states of events that can be cancelled. */
export const CANCELLABLE: readonly EventStatus[] = ['PUBLISHED', 'POSTPONED'];
const VALID_SECONDS = 900;

export type CancellationPreview = {
  /** `cancelEvent` wants it. */
  readonly token: string;
  readonly figures: CancellationFigures;
  readonly expiresAt: Date;
};

/**
 * What a cancellation of the event would end and pay back now. Changes nothing: the sale goes on. Throws one of
 * `previewEventCancellationRefusals`.
 */
export async function previewEventCancellation(
  { db, rights }: ChangeEventNeeds,
  actor: Actor,
  eventId: string,
): Promise<CancellationPreview> {
  const operation = 'Mutation.previewEventCancellation';
  const { organizationId } = await requireEventRight({ db, rights }, actor, eventId, operation);
  const token = randomUUID();
  return orTryAgain(
    inTransaction(db, 'previewEventCancellation', async (tx) => {
      // Before the figures: a change that comes between the two makes the preview outdated.
      const event = await readEvent(tx, eventId);
      if (event?.organizationId !== organizationId) throw new NotFound('event');
      requireStatus(event, CANCELLABLE);
      const figures = await readFigures(tx, eventId);
      const { revision } = event;
      const expiresAt = await keepPreview(tx, { token, eventId, revision, figures, seconds: VALID_SECONDS });
      return { token, figures, expiresAt };
    }),
  );
}

async function readEvent(tx: Tx, eventId: string) {
  const [event] = await tx.execute<{ organizationId: string; revision: number; status: EventStatus }>(sql`
    select organization_id as "organizationId", revision,
      case when status = 'PUBLISHED' and clock_timestamp() >= coalesce(ends_at, starts_at) then 'ENDED' else status end
        as status
    from events where id = ${eventId}`);
  return event;
}
