import { randomUUIDv7 } from 'node:crypto';
import type { Db, Tx } from '#db/client.ts';
import { prepared } from '#db/prepared.ts';
import { inTransaction } from '#db/transaction.ts';
import { problemsAtGateway } from '../catalog/price-lists/gateway-price-rules.ts';
import { InvalidInput, NotFound, RateLimited, TryAgain } from '../errors.ts';
import { givenCode, newCode, requireCode } from '../inventory/code-texts-rules.ts';
import type { InventoryPolicy } from '../inventory/inventory-state.ts';
import { orTryAgain } from '../or-try-again.ts';
import { appendAudit } from '../organization/audit-statements.ts';
import { NotAllowed } from '../organization/errors.ts';
import type { Rights } from '../organization/rights.ts';
import { findGateway } from '../pricing/payment-gateway.ts';
import { readPercent } from '../pricing/percent-rules.ts';
import type { Code } from '../pricing/price-list.ts';
import { findPrices, type PriceLists } from '../pricing/price-lists.ts';
import type { Prices } from '../pricing/quote-rules.ts';
import type { Actor } from '../viewer.ts';
import { listAllocations } from './allocation-queries.ts';
import { type OrganizerEvent, requireOrganizerEvent } from './organizer-event-queries.ts';

export const createCodesRefusals = [InvalidInput, NotFound, NotAllowed, RateLimited, TryAgain] as const;

export type CreateCodesNeeds = {
  readonly db: Db;
  readonly priceLists: PriceLists;
  readonly rights: Pick<Rights, 'requireRight'>;
  readonly writer: { readonly policy: Pick<InventoryPolicy, 'maxSeatsPerBooking'> };
};

export type CreateCodesInput = {
  readonly eventId: string;
  /** How many to make; or `codes`, the codes themselves. */
  readonly count?: number | undefined;
  readonly codes?: readonly string[] | undefined;
  /** Names of allocations, and keys of ticket types that need a code. */
  readonly opens: readonly string[];
  /** Off each face price; at most one of the two. A percentage is a decimal text. */
  readonly discountPercent?: string | undefined;
  readonly discountMinor?: number | undefined;
  readonly usesPerCode: number;
  readonly validFrom?: Date | undefined;
  readonly validUntil?: Date | undefined;
};

const MOST = 1_000;
const MOST_USES = 1_000_000;
const MOST_OPENED = 50;

/**
 * Makes codes for an event, all or none. Returns them: only their hashes are kept, so they cannot be read again. Throws
 * one of `createCodesRefusals`.
 */
export async function createCodes(
  needs: CreateCodesNeeds,
  actor: Actor,
  input: CreateCodesInput,
): Promise<{ eventId: string; codes: readonly string[] }> {
  const { eventId } = input;
  const asked = { eventId, operation: 'Mutation.createCodes' } as const;
  const { event, author } = await requireOrganizerEvent(needs, actor, asked);
  if (event.status === 'CANCELLED') throw new InvalidInput('eventId', 'The event is cancelled.');
  const texts = textsOf(input);
  checkTerms(input);
  await orTryAgain(checkAtEvent(needs, event, input));
  const { codes: _texts, eventId: _event, ...terms } = input;
  await orTryAgain(
    inTransaction(needs.db, 'createCodes', async (tx) => {
      await insertCodes(tx, texts, input);
      await appendAudit(tx, author, {
        organizationId: event.organizationId,
        operation: 'createCodes',
        subject: { type: 'Event', id: eventId },
        after: { ...terms, count: texts.length },
      });
    }),
  );
  return { eventId, codes: texts };
}

function textsOf({ count, codes }: CreateCodesInput): readonly string[] {
  if ((count === undefined) === (codes === undefined))
    throw new InvalidInput('count', 'Give either `count` or `codes`.');
  const wanted = count ?? codes?.length ?? 0;
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > MOST)
    throw new InvalidInput(codes ? 'codes' : 'count', `Make 1 to ${MOST} codes at once.`);
  const texts = codes?.map(requireCode) ?? Array.from({ length: wanted }, newCode);
  if (new Set(texts.map((text) => givenCode('', text).hash)).size < texts.length)
    throw new InvalidInput('codes', 'Two of these codes are the same: neither case nor blanks nor hyphens count.');
  return texts;
}

function checkTerms({ usesPerCode, validFrom, validUntil, ...terms }: CreateCodesInput): void {
  if (!Number.isInteger(usesPerCode) || usesPerCode < 1 || usesPerCode > MOST_USES)
    throw new InvalidInput('usesPerCode', `A code has 1 to ${MOST_USES} uses.`);
  if (validFrom && validUntil && validFrom >= validUntil)
    throw new InvalidInput('validUntil', 'Give a time after `validFrom`.');
  const { opens, discountPercent, discountMinor } = terms;
  if (opens.length > MOST_OPENED) throw new InvalidInput('opens', `A code opens at most ${MOST_OPENED} things.`);
  if (discountPercent !== undefined && discountMinor !== undefined)
    throw new InvalidInput('discountMinor', 'Give at most one of `discountPercent` and `discountMinor`.');
  if (discountPercent !== undefined && (readPercent(discountPercent) ?? 0) === 0)
    throw new InvalidInput('discountPercent', 'A discount is a decimal number above 0 and up to 100, such as 7.5.');
  if (discountMinor !== undefined && !(Number.isSafeInteger(discountMinor) && discountMinor > 0))
    throw new InvalidInput('discountMinor', 'A discount is a whole number of minor units above 0.');
  if (opens.length === 0 && discountPercent === undefined && discountMinor === undefined)
    throw new InvalidInput('opens', 'A code opens something or has a discount.');
}

/** What it opens must exist, and the gateway must take each price that it leaves. */
async function checkAtEvent(needs: CreateCodesNeeds, event: OrganizerEvent, input: CreateCodesInput): Promise<void> {
  const { opens, discountPercent, discountMinor } = input;
  const [found, allocations] = await Promise.all([
    findPrices(needs, event.eventId),
    listAllocations(needs, event.eventId),
  ]);
  const names = new Set([...allocations.map(({ name }) => name), ...typesWithCodes(found?.prices)]);
  const unknown = opens.findIndex((key) => !names.has(key));
  if (unknown >= 0)
    throw new InvalidInput(
      `opens[${unknown}]`,
      'The event has neither such an allocation nor a ticket type with this key that needs a code.',
    );
  if (!found || (discountPercent === undefined && discountMinor === undefined)) return;
  const gateway = await findGateway(needs.db.$client);
  const code: Code = { code: '', opens, discountPercent, discountMinor };
  const terms = { gateway, currency: event.currency, seatsPerBooking: needs.writer.policy.maxSeatsPerBooking };
  const [problem] = problemsAtGateway(found.prices.list, terms, [code]);
  if (problem)
    throw new InvalidInput(discountMinor ? 'discountMinor' : 'discountPercent', `With it ${problem.message}.`);
}

const typesWithCodes = (prices: Prices | undefined): string[] =>
  [...(prices?.types.values() ?? [])].flatMap(({ key, needsCode }) => (needsCode ? [key] : []));

async function insertCodes(tx: Tx, texts: readonly string[], input: CreateCodesInput): Promise<void> {
  const { eventId, opens, discountPercent, discountMinor, usesPerCode, validFrom, validUntil } = input;
  const { count } = await prepared(tx, INSERT, [
    texts.map(() => randomUUIDv7()),
    texts.map((text) => givenCode(eventId, text).hash),
    eventId,
    [...opens],
    discountPercent ?? null,
    discountMinor ?? null,
    usesPerCode,
    validFrom?.toISOString() ?? null,
    validUntil?.toISOString() ?? null,
  ]);
  if (count < texts.length) throw new InvalidInput('codes', 'The event has one of these codes already.');
}

const INSERT = `insert into codes (id, event_id, code_hash, opens, discount_percent, discount_minor, uses_per_code,
    valid_from, valid_until)
  select id, $3::uuid, decode(hash, 'hex'), $4::text[], $5::text, $6::bigint, $7::int, $8::timestamptz, $9::timestamptz
  from unnest($1::uuid[], $2::text[]) as t (id, hash)
  on conflict (event_id, code_hash) do nothing`;
