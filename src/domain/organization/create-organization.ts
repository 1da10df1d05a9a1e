import { randomUUIDv7 } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { Db, Tx } from '#db/client.ts';
import { inTransaction } from '#db/transaction.ts';
import { InvalidInput, RateLimited, TryAgain } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import type { Actor } from '../viewer.ts';
import { appendAudit } from './audit-statements.ts';
import { NotAllowed } from './errors.ts';
import type { Organization } from './organization-queries.ts';
import { MOST_ORGANIZATIONS, requireCountryCode, requireName } from './organization-rules.ts';
import { insertMember, insertOrganization } from './organization-statements.ts';

export const createOrganizationRefusals = [InvalidInput, NotAllowed, RateLimited, TryAgain] as const;

/** Makes an organization, whose OWNER is the account. Guests and access keys get NotAllowed. */
export async function createOrganization(
  { db }: { db: Db },
  actor: Actor,
  request: { name: string; countryCode: string },
): Promise<Organization> {
  const name = requireName(request.name);
  const countryCode = requireCountryCode(request.countryCode);
  return orTryAgain(
    inTransaction(db, 'createOrganization', async (tx) => {
      const { id: userId } = await lockAccount(tx, actor);
      await refuseTooMany(tx, userId);
      const organization = { id: randomUUIDv7(), name, countryCode };
      await insertOrganization(tx, organization);
      await insertMember(tx, { organizationId: organization.id, userId, role: 'OWNER' });
      await appendAudit(
        tx,
        { actor, role: 'OWNER' },
        {
          organizationId: organization.id,
          operation: 'createOrganization',
          subject: { type: 'Organization', id: organization.id },
          after: { name, countryCode },
        },
      );
      return organization;
    }),
  );
}

/** The account of the caller, under its lock. Throws NotAllowed for a guest and for an access key. */
export async function lockAccount(tx: Tx, actor: Actor): Promise<{ id: string; email: string }> {
  const refusal = new NotAllowed('Only a person with an account can do this. Sign up or sign in first.');
  if (!('userId' in actor)) throw refusal;
  const [account] = await tx.execute<{ id: string; email: string }>(sql`
    select id, email::text as email from users where id = ${actor.userId} and not is_guest for no key update`);
  if (!account) throw refusal;
  return account;
}

/** Call it under the lock of the account. Throws NotAllowed. */
export async function refuseTooMany(tx: Tx, userId: string): Promise<void> {
  const [row] = await tx.execute<{ count: number }>(sql`
    select count(*)::int as count from organization_members where user_id = ${userId}`);
  if (row && row.count >= MOST_ORGANIZATIONS)
    throw new NotAllowed(`An account may belong to at most ${MOST_ORGANIZATIONS} organizations.`);
}
