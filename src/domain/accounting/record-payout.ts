import { sql } from 'drizzle-orm';
import type { Db } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { isUuid } from '#shared/uuid.ts';
import { isCurrency } from '../currency-rules.ts';
import { IdempotencyKeyReused, InvalidInput, NotFound, RateLimited, TryAgain } from '../errors.ts';
import { requireIdempotencyKey } from '../idempotency-key-rules.ts';
import { orTryAgain } from '../or-try-again.ts';
import { type Author, appendAudit } from '../organization/audit-statements.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Rights } from '../organization/rights.ts';
import { actorIdOf } from '../organization/standing-queries.ts';
import { requireText } from '../text-rules.ts';
import type { Actor } from '../viewer.ts';
import type { Books, Payout } from './books.ts';
import { PayoutTooLarge } from './errors.ts';

export const recordPayoutRefusals = [
  InvalidInput,
  NotFound,
  NotAllowed,
  PayoutTooLarge,
  IdempotencyKeyReused,
  RateLimited,
  TryAgain,
] as const;

type Needs = {
  readonly db: Db;
  readonly rights: Pick<Rights, 'requireRight'>;
  readonly books: Pick<Books, 'recordPayout'>;
};

export type PayoutInput = {
  readonly organizationId: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** Of the bank transfer. */
  readonly reference: string;
  readonly paidAt: Date;
  readonly idempotencyKey: string;
};

/** The clocks of a bank, of a client and of this process may differ by so much. */
const CLOCKS_DIFFER_MS = 60_000;
/** So that a wrong year is noticed. */
const OLDEST_PAYOUT_MS = 366 * 24 * 3_600_000;

/**
 * Records money that was sent to the organizer by bank. When it returns, the payout is in the journal. The same key with the
 * same request returns the same payout. Throws one of `recordPayoutRefusals`.
 */
export async function recordPayout(needs: Needs, actor: Actor, input: PayoutInput): Promise<{ payout: Payout }> {
  const { organizationId, currency, idempotencyKey } = input;
  if (!isUuid(organizationId)) throw new NotFound('organization');
  const asked = { actor, operation: 'Mutation.recordPayout', organizationId } as const;
  const role = await orTryAgain(needs.rights.requireRight(asked));
  const { amountMinor, reference, paidAt } = checked(input);
  const outcome = await needs.books.recordPayout({
    ...{ organizationId, amountMinor, currency, reference, paidAt, idempotencyKey },
    recordedBy: actorIdOf(actor),
  });
  if (outcome.kind === 'KEY_REUSED') throw new IdempotencyKeyReused();
  if (outcome.kind === 'TOO_LARGE') throw new PayoutTooLarge(outcome.availableMinor, currency);
  await orTryAgain(auditOnce(needs.db, { actor, role }, organizationId, outcome.payout));
  return { payout: outcome.payout };
}

function checked({ amountMinor, currency, reference, paidAt, idempotencyKey }: PayoutInput) {
  requireIdempotencyKey(idempotencyKey);
  if (amountMinor <= 0) throw new InvalidInput('amount.amountMinor', 'A payout must be more than zero.');
  if (!isCurrency(currency))
    throw new InvalidInput('amount.currency', 'This is not a code of ISO 4217 in upper case, such as EUR.');
  const age = Date.now() - paidAt.getTime();
  if (age < -CLOCKS_DIFFER_MS)
    throw new InvalidInput('paidAt', 'A payout is recorded after it was made: this time is in the future.');
  if (age > OLDEST_PAYOUT_MS) throw new InvalidInput('paidAt', 'This time is more than a year ago.');
  return { amountMinor, paidAt, reference: requireText('reference', 'A reference', reference, { atMost: 200 }) };
}

/** The payout itself says who recorded it. When this process is killed before, a repeated request writes the row. */
async function auditOnce(db: Db, author: Author, organizationId: string, payout: Payout): Promise<void> {
  await inTransaction(db, 'recordPayout', async (tx) => {
    const [known] = await tx.execute(sql`
      select from organizer_audit where organization_id = ${organizationId} and operation = 'recordPayout'
        and subject_id = ${payout.id}`);
    if (known) return;
    const { id, amountMinor, currency } = payout;
    await appendAudit(tx, author, {
      ...{ organizationId, operation: 'recordPayout', subject: { type: 'Payout', id } },
      after: { amountMinor, currency, paidAt: payout.paidAt },
    });
  });
}
