import { randomUUIDv7 } from 'node:crypto';
import type { Db, Tx } from '#db/client.ts';
import { appendToOutbox } from '#db/outbox.ts';
import { prepared } from '#db/prepared.ts';
import { inTransaction } from '#db/transaction.ts';
import { isUuid } from '#shared/uuid.ts';
import { DomainError, InvalidInput, NotFound, type RetryAdvice, TryAgain } from '../errors.ts';
import { orTryAgain } from '../or-try-again.ts';
import { findGateway } from '../pricing/payment-gateway.ts';
import type { PriceList } from '../pricing/price-list.ts';
import { putPriceLists } from '../pricing/price-list-statements.ts';
import { firstProblems, type PriceListInput, type PriceProblem } from './price-lists/price-list-input.ts';
import { checkPrices } from './price-lists/price-list-rules.ts';
import type { SeatingPlanCache } from './seating-plan-cache.ts';

/** The price list is not one that fans could pay. Nothing of it was set. */
export class InvalidPrices extends DomainError {
  readonly code = 'INVALID_PRICES';
  readonly retry: RetryAdvice = { advice: 'NEVER' };
  readonly problems: readonly PriceProblem[];

  constructor(problems: readonly PriceProblem[]) {
    super('The price list was not set. Correct its problems and send it again.');
    this.problems = firstProblems(problems);
  }
}

export const setPricesRefusals = [InvalidPrices, InvalidInput, NotFound, TryAgain] as const;

export type SetPricesNeeds = {
  readonly db: Db;
  readonly plans: SeatingPlanCache;
  readonly writer: { readonly policy: { readonly maxSeatsPerBooking: number } };
};

/** Who sets the prices. Whether the author may is for the caller to check. */
export type PricesAuthor = {
  /** Undefined for a server with an access key. */
  readonly userId: string | undefined;
  /** Writes what else belongs into the transaction. */
  readonly alsoWrite?: (tx: Tx, made: { priceListId: string; list: PriceList }) => Promise<void>;
};

type PricedEvent = { planId: string; currency: string; status: string; seatsPerBooking: number | null };

/**
 * Sets the whole price list of an event, at once for every later quote and hold. Live holds keep theirs. Returns the id of the
 * list. Throws one of `setPricesRefusals`; InvalidPrices has all problems.
 */
export async function setPrices(
  needs: SetPricesNeeds,
  author: PricesAuthor,
  { eventId, ...input }: PriceListInput & { readonly eventId: string },
): Promise<{ priceListId: string }> {
  if (!isUuid(eventId)) throw new NotFound('event');
  const event = await orTryAgain(findEvent(needs.db, eventId));
  if (!event) throw new NotFound('event');
  if (event.status === 'CANCELLED') throw new InvalidInput('eventId', 'The event is cancelled.');
  const [plan, gateway] = await orTryAgain(Promise.all([needs.plans.get(event.planId), findGateway(needs.db.$client)]));
  const seatsPerBooking = event.seatsPerBooking ?? needs.writer.policy.maxSeatsPerBooking;
  const checked = checkPrices(input, { plan, gateway, currency: event.currency, seatsPerBooking });
  if (checked.problems) throw new InvalidPrices(checked.problems);
  const priceListId = randomUUIDv7();
  await orTryAgain(
    inTransaction(needs.db, 'setPrices', async (tx) => {
      await put(tx, { ...checked, id: priceListId, eventId, madeBy: author.userId, checkedFor: event });
      await author.alsoWrite?.(tx, { priceListId, list: checked.list });
    }),
  );
  return { priceListId };
}

type Checked = {
  readonly id: string;
  readonly eventId: string;
  readonly list: PriceList;
  readonly seatLevels: Uint8Array;
  readonly madeBy: string | undefined;
  readonly checkedFor: PricedEvent;
};

/** What the list was checked against. */
const TERMS = ['planId', 'currency', 'seatsPerBooking'] as const;

/** Behind the event's lock: every hold before it has the old prices, and every hold after it the new ones. */
async function put(tx: Tx, { checkedFor, ...list }: Checked): Promise<void> {
  const { eventId } = list;
  await prepared(tx, 'select 1 from seat_inventories where event_id = $1::uuid for update', [eventId]);
  const [now] = await prepared<PricedEvent & { updatedVersion: number }>(
    tx,
    `update events set updated_version = updated_version + 1, updated_at = now() where id = $1::uuid
     returning plan_id as "planId", currency, status, seats_per_booking as "seatsPerBooking",
       updated_version::float8 as "updatedVersion"`,
    [eventId],
  );
  if (!now || TERMS.some((term) => now[term] !== checkedFor[term])) throw new TryAgain(1);
  await putPriceLists((text, params) => prepared(tx, text, params), [{ ...list, tierId: () => randomUUIDv7() }]);
  if (now.status === 'DRAFT') return;
  const { updatedVersion } = now;
  await appendToOutbox(tx, [{ type: 'EventChanged', aggregateId: eventId, eventId, updatedVersion }]);
}

async function findEvent(db: Db, eventId: string): Promise<PricedEvent | undefined> {
  const [row] = await prepared<PricedEvent>(
    db,
    `select plan_id as "planId", currency, status, seats_per_booking as "seatsPerBooking" from events where id = $1::uuid`,
    [eventId],
  );
  return row;
}
