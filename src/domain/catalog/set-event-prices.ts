import { prepared } from '#db/prepared.ts';
import { isUuid } from '#shared/uuid.ts';
import { NotFound, RateLimited } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import { appendAudit } from '../organization/audit-statements.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Rights } from '../organization/rights.ts';
import type { Actor } from '../viewer.ts';
import type { PriceListInput } from './price-lists/price-list-input.ts';
import { type SetPricesNeeds, setPrices, setPricesRefusals } from './set-prices.ts';

export const setEventPricesRefusals = [...setPricesRefusals, NotAllowed, RateLimited] as const;

type Needs = SetPricesNeeds & { readonly rights: Pick<Rights, 'requireRight'> };

/** Sets the price list of an event of the actor's organization. Throws one of `setEventPricesRefusals`. */
export async function setEventPrices(
  needs: Needs,
  actor: Actor,
  input: PriceListInput & { readonly eventId: string },
): Promise<void> {
  const { eventId } = input;
  const organizationId = isUuid(eventId) ? await orTryAgain(findOwner(needs, eventId)) : undefined;
  if (organizationId === undefined) throw new NotFound('event');
  const asked = { actor, operation: 'Mutation.setPrices', organizationId } as const;
  const role = await orTryAgain(needs.rights.requireRight(asked, 'event'));
  const subject = { type: 'Event', id: eventId };
  const userId = 'userId' in actor ? actor.userId : undefined;
  await setPrices(
    needs,
    {
      userId,
      alsoWrite: (tx, after) =>
        appendAudit(tx, { actor, role }, { organizationId, operation: 'setPrices', subject, after }),
    },
    input,
  );
}

async function findOwner({ db }: Pick<Needs, 'db'>, eventId: string): Promise<string | undefined> {
  const [row] = await prepared<{ organizationId: string }>(
    db,
    `select organization_id as "organizationId" from events where id = $1::uuid`,
    [eventId],
  );
  return row?.organizationId;
}
