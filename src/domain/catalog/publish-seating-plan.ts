import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { isUuid } from '#shared/uuid.ts';
import { NotFound, RateLimited, TryAgain } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import { appendAudit } from '../organization/audit-statements.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Rights } from '../organization/rights.ts';
import type { Actor } from '../viewer.ts';
import { findPlan, type PlanRecord } from './plan-queries.ts';
import { touchEventsOfVenue } from './venue-events-statements.ts';

export const publishSeatingPlanRefusals = [NotFound, NotAllowed, RateLimited, TryAgain] as const;

/**
 * Publishes a draft: from then on it is public, events may use it, and it never changes. A published plan stays as it is.
 * Throws NotFound for a plan of another organization.
 */
export async function publishSeatingPlan(
  { db, rights }: { readonly db: Db; readonly rights: Pick<Rights, 'requireRight'> },
  actor: Actor,
  planId: string,
): Promise<PlanRecord> {
  const plan = isUuid(planId) ? await orTryAgain(findPlan({ db }, planId)) : undefined;
  if (!plan) throw new NotFound('seating plan');
  const { organizationId } = plan;
  const asked = { actor, operation: 'Mutation.publishSeatingPlan', organizationId } as const;
  const role = await orTryAgain(rights.requireRight(asked, 'seating plan'));
  return orTryAgain(
    inTransaction(db, 'publishSeatingPlan', async (tx) => {
      await tx.execute(sql`select 1 from venues where id = ${plan.venueId} for no key update`);
      const published = await tx.execute(
        sql`update seating_plans set published_at = now() where id = ${planId} and published_at is null`,
      );
      const after = await findPlan({ db: tx }, planId);
      if (!after) throw new NotFound('seating plan');
      if (published.count === 0) return after;
      await growVenue(tx, after);
      const subject = { type: 'SeatingPlan', id: planId };
      const change = { organizationId, operation: 'publishSeatingPlan', subject, after: { name: after.name } };
      await appendAudit(tx, { actor, role }, change);
      return after;
    }),
  );
}

/** A venue has as many seats as the largest of its plans. Its events show the number, also in the search. */
async function growVenue(tx: Tx, { venueId, seatCount }: PlanRecord): Promise<void> {
  const grown = await tx.execute(
    sql`update venues set capacity = ${seatCount} where id = ${venueId} and capacity < ${seatCount}`,
  );
  if (grown.count > 0) await touchEventsOfVenue(tx, venueId);
}
